"""PostgreSQL: the embedded server, the catalog, plans and how they are run."""
