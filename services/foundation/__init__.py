"""What belongs to no feature."""
