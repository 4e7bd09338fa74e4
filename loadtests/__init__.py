"""Locust scenarios, one file a feature; `scripts/load` runs them."""
