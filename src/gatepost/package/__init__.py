"""Gatepost as a Pulumi package for other languages."""
