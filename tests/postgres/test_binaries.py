"""Where PostgreSQL's programs are found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.errors import UnsupportedServer, UsageError
from gatepost.postgres import binaries
from gatepost.postgres.account import server_account
from gatepost.postgres.binaries import Binaries, find_binaries, read_version


def fake_tree(folder: Path, answer: str) -> Path:
    program = folder / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {answer}'\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("version", ["16", "18"])
def test_wheel_has_every_program(version: str) -> None:
    found = find_binaries(version)
    assert found.major == version
    assert all(found.program(name).exists() for name in ("initdb", "pg_ctl", "postgres", "psql", "pg_dump"))


def test_newest_is_the_default() -> None:
    assert find_binaries().major == "18"


def test_wheels_package_is_not_imported() -> None:
    code = "import sys; from gatepost.postgres import binaries; binaries.find_binaries()"
    code += "; sys.exit(binaries.WHEEL in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_missing_version_names_what_was_found() -> None:
    with pytest.raises(UsageError, match=r"no PostgreSQL 99 from the wheel \(found: 16, 18\)"):
        find_binaries("99")


def test_missing_program_is_named() -> None:
    with pytest.raises(UsageError, match="no program 'pg_nothing'"):
        find_binaries().program("pg_nothing")


def test_version_older_than_supported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fake_tree(tmp_path, "14.9") / "bin"))
    monkeypatch.setattr(binaries, "SYSTEM_PATTERNS", ())
    with pytest.raises(UnsupportedServer, match="14 is too old"):
        find_binaries(source="system")


def test_machine_without_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "SYSTEM_PATTERNS", ())
    with pytest.raises(UsageError, match=r"found: none.*install your system's postgresql"):
        find_binaries(source="system")


@pytest.mark.parametrize(
    ("answer", "version"), [("18.4", "18.4"), ("19beta1", "19"), ("15.20 (Debian)", "15.20")]
)
def test_version_is_read_from_the_program(tmp_path: Path, answer: str, version: str) -> None:
    assert read_version(fake_tree(tmp_path, answer)) == version


def test_installation_that_does_not_run_is_none(tmp_path: Path) -> None:
    assert read_version(tmp_path) is None


def test_library_is_looked_for() -> None:
    assert find_binaries().has_library("plpgsql")
    assert not find_binaries().has_library("pg_stat_statements")


def test_readable_binaries_are_used_where_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    found = find_binaries()
    assert found.usable_by(server_account(), tmp_path) is found or os.geteuid() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to act as two users")
def test_unreadable_binaries_are_copied_once(project: Path) -> None:
    closed = project / "closed"
    found = Binaries(fake_tree(closed, "18.4"), "18.4")
    closed.chmod(0o700)
    first = found.usable_by(server_account(), project)
    assert first.tree.is_relative_to(project)
    assert first != found
    (first.tree / "mark").touch()
    assert (found.usable_by(server_account(), project).tree / "mark").exists()
