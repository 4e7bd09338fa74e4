"""The feature's queries, read once."""

from pathlib import Path

from gatepost.queries import load

QUERIES = load(Path(__file__).resolve().parents[2] / "schema" / "engagement_events" / "queries")
