"""What is known of a part of the data, and comes together with what is known of the others."""
