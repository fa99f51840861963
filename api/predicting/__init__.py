"""`/predict` where it needs no second look: answered by the connection itself."""
