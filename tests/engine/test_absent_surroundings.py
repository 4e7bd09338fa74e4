"""What the server does not have is told in the preview, unless something of the deployment may make it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fix_stack import DeployedStack
from pulumi import ResourceOptions

from gatepost.resources import Column, Index, Policy, Seed, Table

ID = [Column("id", "int")]
MISSING: dict[str, Callable[[ResourceOptions], object]] = {
    "schema nowhere": lambda opts: Table("t", columns=ID, schema="nowhere", opts=opts),
    "role nobody": lambda opts: Table("t", columns=ID, privileges={"nobody": ["select"]}, opts=opts),
    'collation "nope"': lambda opts: Table("t", columns=[Column("a", "text", collation='"nope"')], opts=opts),
    "access method nope": lambda opts: Index(
        "i", Table("t", columns=ID, opts=opts), ["id"], method="nope", opts=opts
    ),
    "operator class nope_ops": lambda opts: Index(
        "i", Table("t", columns=ID, opts=opts), ["id nope_ops", "id int4_ops"], opts=opts
    ),
    "role no one": lambda opts: Policy(
        "p", Table("t", columns=ID, opts=opts), command="select", roles=["no one"], using="true", opts=opts
    ),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_told_before_anything_is_touched(deployed: DeployedStack, what: str) -> None:
    with pytest.raises(Exception, match=f"the database has no {what}: make it, or correct its name"):
        deployed.preview(MISSING[what])


def test_what_a_statement_of_ones_own_may_make_is_not(deployed: DeployedStack) -> None:
    def program(opts: ResourceOptions) -> None:
        made = Seed("made", sql="create schema nowhere", opts=opts)
        later = ResourceOptions.merge(opts, ResourceOptions(depends_on=[made]))
        columns = [Column("a", "text", collation='pg_catalog."C"')]
        Index("i", Table("u", columns=ID, opts=opts), ["id pg_catalog.int4_ops", "(id + 1)"], opts=opts)
        Table("t", columns=columns, schema="nowhere", privileges={"public": ["select"]}, opts=later)

    deployed.preview(program)
    deployed.up(program)
