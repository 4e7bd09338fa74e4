"""A release: a commit that is deployed with its gates, verified, recorded, and taken back when it fails."""
