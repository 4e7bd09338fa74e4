"""The rehearsal gate: the whole deployment on a throw-away copy of the target, and back again."""
