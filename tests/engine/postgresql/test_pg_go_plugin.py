"""The Go plugin and ours on the same program: the same state, and each goes on from the other's."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue

from gatepost.engine.postgresql.values import wire

PROGRAM = Path(__file__).with_name("go_plugin")
TOOLS = ("pulumi", "pulumi-language-python", "pulumi-resource-postgresql")
SECRET = "4dabf18193072939515e22adb298388d"

pytestmark = pytest.mark.pulumi_cli


def from_json(value):
    if isinstance(value, dict) and SECRET in value:
        return from_json(json.loads(value["plaintext"])).with_secret(True)
    if isinstance(value, dict):
        return PropertyValue({key: from_json(item) for key, item in value.items()})
    return PropertyValue([from_json(item) for item in value]) if isinstance(value, list) else wire(value)


def to_json(value):
    content = value.value
    if isinstance(content, tuple):
        content = [to_json(item) for item in content]
    elif not isinstance(content, str | bool | float | None):
        content = {key: to_json(item) for key, item in content.items()}
    if value.is_secret:
        return {SECRET: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(content)}
    return content


class Cli:
    """`pulumi` with a file backend of its own."""

    def __init__(self, folder, pg):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            pytest.skip(f"not on PATH: {', '.join(missing)}")
        self.project = shutil.copytree(PROGRAM, folder / "project")
        (folder / "state").mkdir()
        self.settings = pg.settings("postgres") | {
            "database": "postgres",
            "sslmode": "disable",
            "superuser": True,
        }
        extensions = pg.query("select name from pg_available_extensions where name = 'pgcrypto'")
        self.environment = os.environ | {
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "POSTGRESQL_SETTINGS": json.dumps(self.settings),
            "POSTGRESQL_EXTENSION": extensions[0][0] if extensions else "",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self("stack", "init", "test")

    def __call__(self, *arguments, text=None):
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.project, env=self.environment, input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def export(self):
        return json.loads(self("stack", "export", "--show-secrets"))

    def put(self, deployment):
        self("stack", "import", text=json.dumps(deployment))


def ours(deployment):
    """The resources of the seven types, in the order in which they can be created."""
    return [
        resource
        for resource in deployment["deployment"]["resources"]
        if resource["type"].startswith("postgresql:")
    ]


def test_each_goes_on_from_the_others_state(tmp_path, pg, stack):
    cli = Cli(tmp_path, pg)
    stack.user = "postgres"
    stack.configure()
    cli("up", "--yes", "--skip-preview")
    deployment = cli.export()
    the_provider = next(
        r for r in deployment["deployment"]["resources"] if r["type"].startswith("pulumi:providers:")
    )
    stored = {key: from_json(value) for key, value in the_provider["inputs"].items()}
    request = api.CheckRequest(the_provider["urn"], {}, stored, b"")
    assert asyncio.run(stack.provider.check_config(request)).inputs == stored

    for resource in ours(deployment):
        assert not difference(stack, resource).changes, resource["urn"]
        request = api.ReadRequest(resource["urn"], resource["id"], properties(resource), inputs(resource))
        resource["outputs"] = marshalled(asyncio.run(stack.provider.read(request)).properties)
        assert not difference(stack, resource).changes, resource["urn"]

    theirs = cli.export()
    cli("destroy", "--yes", "--skip-preview")
    for resource in ours(theirs):
        made = made_anew(stack, resource)
        assert made == (resource["id"], inputs(resource), properties(resource)), resource["urn"]
        resource["outputs"] = marshalled(made[2])
    cli.put(theirs)
    assert "unchanged" in cli("preview", "--expect-no-changes")

    for resource in reversed(ours(theirs)):
        request = api.DeleteRequest(resource["urn"], resource["id"], properties(resource), 0)
        asyncio.run(stack.provider.delete(request))
    assert not pg.query("select from pg_roles where rolname in ('service', 'plain', 'app_owner', 'auditor')")
    assert not pg.query("select from pg_database where datname = 'appdb'")


def properties(resource):
    return {key: from_json(value) for key, value in resource["outputs"].items()}


def inputs(resource):
    return {key: from_json(value) for key, value in resource["inputs"].items()}


def marshalled(values):
    return {key: to_json(value) for key, value in values.items()}


def difference(stack, resource):
    request = api.DiffRequest(resource["urn"], resource["id"], properties(resource), inputs(resource), [])
    return asyncio.run(stack.provider.diff(request))


def made_anew(stack, resource):
    """Check what was declared, create it, and return the id, inputs and outputs that the state would hold."""
    old = inputs(resource)
    declared = {key: value for key, value in old.items() if key not in resource["inputs"]["__defaults"]}
    checked = asyncio.run(stack.provider.check(api.CheckRequest(resource["urn"], old, declared, b"")))
    assert not checked.failures
    created = asyncio.run(stack.provider.create(api.CreateRequest(resource["urn"], checked.inputs, 0, False)))
    return created.resource_id, checked.inputs, created.properties
