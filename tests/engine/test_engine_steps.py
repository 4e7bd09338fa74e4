"""Every kind of step, told by what the world saw and what the state holds."""

import pulumi
import pytest
from memory_provider import Group, Stack, Target, Thing
from pulumi import ResourceOptions

from gatepost.engine import DeploymentFailed
from gatepost.errors import InvalidDeclaration


def two(value="x", key="k"):
    def program():
        first = Thing("first", value=value, key=key)
        Thing("second", value=first.serial)
        pulumi.export("serial", first.serial)

    return program


def test_creates_in_order_of_dependency_and_keeps_what_is_the_same(stack: Stack):
    result = stack.up(two())
    assert result.changes == {"create": 3}
    assert result.outputs == {"serial": 1}
    assert stack.world.names("create") == ["first", "second"]
    before = stack.file.read_bytes()

    result = stack.up(two())
    assert result.changes == {"same": 3}
    assert stack.world.calls == []
    assert stack.file.read_bytes() == before


def test_updates_in_place(stack: Stack):
    stack.up(two())
    result = stack.up(two(value="y"))
    assert result.changes == {"same": 2, "update": 1}
    assert stack.world.calls == [("update", "first")]
    assert next(event for event in result.steps if event.op == "update" and event.status == "done").diff == [
        "value"
    ]
    assert stack.resource("first")["outputs"]["value"] == "y"
    assert stack.resource("first")["id"] == "first-1"


def test_replaces_by_creating_first(stack: Stack):
    stack.up(two())
    result = stack.up(two(key="other"))
    assert result.changes == {"same": 1, "replace": 1, "update": 1}
    assert stack.world.calls == [("create", "first"), ("update", "second"), ("delete", "first")]
    assert stack.steps("first") == [
        ("create-replacement", "started"),
        ("create-replacement", "done"),
        ("replace", "done"),
        ("delete-replaced", "started"),
        ("delete-replaced", "done"),
    ]
    assert stack.names().count("first") == 1


@pytest.mark.parametrize("by", ["option", "provider"])
def test_replaces_by_deleting_first(stack: Stack, by: str):
    def program(key):
        first = Thing(
            "first", ResourceOptions(delete_before_replace=True if by == "option" else None), key=key
        )
        Thing("keyed", key=first.key)
        Thing("valued", value=first.key)

    stack.up(lambda: program("a"))
    stack.world.delete_before_replace = by == "provider"
    stack.up(lambda: program("b"))
    # what a change of it would replace goes first and comes back; what would only be updated stays
    assert stack.world.calls[:3] == [("delete", "keyed"), ("delete", "first"), ("create", "first")]
    assert sorted(stack.world.calls[3:]) == [("create", "keyed"), ("update", "valued")]
    assert stack.names().count("keyed") == 1
    assert "pendingReplacement" not in stack.file.read_text()


def test_deletes_what_is_no_longer_declared_dependents_first(stack: Stack):
    def chain():
        group = Group("group")
        a = Thing("a", ResourceOptions(parent=group))
        b = Thing("b", ResourceOptions(depends_on=[a]))
        Thing("c", value=b.serial)

    stack.up(chain)
    result = stack.up(lambda: None)
    assert stack.world.calls == [("delete", "c"), ("delete", "b"), ("delete", "a")]
    assert result.changes == {"same": 1, "delete": 4}
    assert stack.names() == ["demo-dev"]


def test_independent_steps_run_in_parallel(stack: Stack):
    stack.world.delay = 0.02

    def program():
        for number in range(16):
            Thing(f"thing{number}")

    stack.options["parallel"] = 4
    stack.up(program)
    assert stack.world.most == 4
    stack.world.most = 0
    stack.up(lambda: None)
    assert stack.world.most == 4


def test_preview_changes_nothing_and_says_all(stack: Stack):
    stack.up(two())
    before = stack.file.read_bytes()
    stack.world.calls.clear()

    def changed():
        first = Thing("first", value="x", key="other")
        Thing("third", value=first.serial)

    result = stack.preview(changed)
    assert result.changes == {"same": 1, "replace": 1, "create": 1, "delete": 1}
    assert {event.status for event in result.steps} == {"planned", "done"}
    assert stack.world.calls == []
    assert stack.file.read_bytes() == before


def test_preview_of_a_new_stack_writes_nothing(stack: Stack):
    assert stack.preview(two()).changes == {"create": 3}
    assert not (stack.root / ".pulumi").exists()


def test_preview_asks_a_provider_about_deletes_if_it_wants(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    from memory_provider import MemoryProvider

    async def refuse(self, request):
        raise InvalidDeclaration("it holds data")

    stack.up(two())
    monkeypatch.setattr(MemoryProvider, "preview_delete", refuse, raising=False)
    with pytest.raises(DeploymentFailed, match="second: it holds data"):
        stack.preview(lambda: Thing("first", value="x", key="k"))


def test_an_explicit_provider_is_configured_updated_and_inherited(stack: Stack):
    def program(host, password="open-sesame"):
        target = Target("target", host=host, password=pulumi.Output.secret(password))
        group = Group("group", ResourceOptions(providers=[target]))
        Thing("inside", ResourceOptions(parent=group), value=1)

    stack.up(lambda: program("a"))
    assert stack.world.configured == [{"memory:config:host": "a", "memory:config:password": "open-sesame"}]
    reference = stack.resource("inside")["provider"]
    assert reference == f"{stack.resource('target')['urn']}::{stack.resource('target')['id']}"

    result = stack.up(lambda: program("b"))
    assert result.changes == {"same": 3, "update": 1}
    assert stack.resource("inside")["provider"] == reference
    assert "open-sesame" not in stack.file.read_text()


def test_a_provider_whose_configuration_is_not_known_yet_is_left_alone_in_a_preview(stack: Stack):
    def program():
        server = Thing("server", value="x")
        target = Target("target", port=server.serial)
        inside = Thing("inside", ResourceOptions(provider=target), value=1)
        Thing("user", value=inside.serial)

    assert stack.preview(program).changes == {"create": 5}
    assert stack.world.configured == [{}]
    assert stack.up(program).changes == {"create": 5}
    assert stack.world.configured[-1] == {"memory:config:port": "1"}
    assert stack.preview(program).changes == {"same": 5}


def test_a_default_provider_is_configured_from_the_settings(stack: Stack):
    stack.options["config"] = {"memory:host": "here", "demo:other": "no"}
    stack.up(lambda: Thing("a"))
    assert stack.world.configured == [{"memory:config:host": "here"}]
    assert stack.resource("default")["type"] == "pulumi:providers:memory"
    assert stack.up(lambda: Thing("a")).changes == {"same": 2}


def test_components_keep_their_outputs(stack: Stack):
    def program(count):
        group = Group("group")
        group.register_outputs({"count": count})

    stack.up(lambda: program(1))
    assert stack.resource("group")["outputs"] == {"count": 1}
    stack.up(lambda: program(2))
    assert stack.resource("group")["outputs"] == {"count": 2}


def test_destroy_deletes_everything_in_reverse(stack: Stack):
    stack.up(two())
    stack.world.calls.clear()
    assert stack.deployment().destroy().changes == {"delete": 3}
    assert stack.world.calls == [("delete", "second"), ("delete", "first")]
    assert stack.resources() == []
    assert stack.up(two()).changes == {"create": 3}


def test_refresh_takes_over_what_changed_and_what_is_gone(stack: Stack):
    stack.up(two())
    stack.world.things["first-1"]["value"] = "changed by hand"
    del stack.world.things["second-2"]

    drifts = {drift.urn.rpartition("::")[2]: drift for drift in stack.deployment().drift()}
    assert drifts["first"].old["value"] == "x"
    assert drifts["first"].new["value"] == "changed by hand"
    assert drifts["second"].new is None
    assert stack.resource("first")["outputs"]["value"] == "x"

    result = stack.deployment().refresh()
    assert result.changes == {"same": 2, "update": 1, "delete": 1}
    assert stack.resource("first")["outputs"]["value"] == "changed by hand"
    assert "second" not in stack.names()
    assert stack.deployment().drift() == []
    assert stack.up(two()).changes == {"same": 1, "update": 1, "create": 1}


def test_a_provider_can_tell_all_at_once_what_is_as_deployed(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    from memory_provider import MemoryProvider

    asked = []

    async def as_deployed(self, resources):
        asked.append(len(resources))
        return [outputs in self.world.things.values() for _, outputs in resources]

    stack.up(two())
    monkeypatch.setattr(MemoryProvider, "as_deployed", as_deployed, raising=False)
    stack.world.calls.clear()
    assert stack.deployment().drift() == []
    assert asked == [2]
    assert stack.world.calls == []
    next(iter(stack.world.things.values()))["value"] = "drifted"
    assert len(stack.deployment().drift()) == 1
    assert [operation for operation, _ in stack.world.calls] == ["read"]


def test_outputs_are_masked_unless_asked_for(stack: Stack):
    def program():
        thing = Thing("a", value=pulumi.Output.secret("hush"))
        pulumi.export("plain", 1.5)
        pulumi.export("nested", {"secret": thing.value})

    assert stack.up(program).outputs == {"plain": 1.5, "nested": {"secret": "[secret]"}}
    assert stack.deployment().outputs() == {"plain": 1.5, "nested": {"secret": "[secret]"}}
    assert stack.deployment().outputs(show_secrets=True)["nested"] == {"secret": "hush"}
    assert "hush" not in "".join(file.read_text() for file in stack.root.rglob("*") if file.is_file())
