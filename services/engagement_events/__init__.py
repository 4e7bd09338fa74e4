"""Engagement events: recording, listing, news of them, and the operations that belong to them."""
