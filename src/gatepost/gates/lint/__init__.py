"""The lint gate: raw SQL, the statements that a deployment would send, the program, the catalog."""
