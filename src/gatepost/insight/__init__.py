"""What SQL says before any server sees it: the objects it uses, where it names them, what it cannot mean."""
