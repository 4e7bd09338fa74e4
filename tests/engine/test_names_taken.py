"""Names that something else has: refused in a preview, in words that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from fix_stack import DeployedStack
from pulumi import ResourceOptions

from gatepost.engine import DeploymentFailed
from gatepost.resources import (
    Column,
    Domain,
    Enum,
    Function,
    Index,
    MaterializedView,
    Policy,
    Sequence,
    Table,
    View,
)

Declare = Callable[[ResourceOptions], object]
ID = [Column("id", "bigint")]
VIEW = "create view x as select 1 as one"
KINDS: Mapping[str, Declare] = {
    "table": lambda o: Table("x", columns=ID, opts=o),
    "view": lambda o: View("x", sql=VIEW, opts=o),
    "materialized view": lambda o: MaterializedView(
        "x", sql=VIEW.replace("view", "materialized view"), opts=o
    ),
    "sequence": lambda o: Sequence("x", opts=o),
    "type": lambda o: Enum("x", ["a"], opts=o),
    "index": lambda o: Index("x", Table("t", columns=ID, opts=o), ["id"], opts=o),
}


def refused(deployed: DeployedStack, declare: Declare) -> str:
    """Preview what cannot be and return why; nothing has changed."""
    before = deployed.snapshot(), deployed.state
    with pytest.raises(DeploymentFailed) as caught:
        deployed.preview(declare)
    assert (deployed.snapshot(), deployed.state) == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("view", "materialized view"),
        ("table", "view"),
        ("sequence", "table"),
        ("type", "table"),
        ("table", "type"),
        ("index", "view"),
        ("view", "index"),
    ],
    ids=lambda kind: kind.replace(" ", "-"),
)
def test_a_name_of_another_kind_is_refused(deployed: DeployedStack, old: str, new: str) -> None:
    deployed.up(KINDS[old])
    said = refused(deployed, KINDS[new])
    assert f"public.x is a{'n' * (old == 'index')} {old} already" in said
    assert "deploy once with neither of the two" in said
    deployed.up(lambda opts: Table("t", columns=ID, opts=opts))
    deployed.preview(KINDS[new])


def test_a_name_that_is_given_up_first_is_free(deployed: DeployedStack) -> None:
    deployed.up(lambda opts: Table("a", name="x", columns=ID, opts=opts))

    def moved(opts: ResourceOptions) -> None:
        table = Table("a", name="y", columns=ID, opts=opts)
        View("x", sql=VIEW, opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[table])))

    deployed.preview(moved)
    deployed.up(moved)


def commented(name: str, comment: str, asked: ResourceOptions) -> Declare:
    """A table and what belongs to it, of which one object asks to be replaced."""

    def declare(opts: ResourceOptions) -> None:
        def of(one: str) -> dict[str, object]:
            return {
                "comment": comment if one == name else "c1",
                "opts": ResourceOptions.merge(opts, asked) if one == name else opts,
            }

        table = Table("a", columns=ID, row_security="forced", **of("a"))
        Index("i", table, ["id"], **of("i"))
        Policy("p", table, command="select", roles=["public"], using="true", **of("p"))
        Function("f", sql="create function f() returns int language sql return 1", **of("f"))
        Sequence("s", **of("s"))
        Enum("e", ["a"], **of("e"))

    return declare


@pytest.mark.parametrize("first", [None, True], ids=["create_first", "delete_first"])
def test_a_replacement_of_the_same_name_is_refused(deployed: DeployedStack, first: bool | None) -> None:
    asked = ResourceOptions(replace_on_changes=["comment"], delete_before_replace=first)
    deployed.up(commented("", "c1", asked))
    for name in "aipfse":
        said = refused(deployed, commented(name, "c2", asked))
        assert "would be replaced by an object of the same name" in said
        assert "replace_on_changes" in said
        assert "is not this stack's" not in said


def test_another_kind_of_type_is_refused(deployed: DeployedStack) -> None:
    deployed.up(KINDS["type"])
    said = refused(deployed, lambda opts: Domain("x", "text", opts=opts))
    assert "public.x would be replaced by an object of the same name" in said


def tables(first: str, second: str, *, after: bool = False) -> Declare:
    """Two tables under these names."""

    def declare(opts: ResourceOptions) -> None:
        a = Table("a", name=first, columns=ID, opts=opts)
        later = ResourceOptions(depends_on=[a]) if after else ResourceOptions()
        Table("b", name=second, columns=ID, opts=ResourceOptions.merge(opts, later))

    return declare


def test_names_that_change_places_go_through_a_third(deployed: DeployedStack) -> None:
    deployed.up(tables("x1", "x2"))
    said = refused(deployed, tables("x2", "x1"))
    assert "x1 exists already" in said
    assert "first deploy one of them with a third name" in said
    deployed.up(tables("x3", "x1", after=True))
    deployed.up(tables("x2", "x1"))
    assert {key.name for key in deployed.snapshot() if key.kind == "tables"} == {"x1", "x2"}
