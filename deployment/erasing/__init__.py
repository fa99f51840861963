"""What an installation wires for erasures."""
