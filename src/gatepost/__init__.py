"""PostgreSQL features as Pulumi resources, delivered through gates."""
