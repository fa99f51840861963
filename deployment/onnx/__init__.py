"""A version as one ONNX file: from a record's features to its score."""
