"""The history gate: what runs of the benchmark gate found, commit by commit, and since when it is slower."""
