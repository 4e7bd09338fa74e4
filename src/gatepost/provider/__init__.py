"""The Pulumi provider: one file a kind of object."""
