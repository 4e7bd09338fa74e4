"""Removes a throw-away server once the process at the other end of standard input lets go of it.

usage: python -m gatepost.postgres.removal FOLDER VERSION
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(root: str, version: str) -> None:
    """Wait, then stop the server of `version` in `root` and delete all that it has."""
    sys.stdin.read()
    from gatepost.postgres.account import remove_tree
    from gatepost.postgres.embedded import EmbeddedServer

    EmbeddedServer(Path(root), version).remove()
    remove_tree(Path(root))


if __name__ == "__main__":
    main(*sys.argv[1:])
