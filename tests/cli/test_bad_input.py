"""Whatever is wrong, one clear message names it and says what to do, and nothing is changed."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from cli.programs import POSTS
from fix_workspace import Workspace
from servers import as_user, at

ENCRYPTION_REQUESTS = (struct.pack("!i", 80877103), struct.pack("!i", 80877104))


def refused(workspace: Workspace, *words: str, code: int, **environment: str) -> str:
    """Run `gatepost up`, which must fail with this code, say these words, and change nothing."""
    before = workspace.inventory()
    done = workspace.run("up", "--yes", code=code, **environment)
    for word in words:
        assert word in done.stderr
    after = workspace.inventory()
    assert after[0] == before[0]
    assert after[1] == before[1]
    assert workspace.database.deployer_url not in done.stderr
    return done.stderr


def test_server_unreachable(workspace: Workspace) -> None:
    workspace.write(POSTS)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"postgresql://deployer:x@127.0.0.1:{port}/nowhere"
        refused(workspace, "no server answers", str(port), "posts", code=4, GATEPOST_DATABASE_URL=url)


def test_wrong_password(workspace: Workspace) -> None:
    workspace.write(POSTS)
    user = urlsplit(workspace.database.deployer_url).username or ""
    url = as_user(workspace.database.deployer_url, user, "not-the-password")
    said = refused(workspace, "refused the user or password", "posts", code=5, GATEPOST_DATABASE_URL=url)
    assert "not-the-password" not in said


def test_permission_missing(workspace: Workspace) -> None:
    workspace.write(POSTS.replace('Table("posts",', 'Table("posts", schema="closed",'))
    workspace.sql("create schema closed")
    refused(workspace, "table posts", "permission denied for schema closed", "grant", code=6)


def test_unsupported_server(workspace: Workspace) -> None:
    workspace.write(POSTS)
    with old_server("14.20") as port:
        url = f"postgresql://deployer:x@127.0.0.1:{port}/old?sslmode=disable"
        refused(workspace, "PostgreSQL 14", "15 or later", "posts", code=7, GATEPOST_DATABASE_URL=url)


def test_syntax_error_names_file_line_and_column(workspace: Workspace) -> None:
    folder = workspace.root / "schema"
    folder.mkdir()
    (folder / "broken.sql").write_text(
        "create function public.broken() returns integer\nlanguage sql\nreturn 1 +* ;\n"
    )
    workspace.write(
        """
        from pathlib import Path
        with Feature("posts", provider=target):
            Function("broken", sql=Path("schema/broken.sql"))
        """
    )
    refused(workspace, "function broken", "schema/broken.sql:3:13", "syntax error", code=3)


def test_a_wrong_value_names_its_property(workspace: Workspace) -> None:
    program = 'with Feature("f", provider=target):\n    Table("a", columns=[Column("b", {})])\n'
    workspace.write(program.format("5"))
    refused(workspace, 'columns.0.type: "type": input should be a valid string, got 5', code=3)
    workspace.write(program.format('"int", default="1 +"'))
    refused(workspace, 'column "b": default: syntax error at', code=3)


def test_a_file_in_another_encoding(workspace: Workspace) -> None:
    """A mark at the beginning says that it is UTF-8; another encoding is refused by name and line."""
    file = workspace.root / "f.sql"
    feature = 'with Feature("f", provider=target):\n    Function("f", sql=Path("f.sql"))\n'
    workspace.write("from pathlib import Path\n" + feature)
    sql = "create function f() returns text\nlanguage sql return 'ä';\n"
    file.write_text(sql, encoding="latin-1")
    refused(workspace, "f.sql:2: this is not UTF-8: save the file as it", code=3)
    file.write_text(sql, encoding="utf-8-sig")
    workspace.run("up", "--yes")
    assert workspace.sql("select f()") == [("ä",)]


def test_unknown_column_in_an_index(workspace: Workspace) -> None:
    workspace.write(POSTS.replace('["author_id", "title desc"]', '["writer_id"]'))
    refused(workspace, "index idx_posts_author", "no column writer_id", "it has author_id, id, title", code=3)


def test_unknown_column_in_a_policy(workspace: Workspace) -> None:
    workspace.write(
        POSTS.replace(
            "pulumi.export",
            '    Policy("p", posts, command="select", roles=["public"], using="owner = 1")\npulumi.export',
            1,
        )
    )
    refused(workspace, "policy p", "unknown column owner", code=3)


@pytest.mark.parametrize(
    "text", ["{", '{"version": 3}', "\udcff\udcfe"], ids=["cut", "no checkpoint", "binary"]
)
def test_corrupt_state(workspace: Workspace, text: str) -> None:
    workspace.write(POSTS)
    file = workspace.root / ".gatepost" / "state" / ".pulumi" / "stacks" / "small" / "local.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode(errors="surrogateescape"))
    refused(workspace, str(file), "is damaged", "backup", code=9)


def test_corrupt_state_names_the_newest_backup(workspace: Workspace) -> None:
    workspace.write(POSTS)
    workspace.run("up", "--yes")
    workspace.write(POSTS.replace("A post", "Another post"))
    workspace.run("up", "--yes")
    state = workspace.root / ".gatepost" / "state" / ".pulumi"
    (state / "stacks" / "small" / "local.json").write_text("{")
    backup = max((state / "backups" / "small" / "local").glob("*.json"))
    refused(workspace, f"restore the newest backup, {backup}", code=9)


def test_missing_passphrase(workspace: Workspace) -> None:
    workspace.write(POSTS)
    (workspace.root / "Pulumi.dev.yaml").write_text("config:\n  small:environment: dev\n")
    before = workspace.inventory()
    done = workspace.run("up", "--yes", "--stack", "dev", code=10)
    assert "PULUMI_CONFIG_PASSPHRASE" in done.stderr
    assert '"dev"' in done.stderr
    assert workspace.inventory() == before


def test_wrong_passphrase(workspace: Workspace) -> None:
    workspace.write(POSTS)
    workspace.run("up", "--yes", PULUMI_CONFIG_PASSPHRASE="right")
    workspace.write(POSTS.replace("A post", "Another post"))
    refused(workspace, "does not fit", code=10, PULUMI_CONFIG_PASSPHRASE="wrong")


def test_object_that_is_not_ours(workspace: Workspace) -> None:
    workspace.write(POSTS)
    workspace.sql("create table posts (something text)", superuser=False)
    refused(
        workspace,
        "table posts",
        "exists already, and this resource did not make it",
        "rename or drop it",
        code=8,
    )


def test_missing_database(workspace: Workspace) -> None:
    workspace.write(POSTS)
    url = at(workspace.database.deployer_url, "nothing_here")
    before = workspace.inventory()
    done = workspace.run("up", "--yes", code=4, GATEPOST_DATABASE_URL=url)
    assert '"nothing_here" at' in done.stderr
    assert "does not exist" in done.stderr
    assert workspace.inventory()[0] == before[0]


def test_hazard_needs_its_approval(workspace: Workspace) -> None:
    workspace.write(POSTS)
    workspace.run("up", "--yes")
    workspace.sql("insert into posts (title, author_id) values ('a', gen_random_uuid())")
    workspace.write("")
    refused(workspace, "DELETES_DATA", "--approve DELETES_DATA:public.posts", code=11)
    workspace.run("up", "--yes", "--approve", "DELETES_DATA:public.posts")
    assert workspace.sql("select to_regclass('posts')") == [(None,)]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["up", "--stack", "nowhere"], "no stack is called"),
        (["up", "--engine", "other"], "--engine"),
        (["verify", "--only", "some"], "--only"),
        (["dance"], "dance"),
        (["up", "--cwd", "/"], "Pulumi.yaml"),
    ],
)
def test_wrong_options(workspace: Workspace, arguments: list[str], word: str) -> None:
    assert word in workspace.run(*arguments, code=2).stderr


def test_settings_that_are_no_yaml(workspace: Workspace) -> None:
    (workspace.root / "Pulumi.local.yaml").write_text("config:\n  a: [1\n")
    assert "Pulumi.local.yaml:3:1" in workspace.run("preview", code=2).stderr


def test_without_an_answer_nothing_is_deployed(workspace: Workspace) -> None:
    workspace.write(POSTS)
    before = workspace.inventory()
    assert "gatepost up --yes" in workspace.run("up", code=2).stderr
    assert workspace.inventory() == before


def test_program_that_raises(workspace: Workspace) -> None:
    workspace.write("raise ValueError('no such feature')")
    assert "__main__.py" in refused(workspace, "ValueError: no such feature", code=1)


def test_failure_as_json(workspace: Workspace) -> None:
    workspace.write(POSTS.replace('["author_id", "title desc"]', '["writer_id"]'))
    document = workspace.json("up", "--yes", code=3)
    assert document["error"]["exit_code"] == 3
    [failed] = document["error"]["resources"]
    assert (failed["kind"], failed["name"]) == ("index", "idx_posts_author")
    assert "no column writer_id" in failed["message"]


@contextmanager
def old_server(version: str) -> Iterator[int]:
    """Answer the start-up of any connection as a server of this version does, without a password."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, version), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket, version: str) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            while connection.recv(4096)[4:8] in ENCRYPTION_REQUESTS:
                connection.sendall(b"N")
            settings = {
                "server_version": version,
                "client_encoding": "UTF8",
                "standard_conforming_strings": "on",
            }
            reported = b"".join(
                _message(b"S", f"{key}\0{value}\0".encode()) for key, value in settings.items()
            )
            connection.sendall(_message(b"R", struct.pack("!i", 0)) + reported + _message(b"Z", b"I"))
            connection.recv(4096)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
