"""Under gevent a session lets other greenlets go on; each test is a process that gevent patches."""

from __future__ import annotations

import subprocess
import sys
from hashlib import md5

from fix_platform import Deployed

HEAD = """
import gevent.monkey
gevent.monkey.patch_all()
import sys
import time
import gevent
from gatepost.session import Database, Identity, Unavailable
"""
SIDE_BY_SIDE = """
with Database(sys.argv[1], max_size=4) as database:
    asked = [gevent.spawn(database.value, Identity.service(), "select pg_sleep(0.5)::text") for _ in range(4)]
    started, counted = time.perf_counter(), 0
    while not all(one.ready() for one in asked):
        gevent.sleep(0.01)
        counted += 1
    assert [one.get() for one in asked] == [""] * 4
    print(time.perf_counter() - started < 1.5, counted > 5)
"""
LARGE = """
with Database(sys.argv[1], max_size=1) as database:
    text = "x" * 30_000_000
    print(database.value(Identity.service(), "select md5(%(text)s)", text=text))
"""
SILENT = """
with Database(sys.argv[1], max_size=1) as database:
    wire = database.take()
    wire.answer_timeout = 0.3
    database.give_back(wire)
    started = time.perf_counter()
    try:
        database.value(Identity.service(), "select pg_sleep(3)::text")
    except Unavailable as error:
        print(error, time.perf_counter() - started < 2)
"""


def run(program: str, platform: Deployed) -> str:
    command = [sys.executable, "-c", HEAD + program, platform.url("authenticator")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_others_go_on_while_one_waits(platform: Deployed) -> None:
    assert run(SIDE_BY_SIDE, platform) == "True True"


def test_what_does_not_fit_the_sockets_buffer_is_sent_whole(platform: Deployed) -> None:
    assert run(LARGE, platform) == md5(b"x" * 30_000_000).hexdigest()


def test_a_server_that_does_not_answer_is_given_up(platform: Deployed) -> None:
    assert run(SILENT, platform) == "the server gave no answer within 0.3 s True"
