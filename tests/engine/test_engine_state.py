"""The state's files: damage, locks, crashes, secrets, order."""

import json
import os
import random
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pulumi
import pytest
from memory_provider import SALT, Stack, Thing

from gatepost.engine import Deployment, DeploymentFailed
from gatepost.engine.model import Project
from gatepost.engine.order import mended, ordered
from gatepost.engine.secrets import Vault
from gatepost.engine.state import StateFiles
from gatepost.errors import (
    CorruptState,
    DeploymentBusy,
    GatepostError,
    PassphraseMissing,
    StatementFailed,
    UnsupportedFeature,
)


def program():
    Thing("b", value=Thing("a", value=pulumi.Output.secret("hush")).serial)


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda text: text[: len(text) // 2], "line 1 column"),
        (lambda text: "[]", "not a Pulumi checkpoint"),
        (lambda text: text.replace('"urn":', '"url":', 1), "resource 0 has no urn"),
        (lambda text: text.replace('"inputs":{', '"inputs":[{', 1).replace("},", "}],", 1), "line 1 column"),
        (lambda text: "\0" * 100, "line 1 column"),
    ],
)
def test_a_damaged_state_names_file_place_and_backup(stack: Stack, damage, place: str):
    stack.up(program)
    stack.up(lambda: Thing("c"))
    stack.file.write_text(damage(stack.file.read_text()))
    with pytest.raises(CorruptState) as caught:
        stack.up(program)
    (backup,) = (stack.root / ".pulumi/backups/demo/dev").glob("dev.*.json")
    for part in (str(stack.file), place, str(backup)):
        assert part in str(caught.value)
    stack.file.write_bytes(backup.read_bytes())
    assert stack.up(program).changes == {"same": 3}


def test_a_damaged_secret_is_told(stack: Stack):
    stack.up(program)
    text = stack.file.read_text()
    at = text.index('"ciphertext":"v1:') + 40
    stack.file.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
    with pytest.raises(CorruptState, match=r"a secret of .* cannot be decrypted"):
        stack.up(program)


def test_another_secrets_provider_is_refused_by_name(stack: Stack):
    stack.up(program)
    stack.file.write_text(stack.file.read_text().replace('"type":"passphrase"', '"type":"cloud"'))
    with pytest.raises(UnsupportedFeature, match="'cloud'"):
        stack.up(program)


def test_files_lie_where_the_cli_looks_for_them(stack: Stack):
    stack.up(program)
    files = {
        str(file.relative_to(stack.root / ".pulumi")) for file in stack.root.rglob("*") if file.is_file()
    }
    names = {
        name.replace(name.split("dev-")[1].split(".")[0], "T") if "history/" in name else name
        for name in files
    }
    assert names == {
        "meta.yaml",
        "stacks/demo/dev.json",
        "history/demo/dev/dev-T.history.json",
        "history/demo/dev/dev-T.checkpoint.json",
    }


def lock_file(stack: Stack, **content: object) -> Path:
    file = stack.root / ".pulumi/locks/organization/demo/dev/other.json"
    file.parent.mkdir(parents=True)
    holder = {
        "pid": os.getpid(),
        "username": "ann",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00Z",
    }
    file.write_text(json.dumps({**holder, **content}))
    return file


def test_a_lock_of_a_living_process_says_who_holds_it(stack: Stack):
    file = lock_file(stack)
    with pytest.raises(DeploymentBusy, match=rf"ann@.*process {os.getpid()}.*{file}"):
        stack.up(program)
    assert stack.preview(program).changes == {"create": 3}


def test_a_lock_of_another_host_is_respected(stack: Stack):
    lock_file(stack, hostname="elsewhere", pid=1)
    with pytest.raises(DeploymentBusy, match="ann@elsewhere"):
        stack.up(program)


def test_a_lock_of_a_dead_process_is_taken_over(stack: Stack):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    file = lock_file(stack, pid=ended.pid)
    assert stack.up(program).changes == {"create": 3}
    assert not file.exists()
    assert list(file.parent.iterdir()) == []


KILLED = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from memory_provider import Stack, Thing

    stack = Stack(Path(sys.argv[2]))
    stack.world.file = Path(sys.argv[2]) / "world.json"
    point = int(sys.argv[3])
    count = 0

    def die():
        global count
        count += 1
        if count == point:
            os.kill(os.getpid(), signal.SIGKILL)

    store = stack.world.store
    def store_and_die():
        store()
        die()  # it happened, and nobody was told
    stack.world.store = store_and_die
    stack.world.before = lambda operation, name: die()  # it was announced, and did not happen

    def program():
        first = Thing("first", value=sys.argv[4], key=sys.argv[4])
        second = Thing("second", value=first.serial)
        Thing("third", value=second.serial)
        if sys.argv[4] == "a":
            Thing("fourth", value=first.serial)

    result = stack.up(program)
"""


def deploy(folder: Path, point: int, value: str) -> int:
    script = textwrap.dedent(KILLED)
    arguments = [str(Path(__file__).parent), str(folder), str(point), value]
    return subprocess.run([sys.executable, "-c", script, *arguments], check=False).returncode


@pytest.mark.parametrize("point", range(1, 9))
def test_a_killed_deployment_is_taken_up_again(tmp_path: Path, point: int):
    stack = Stack(tmp_path)
    stack.world.file = tmp_path / "world.json"
    assert deploy(tmp_path, 0, "a") == 0
    killed = deploy(tmp_path, point, "b")
    journal = tmp_path / ".pulumi/gatepost/demo/dev.journal"
    assert killed == -9
    assert journal.exists()
    pending = StateFiles(tmp_path, Project("demo", tmp_path), "dev").load().pending
    assert [operation["type"] for operation in pending] == [
        ("creating", "updating", "deleting", "deleting")[(point - 1) // 2]
    ]

    def after():
        first = Thing("first", value="b", key="b")
        second = Thing("second", value=first.serial)
        Thing("third", value=second.serial)

    stack.up(after)
    assert stack.world.names("create") == (["first"] if point <= 2 else [])
    assert not journal.exists()
    assert stack.up(after).changes == {"same": 4}
    ids = {found["id"] for found in stack.resources() if found["type"] == "memory:index:Thing"}
    # what was created and not recorded is told as pending, not forgotten in silence
    stray = set(stack.world.things) - ids
    assert len(stray) <= 1
    urns = [found["urn"] for found in stack.resources()]
    assert ordered(stack.resources()) == stack.resources()
    assert len(urns) == len(set(urns))


def test_a_torn_journal_line_is_ignored_and_a_damaged_one_is_told(stack: Stack):
    stack.up(program)
    import hashlib

    journal = stack.root / ".pulumi/gatepost/demo/dev.journal"
    journal.parent.mkdir(parents=True, exist_ok=True)
    base = json.dumps({"base": hashlib.sha256(stack.file.read_bytes()).hexdigest()})
    journal.write_text(f'{base}\n{{"old": 2}}\n{{"begi')
    assert stack.preview(program).changes["create"] == 1
    journal.write_text(f'{base}\n{{"begi\n{{"old": 1}}\n')
    with pytest.raises(CorruptState, match="line 2"):
        stack.up(program)
    journal.write_text('{"base": "other"}\n{"old": 1}\n')
    with pytest.raises(CorruptState, match="has been changed since"):
        stack.up(program)


def test_a_secret_that_did_not_change_keeps_its_ciphertext(stack: Stack):
    stack.up(lambda: Thing("a", value=pulumi.Output.secret("hush"), text="x"))
    before = stack.resource("a")["inputs"]["value"]
    stack.up(lambda: Thing("a", value=pulumi.Output.secret("hush"), text="y"))
    assert stack.resource("a")["inputs"]["value"] == before


def test_the_vault_reads_what_it_writes_and_knows_a_wrong_passphrase():
    vault = Vault(lambda: "phrase", None)
    sealed = vault.encrypt("urn", {"a": [1, None, "ü"]})
    again = Vault(lambda: "phrase", vault.salt)
    assert again.decrypt("urn", sealed) == {"a": [1, None, "ü"]}
    with pytest.raises(PassphraseMissing):
        Vault(lambda: "other", vault.salt).decrypt("urn", sealed)
    with pytest.raises(CorruptState):
        Vault(lambda: "phrase", "v1").decrypt("urn", sealed)


def test_a_secret_that_the_real_cli_wrote_is_read():
    vault = Vault(lambda: "test", SALT)
    sealed = "v1:8mvYSnoEFuUQQ/fY:ZZdvdWk7/2egwIcRUDB7FL4raWI="
    assert vault.decrypt("urn", sealed) == "s3"


def test_a_stack_without_state_has_no_outputs(stack: Stack):
    deployment: Deployment = stack.deployment()
    assert deployment.outputs() == {}


def test_resources_are_ordered_and_references_mended():
    a = {"urn": "a", "dependencies": ["b"], "propertyDependencies": {"x": ["gone", "b"]}}
    b = {"urn": "old-b", "parent": "c"}
    c = {"urn": "c", "deletedWith": "gone"}
    done = ordered(mended([a, {**b, "urn": "b"}, c], {}))
    assert [found["urn"] for found in done] == ["c", "b", "a"]
    assert done[0] == {"urn": "c"}
    assert done[2]["propertyDependencies"] == {"x": ["b"]}


def test_no_damage_to_the_state_goes_unexplained(stack: Stack):
    stack.up(program)
    whole = stack.file.read_bytes()
    chance = random.Random(7)
    told = 0
    for _ in range(400):
        damaged = bytearray(whole)
        at = chance.randrange(len(damaged))
        damaged[at] ^= 1 << chance.randrange(8)
        stack.file.write_bytes(
            damaged[: chance.randrange(len(damaged))] if chance.random() < 0.2 else damaged
        )
        try:
            stack.deployment().drift()
        except GatepostError:
            told += 1
    assert told > 100


def test_resources_that_change_places_do_not_wait_for_each_other(stack: Stack):
    stack.up(lambda: Thing("b", value=Thing("a", key=1).serial))

    def refuse(operation: str, name: str) -> None:
        if operation == "delete":
            raise StatementFailed("not now")

    stack.world.before = refuse
    with pytest.raises(DeploymentFailed):
        stack.up(lambda: Thing("a", key=2, value=Thing("b", key=2).serial))
    stack.world.before = lambda operation, name: None
    stack.deployment().destroy()
    assert stack.world.things == {}
