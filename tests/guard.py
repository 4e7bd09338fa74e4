"""Waits until the process at the other end of its standard input ends, then removes that one's server."""

import shutil
import sys
from pathlib import Path


def main(kind: str, *what: str) -> None:
    sys.stdin.read()
    if kind == "docker":
        remove_container(*what)
    else:
        remove_embedded(*what)


def remove_embedded(root: str, version: str, source: str) -> None:
    from gatepost.postgres.embedded import EmbeddedServer

    EmbeddedServer(Path(root), version, source=source).remove()
    shutil.rmtree(root, ignore_errors=True)


def remove_container(name: str) -> None:
    import docker
    from docker.errors import NotFound

    client = docker.from_env()
    try:
        client.containers.get(name).remove(force=True, v=True)
    except NotFound:
        pass
    finally:
        client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
