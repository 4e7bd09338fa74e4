"""Other languages get the whole package: every kind, every property, and SDKs that the real CLI generates."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental.provider import GetSchemaRequest

from gatepost.provider.kinds import KINDS
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.refusal import field_names
from gatepost.resources import Provider
from gatepost.resources._base import camel

Schema = dict[str, Any]
ANY = "pulumi.json#/Any"


@pytest.fixture(scope="module")
def schema() -> Schema:
    answer = asyncio.run(GatepostProvider().get_schema(GetSchemaRequest(0, None, None)))
    return dict(json.loads(answer.schema or ""))


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


@pytest.mark.parametrize("token", KINDS)
def test_every_property_of_every_kind_is_there(schema: Schema, token: str) -> None:
    resource, model = schema["resources"][token], KINDS[token].inputs
    assert resource["inputProperties"].keys() == field_names(model).keys()
    required = {name for name, field in field_names(model).items() if model.model_fields[field].is_required()}
    assert set(resource["requiredInputs"]) == required
    outputs = {*field_names(model), *KINDS[token].outputs, "definition"}
    assert resource["properties"].keys() == outputs


def test_provider_has_the_settings_of_its_class(schema: Schema) -> None:
    arguments = set(inspect.signature(Provider.__init__).parameters) - {"self", "resource_name", "opts"}
    assert schema["provider"]["inputProperties"].keys() == {camel(name) for name in arguments}
    assert schema["provider"]["inputProperties"]["password"]["secret"]


def test_everything_is_described_and_refers_to_what_is_there(schema: Schema) -> None:
    described = [
        *schema["resources"].values(),
        *schema["types"].values(),
        *(p for one in schema["resources"].values() for p in one["properties"].values()),
        *(p for one in schema["types"].values() for p in one.get("properties", {}).values()),
    ]
    assert [one for one in described if not one.get("description")] == []
    refs = {node["$ref"] for node in nodes(schema) if isinstance(node, dict) and "$ref" in node}
    assert refs <= {ANY, *(f"#/types/{token}" for token in schema["types"])}


GENERATED = {
    "nodejs": ("table.ts", "rowSecurity?: pulumi.Input<"),
    "go": ("table.go", "RowSecurity TableRowSecurityPtrInput"),
    "java": ("TableArgs.java", "Output<TableRowSecurity> rowSecurity"),
    "dotnet": ("Table.cs", "TableRowSecurity>? RowSecurity"),
    "python": ("table.py", "row_security: pulumi.Input["),
    "yaml": ("yaml", ""),
}


@pytest.mark.pulumi_cli
@pytest.mark.parametrize("language", GENERATED)
def test_cli_generates_an_sdk(schema: Schema, language: str, tmp_path: Path) -> None:
    if not shutil.which(f"pulumi-language-{language}"):
        pytest.skip(f"pulumi-language-{language} is not on PATH")
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(schema))
    command = ["pulumi", "package", "gen-sdk", str(file), "--language", language, "--out", str(tmp_path)]
    env = {**os.environ, "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if "pulumi_logo" in done.stderr:
        pytest.skip("the .NET generator downloads a picture, and there is no network")
    assert done.returncode == 0, done.stderr
    name, text = GENERATED[language]
    found = [path for path in (tmp_path / language).rglob("*") if path.is_file() and path.name.endswith(name)]
    if language == "yaml":
        found = [path for path in (tmp_path / language).rglob("*") if path.is_file()]
    assert any(text in path.read_text() for path in found)
