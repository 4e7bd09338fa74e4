"""The application services that the platform's features offer, in Python."""
