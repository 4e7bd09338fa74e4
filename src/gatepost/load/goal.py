"""What a load test calls: the stack's database, or a filled copy of it, and an API over it."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gatepost.addresses import API
from gatepost.errors import StatementFailed
from gatepost.load.run import Goal
from gatepost.web.tokens import SECRET as TOKENS

if TYPE_CHECKING:
    from gatepost.stacks import Stack

_SERVED = re.compile(r"served at (http://\S+)")
_CONNECTIONS = 20


@contextmanager
def filled_copy(stack: Stack, url: str, rows: int, told: Callable[[str], None]) -> Iterator[str]:
    """Make a copy of the stack's database with `rows` rows in its largest tables, and return its login's URL.

    :param url: of the login in the stack's database; it has the same name in the copy.
    :raises GatepostError: the copy cannot be made.
    """
    from gatepost.plans.crowd import crowd
    from gatepost.plans.proof import question_of
    from gatepost.plans.volume import volume_files

    question = question_of(stack, rows=rows, at=None)
    files = volume_files(question.schema, (path.name for path in question.schema.iterdir()))
    login = unquote(urlsplit(url).username or "")
    with crowd(question.structure, question.reference, files, rows, login=login, told=told) as made:
        yield made.url


@contextmanager
def served(stack: Stack, database_url: str) -> Iterator[Goal]:
    """Serve the project's API over the database while the block runs, with a secret of its own.

    :raises StatementFailed: the API does not start; the message has what it said.
    """
    secret = secrets.token_urlsafe(48)
    command = [sys.executable, "-m", "gatepost", "serve", "--stack", stack.name, "--cwd", str(stack.root)]
    command += ["--port", "0", "--connections", str(_CONNECTIONS), "--log-level", "error"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command,
            env={**os.environ, API: database_url, TOKENS: secret},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        ) as server,
    ):
        try:
            yield Goal(database_url, _address(server, log), secret)
        finally:
            server.send_signal(signal.SIGTERM)


def _address(server: subprocess.Popen[str], log: IO[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := _SERVED.search(line):
            return found.group(1)
    log.seek(0)
    raise StatementFailed(f"the API did not start:\n{log.read().strip()[-2000:]}")
