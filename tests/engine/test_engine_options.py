"""Every resource option: it does what Pulumi says, or it is refused by name."""

import pulumi
import pytest
from memory_provider import Group, Stack, Target, Thing
from pulumi import Alias, CustomTimeouts, ResourceOptions
from pulumi.runtime.proto import resource_pb2

from gatepost.engine import goal
from gatepost.errors import UnsupportedFeature


def test_protect_refuses_deletion_replacement_and_destruction(stack: Stack):
    stack.up(lambda: Thing("a", ResourceOptions(protect=True), key="k"))
    assert stack.resource("a")["protect"] is True
    assert "protected and would be deleted" in str(stack.failed_up(lambda: None))
    replaced = stack.failed_up(lambda: Thing("a", ResourceOptions(protect=True), key="other"))
    assert "protected and would be replaced" in str(replaced)
    with pytest.raises(type(replaced), match="protected"):
        stack.deployment().destroy()
    assert stack.world.things.keys() == {"a-1"}
    stack.up(lambda: Thing("a", key="k"))
    assert stack.up(lambda: None).changes["delete"] == 1


@pytest.mark.parametrize(
    ("name", "options", "fields"),
    [
        ("a", ResourceOptions(protect=True), ["protect"]),
        ("a", ResourceOptions(retain_on_delete=True), ["retainOnDelete"]),
        ("b", ResourceOptions(aliases=[Alias(name="a")]), ["urn"]),
    ],
)
def test_what_changes_in_the_state_alone_is_told_and_saved(
    stack: Stack, name: str, options: ResourceOptions, fields: list[str]
):
    stack.up(lambda: Thing("a", value=1))
    before = stack.resource("a")
    restated = {before["urn"].replace("::a", f"::{name}"): fields}
    assert stack.preview(lambda: Thing(name, options, value=1)).restated == restated
    assert stack.resource("a") == before
    made = stack.up(lambda: Thing(name, options, value=1))
    assert (made.changes, made.restated) == ({"same": 2}, restated)
    assert stack.preview(lambda: Thing(name, options, value=1)).restated == {}


def test_protected_dependents_refuse_a_delete_before_replace(stack: Stack):
    def program(key):
        a = Thing("a", ResourceOptions(delete_before_replace=True), key=key)
        Thing("b", ResourceOptions(protect=True), key=a.key)

    stack.up(lambda: program("x"))
    assert "replaced along with a" in str(stack.failed_up(lambda: program("y")))
    assert stack.world.names("delete") == []


def test_retain_on_delete_forgets_without_deleting(stack: Stack):
    stack.up(lambda: Thing("a", ResourceOptions(retain_on_delete=True)))
    stack.up(lambda: None)
    assert stack.world.names("delete") == []
    assert "a" not in stack.names()


def test_deleted_with_spares_the_call(stack: Stack):
    def program():
        a = Thing("a")
        Thing("b", ResourceOptions(deleted_with=a))

    stack.up(program)
    stack.up(lambda: None)
    assert stack.world.calls == [("delete", "a")]


def test_deleted_with_is_replaced_along(stack: Stack):
    def program(key):
        a = Thing("a", key=key)
        Thing("b", ResourceOptions(deleted_with=a))

    stack.up(lambda: program("x"))
    assert stack.up(lambda: program("y")).changes == {"same": 1, "replace": 2}


def test_an_alias_renames_a_resource_and_moves_its_children(stack: Stack):
    def before():
        group = Group("old")
        a = Thing("old-child", ResourceOptions(parent=group), value=1)
        Thing("user", value=a.serial)

    def after():
        group = Group("new", ResourceOptions(aliases=[Alias(name="old")]))
        a = Thing("new-child", ResourceOptions(parent=group), value=1)
        Thing("user", value=a.serial)

    stack.up(before)
    assert stack.up(after).changes == {"same": 4}
    assert stack.world.calls == []
    assert set(stack.names()) == {"demo-dev", "default", "new", "new-child", "user"}
    assert "old" not in "".join(stack.resource("user")["dependencies"])


def test_aliases_by_urn_and_by_parent(stack: Stack):
    stack.up(lambda: (Thing("a"), Thing("b", ResourceOptions(parent=Group("group")))))
    former = stack.resource("a")["urn"]

    def after():
        Thing("c", ResourceOptions(aliases=[former]))
        Thing("b", ResourceOptions(aliases=[Alias(parent=Group("group"))]))

    assert stack.up(after).changes == {"same": 4}


def test_an_aliased_resource_that_is_left_behind_keeps_its_references(stack: Stack):
    stack.up(lambda: Thing("user", value=Thing("old").serial))

    def after():
        new = Thing("new", ResourceOptions(aliases=[Alias(name="old")]))
        Thing("user", value=new.serial.apply(lambda _: 1 / 0))

    with pytest.raises(Exception, match="division by zero"):
        stack.up(after)
    assert stack.resource("user")["dependencies"] == [stack.resource("new")["urn"]]


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("value", {"same": 2}),
        ("value.b", {"same": 1, "update": 1}),
        ('value["a"]', {"same": 2}),
        ("value.*", {"same": 2}),
    ],
)
def test_ignore_changes(stack: Stack, path: str, changes: dict[str, int]):
    stack.up(lambda: Thing("a", value={"a": 1, "b": 2}))
    result = stack.up(lambda: Thing("a", ResourceOptions(ignore_changes=[path]), value={"a": 5, "b": 2}))
    assert result.changes == changes


def test_replace_on_changes(stack: Stack):
    stack.up(lambda: Thing("a", value=1))
    result = stack.up(lambda: Thing("a", ResourceOptions(replace_on_changes=["value"]), value=2))
    assert result.changes == {"same": 1, "replace": 1}


def test_hide_diffs(stack: Stack):
    stack.up(lambda: Thing("a", value=1, text="x"))
    result = stack.up(lambda: Thing("a", ResourceOptions(hide_diffs=["value"]), value=2, text="y"))
    assert [event.diff for event in result.steps if event.op == "update" and event.status == "done"] == [
        ["text"]
    ]


def test_additional_secret_outputs(stack: Stack):
    stack.up(lambda: Thing("a", ResourceOptions(additional_secret_outputs=["value"]), value="hush"))
    found = stack.resource("a")
    assert "ciphertext" in found["outputs"]["value"]
    assert found["inputs"]["value"] == "hush"
    assert found["additionalSecretOutputs"] == ["value"]


def test_a_secret_input_makes_the_output_of_its_name_secret(stack: Stack):
    stack.up(lambda: Thing("a", value=pulumi.Output.secret("hush")))
    assert "hush" not in stack.file.read_text()


def test_custom_timeouts_reach_the_state_in_seconds(stack: Stack):
    stack.up(
        lambda: Thing("a", ResourceOptions(custom_timeouts=CustomTimeouts(create="1h30m", delete="10s")))
    )
    assert stack.resource("a")["customTimeouts"] == {"create": 5400, "delete": 10}
    failed = stack.failed_up(
        lambda: Thing("a", ResourceOptions(custom_timeouts=CustomTimeouts(create="soon")))
    )
    assert "'soon' is no duration" in str(failed)


def test_import_takes_over_what_is_as_declared(stack: Stack):
    stack.world.things["outside"] = {"value": "v", "serial": 7}

    def program(**inputs):
        Thing("a", ResourceOptions(import_="outside"), **inputs)

    assert "differs from the declaration in value" in str(stack.failed_up(lambda: program(value="w")))
    assert stack.up(lambda: program(value="v")).changes == {"same": 1, "import": 1}
    assert stack.resource("a")["id"] == "outside"
    assert stack.world.names("create") == []
    assert stack.up(lambda: program(value="v")).changes == {"same": 2}


def test_import_of_what_does_not_exist_fails(stack: Stack):
    failed = stack.failed_up(lambda: Thing("a", ResourceOptions(import_="nothing")))
    assert "'nothing' does not exist" in str(failed)


def test_get_reads_what_others_manage_and_never_deletes_it(stack: Stack):
    stack.world.things["outside"] = {"value": "v", "serial": 7}

    def program():
        found = Thing("found", ResourceOptions(id="outside"))
        Thing("user", value=found.serial)

    assert stack.up(program).changes == {"create": 2, "read": 1}
    assert stack.up(program).changes == {"same": 2, "read": 1}
    assert stack.resource("found")["external"] is True
    assert stack.resource("user")["inputs"]["value"] == 7
    stack.up(lambda: None)
    assert "outside" in stack.world.things


def test_depends_on_is_kept_in_the_state(stack: Stack):
    stack.up(lambda: Thing("b", ResourceOptions(depends_on=[Thing("a")])))
    assert stack.resource("b")["dependencies"] == [stack.resource("a")["urn"]]


def test_a_change_of_provider_replaces_only_if_the_provider_says_so(stack: Stack):
    def program(name):
        Thing("a", ResourceOptions(provider=Target(name, host="h")), value=1)

    stack.up(lambda: program("one"))
    assert stack.up(lambda: program("two")).changes["create"] == 1
    assert stack.world.names("create") == []
    assert stack.resource("a")["provider"].startswith(stack.resource("two")["urn"])


REFUSED = {
    "transforms": lambda: Thing("a", ResourceOptions(transforms=[lambda args: None])),
    "resource hooks": lambda: Thing(
        "a", ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[lambda args: None]))
    ),
    "replace_with": lambda: Thing("a", ResourceOptions(replace_with=[Thing("b")])),
    "replacement_trigger": lambda: Thing("a", ResourceOptions(replacement_trigger="x")),
    "env_var_mappings": lambda: Target("t", ResourceOptions(env_var_mappings={"A": "B"})),
    "remote components": lambda: pulumi.ComponentResource("memory:index:Remote", "a", {}, None, True),
    "functions of providers": lambda: pulumi.runtime.invoke("memory:index:look", {}),
    "assets and archives": lambda: Thing("a", value=pulumi.StringAsset("x")),
    "require_pulumi_version": lambda: pulumi.runtime.settings.require_pulumi_version(">=3"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_not_supported_is_refused_by_name(stack: Stack, name: str):
    with pytest.raises(Exception, match=f"does not support {name}") as caught:
        stack.up(REFUSED[name])
    assert caught.value.exit_code == UnsupportedFeature.exit_code


def test_no_field_of_a_registration_is_overlooked():
    handled = {
        *("type", "name", "parent", "custom", "object", "protect", "dependencies", "provider", "version"),
        *("propertyDependencies", "deleteBeforeReplace", "deleteBeforeReplaceDefined", "ignoreChanges"),
        *(
            "additionalSecretOutputs",
            "aliasURNs",
            "importId",
            "customTimeouts",
            "providers",
            "replaceOnChanges",
        ),
        *(
            "pluginDownloadURL",
            "retainOnDelete",
            "aliases",
            "deletedWith",
            "sourcePosition",
            "hooks",
            "hideDiffs",
        ),
    }
    fields = {field.name for field in resource_pb2.RegisterResourceRequest.DESCRIPTOR.fields}
    assert fields == handled | goal.REFUSED.keys() | goal.WITHOUT_EFFECT


def test_a_package_without_a_provider_is_refused(stack: Stack):
    class Other(pulumi.CustomResource):
        def __init__(self):
            super().__init__("other:index:Thing", "a", {})

    assert "no provider for the package 'other' (it has memory, pulumi)" in str(stack.failed_up(Other))
