"""What the worker keeps tidy: nothing that only ever grows."""
