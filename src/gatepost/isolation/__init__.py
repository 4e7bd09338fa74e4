"""Proof that nobody reaches another's rows: what an oracle works out from the intents, PostgreSQL must do."""
