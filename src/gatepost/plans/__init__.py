"""The proof of plans: which index serves each query, at sizes that the database has yet to reach."""
