"""Deployments limited to targets, and stacks that refer to others."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pytest
from memory_provider import MemoryProvider, Stack, Thing
from pulumi import ResourceOptions

from gatepost.engine import Deployment, DeploymentFailed, Manner, Project
from gatepost.errors import UsageError

Program = Callable[[], object]


def chain(a: str = "1", c: str = "2") -> Program:
    """`b` depends on `a`; `c` stands alone."""

    def program() -> None:
        first = Thing("a", value=a)
        Thing("b", value=first.value)
        Thing("c", value=c)

    return program


def deploy(stack: Stack, program: Program, *targets: str, dependents: bool = False) -> dict[str, int]:
    stack.world.calls.clear()
    stack.deployment().up(program, Manner(targets, dependents))
    return {name: stack.world.names(operation).count(name) for operation, name in stack.world.calls}


@pytest.mark.parametrize(
    ("targets", "dependents", "changed"),
    [
        (("a",), False, {"a"}),
        (("a",), True, {"a", "b"}),
        (("urn:*::a", "c"), False, {"a", "c"}),
        (("*",), False, {"a", "b", "c"}),
    ],
)
def test_only_targets_change(
    stack: Stack, targets: tuple[str, ...], dependents: bool, changed: set[str]
) -> None:
    stack.up(chain())
    preview = stack.deployment().preview(chain("8", "9"), Manner(targets, dependents))
    assert preview.changes.get("update", 0) == len(changed)
    assert set(deploy(stack, chain("8", "9"), *targets, dependents=dependents)) == changed
    assert set(deploy(stack, chain("8", "9"))) == {"a", "b", "c"} - changed


def test_a_target_needs_what_it_depends_on(stack: Stack) -> None:
    with pytest.raises(DeploymentFailed, match="it needs a, which does not exist and is no target"):
        deploy(stack, chain(), "b")
    assert set(deploy(stack, chain(), "a", "b")) == {"a", "b"}


def test_targets_that_are_not_there_are_named(stack: Stack) -> None:
    stack.up(chain())
    with pytest.raises(DeploymentFailed, match="no resource is called nowhere"):
        deploy(stack, chain("8"), "nowhere")
    assert stack.resource("a")["inputs"]["value"] == "1"


def test_only_targets_are_deleted(stack: Stack) -> None:
    stack.up(chain())
    with pytest.raises(DeploymentFailed, match="a cannot go while b, which needs it, stays"):
        deploy(stack, lambda: None, "a")
    assert set(deploy(stack, lambda: None, "a", dependents=True)) == {"a", "b"}
    assert "c" in stack.names()
    with pytest.raises(UsageError, match="no resource is called b"):
        stack.deployment().destroy(manner=Manner(("b",)))
    assert stack.deployment().destroy(manner=Manner(("c",))).changes == {"delete": 1}


def test_a_refresh_can_be_limited_too(stack: Stack) -> None:
    stack.up(chain())
    stack.world.things.clear()
    stack.deployment().refresh(Manner(("b", "c")))
    assert [name for name in stack.names() if len(name) == 1] == ["a"]


def other(stack: Stack, project: str) -> Deployment:
    """A stack of another project in the same folder."""
    return Deployment(
        Project(project, stack.root),
        "dev",
        backend=stack.root,
        passphrase=lambda: stack.passphrase,
        providers={"memory": lambda: MemoryProvider(stack.world)},
        config={},
    )


def test_a_stack_reads_the_outputs_of_another(stack: Stack) -> None:
    def shared() -> None:
        pulumi.export("host", "db.example")
        pulumi.export("password", pulumi.Output.secret("hunter2"))

    def user() -> None:
        there = pulumi.StackReference("organization/shared/dev")
        Thing("a", value=there.require_output("host"), key=there.get_output("password"))

    with pytest.raises(DeploymentFailed, match="stack 'organization/shared/dev' has no state in"):
        stack.up(user)
    other(stack, "shared").up(shared)
    stack.up(user)
    assert [thing["value"] for thing in stack.world.things.values()] == ["db.example"]
    assert [thing["key"] for thing in stack.world.things.values()] == ["hunter2"]
    assert "hunter2" not in stack.file.read_text()
    assert stack.up(user).changes == {"same": 2, "read": 1}
    assert stack.deployment().refresh().changes.get("delete", 0) == 0
    stack.deployment().destroy()
    assert other(stack, "shared").outputs() == {"host": "db.example", "password": "[secret]"}


def test_an_odd_name_of_a_stack_is_refused(stack: Stack) -> None:
    with pytest.raises(DeploymentFailed, match="'a/b' is no name of a stack"):
        stack.up(lambda: pulumi.StackReference("a/b"))


def test_a_refresh_before_the_deployment_finds_what_is_gone(stack: Stack) -> None:
    stack.up(chain())
    stack.world.things.clear()
    assert stack.up(chain()).changes == {"same": 4}
    refreshed = Manner(refresh=True)
    assert stack.deployment().preview(chain(), refreshed).changes == {"same": 1, "create": 3}
    assert len(stack.names()) == 5
    assert stack.deployment().up(chain(), refreshed).changes == {"same": 1, "create": 3}
    assert len(stack.world.things) == 3


def test_what_has_no_transaction_cannot_be_atomic(stack: Stack) -> None:
    with pytest.raises(DeploymentFailed, match="memory:index:Thing cannot be part of one transaction"):
        stack.deployment().up(chain(), Manner(atomic=True))
    assert not stack.world.things
    assert not stack.file.exists()


def test_options_of_a_plain_declaration_are_those_of_the_state(stack: Stack) -> None:
    def program() -> None:
        first = Thing("a", ResourceOptions(protect=True, retain_on_delete=True), value="1")
        Thing(
            "b", ResourceOptions(depends_on=[first], ignore_changes=["value"]), value={"of": [first.value, 2]}
        )

    stack.up(program)
    first, second = stack.resource("a"), stack.resource("b")
    assert (first["protect"], first["retainOnDelete"]) == (True, True)
    assert second["dependencies"] == [first["urn"]]
    assert second["propertyDependencies"] == {"value": [first["urn"]]}
    assert second["inputs"] == {"value": {"of": ["1", 2]}}
    assert second["ignoreChanges"] == ["value"]
