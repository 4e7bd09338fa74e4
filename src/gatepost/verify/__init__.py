"""Proof that the database is what the program declares; it shares no query with the provider."""
