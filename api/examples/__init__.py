"""An example of everything that the OpenAPI page tells."""
