"""Adoption: a Pulumi program, and its state, for a database that is there already."""
