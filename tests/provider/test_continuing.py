"""What a killed deployment made is known again, though the engine never heard of it and the plan differs."""

from __future__ import annotations

import pytest
from changes import fill, posts
from fix_provider import Deploy, urn_of

from gatepost.errors import ObjectExists

INDEX = urn_of("Index", "i")


def forget(deploy: Deploy, urn: str) -> None:
    """Leave the state as it was before a deployment that was killed at its very end."""
    del deploy.state[urn]


def test_rows_that_came_meanwhile_change_the_plan_and_not_the_owner(deploy: Deploy) -> None:
    posts(deploy)
    deploy.index("i", columns=["author"], comment="Lists")
    made = deploy.snapshot()
    forget(deploy, INDEX)
    fill(deploy)
    with deploy.next_deployment():
        assert deploy.index("i", columns=["author"], comment="Lists") == "create"
    assert deploy.statements() == []
    assert deploy.snapshot() == made


def test_declaration_that_was_edited_meanwhile_is_an_update(deploy: Deploy) -> None:
    posts(deploy)
    deploy.index("direct", columns=["author desc"], comment="New")
    wanted = deploy.must_have("indexes", "direct")
    deploy.index("i", columns=["author"], comment="Old")
    forget(deploy, INDEX)
    with deploy.next_deployment():
        assert deploy.index("i", columns=["author desc"], comment="New") == "create"
    found = deploy.must_have("indexes", "i")
    assert {**found, "definition": found["definition"].replace(" i ", " direct ")} == wanted


def test_half_of_it_is_made_again_where_the_plan_is_another(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    deploy.constraint("c", kind="check", expression="views >= 0")
    made = deploy.snapshot()
    forget(deploy, urn_of("Constraint", "c"))
    deploy.sql("delete from gatepost.ledger where statement ~ 'validate'")
    deploy.sql("truncate posts")
    with deploy.next_deployment():
        assert deploy.constraint("c", kind="check", expression="views >= 0") == "create"
    assert deploy.snapshot() == made


def test_what_somebody_else_made_stays_theirs(deploy: Deploy) -> None:
    posts(deploy)
    deploy.index("i", columns=["author"])
    deploy.delete("Index", "i")
    deploy.sql("create index i on posts (title)")
    with deploy.next_deployment(), pytest.raises(ObjectExists):
        deploy.index("i", columns=["author"])


def test_what_the_state_knows_is_never_taken_for_the_successor(deploy: Deploy) -> None:
    """A replacement under the same name would be deleted together with what it replaces."""
    posts(deploy)
    deploy.index("i", columns=["author"])
    deploy.diff("Index", "i", {"schema": "public", "table": "posts", "name": "i", "columns": ["author"]})
    forget(deploy, INDEX)
    fill(deploy)
    with pytest.raises(ObjectExists):
        deploy.index("i", columns=["author desc"])
