"""Ctrl-C at the moments at which Python would lose it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import os, signal, time, weakref
from gatepost.cli.interrupt import catch, consequences

class Thing: ...

def press(*_): os.kill(os.getpid(), signal.SIGINT)

catch()
try:
    with consequences():
"""
END = """
except KeyboardInterrupt:
    raise SystemExit(130)
"""
COLLECTED = """
        thing = Thing()
        watched = weakref.ref(thing, press)
        del thing
        time.sleep(30)
"""
MASKED = """
        try:
            press()
            time.sleep(30)
        finally:
            raise ValueError("what is cleaned up is half made")
"""
FAILED = """
        raise ValueError("nobody pressed anything")
"""


@pytest.mark.parametrize(
    ("body", "code"), [(COLLECTED, 130), (MASKED, 130), (FAILED, 1)], ids=["collected", "masked", "failed"]
)
def test_an_interruption_is_never_lost(body: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + body + END], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == code, done.stderr
    assert ("ValueError" in done.stderr) == (code == 1)
