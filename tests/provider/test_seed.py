"""Seeds and reference data: run when their text changes, and never undone."""

from __future__ import annotations

import pytest
from changes import posts
from fix_provider import Deploy, Refused

from gatepost.errors import StatementFailed

ADD = "insert into posts (id, title) values ({0}, 'it''s 100% {{}}') on conflict do nothing;\nselect 1;"
KINDS = pytest.mark.parametrize("kind", ["seed", "reference_data"])


@KINDS
def test_life(deploy: Deploy, kind: str) -> None:
    posts(deploy)
    sow = getattr(deploy, kind)
    token = {"seed": "Seed", "reference_data": "ReferenceData"}[kind]
    assert sow("rows", sql=ADD.format(1), file="a.sql") == "create"
    assert sow("rows", sql=ADD.format(1), file="b.sql") == "same"
    assert sow("rows", sql=ADD.format(2)) == "update"
    assert deploy.refresh(token, "rows") == "same"
    deploy.delete(token, "rows")
    assert deploy.sql("select id, title from posts order by id") == [(1, "it's 100% {}"), (2, "it's 100% {}")]


@KINDS
def test_failure_leaves_no_row(deploy: Deploy, kind: str) -> None:
    posts(deploy)
    with pytest.raises(StatementFailed, match=r'"rows": division by zero'):
        getattr(deploy, kind)("rows", sql=ADD.format(1) + "select 1/0")
    assert deploy.sql("select from posts") == []


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_seed_is_refused_where_people_work(deploy: Deploy, environment: str) -> None:
    posts(deploy)
    with deploy.next_deployment(environment=environment):
        with pytest.raises(Refused, match=f"a.sql: seeds are for local and dev, not for {environment}"):
            deploy.seed("rows", sql=ADD.format(1), file="a.sql")
        assert deploy.reference_data("rows", sql=ADD.format(1)) == "create"


@KINDS
def test_syntax_error_is_found_by_the_check(deploy: Deploy, kind: str) -> None:
    with pytest.raises(Refused, match=r'a.sql:2:13: syntax error at or near "from"'):
        getattr(deploy, kind)("rows", sql="select 1;\nselect from from", file="a.sql")


@KINDS
@pytest.mark.parametrize(
    "word", ["commit", "ROLLBACK and chain", "begin", "savepoint s", "prepare transaction 'x'"]
)
def test_the_transaction_is_the_deployments(deploy: Deploy, kind: str, word: str) -> None:
    posts(deploy)
    with pytest.raises(Refused, match=rf"a\.sql:3:1: {word}: the deployment begins and ends"):
        getattr(deploy, kind)("rows", sql=f"{ADD.format(1)} -- ä;\n{word} ; select 1/0", file="a.sql")
    assert deploy.sql("select from posts") == []
