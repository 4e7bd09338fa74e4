"""Gates: checks with a verdict that a change must pass; only `pass` is green."""
