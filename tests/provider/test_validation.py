"""A foreign key is proved over all rows, also those that forced row security hides from the owner."""

from __future__ import annotations

import pytest
from fix_provider import Deploy, col

from gatepost.errors import GatepostError, StatementFailed

FORCED = [(), ("posts",), ("authors",), ("authors", "posts")]


@pytest.fixture(params=FORCED, ids=lambda forced: " and ".join(forced) or "none")
def keyed(request: pytest.FixtureRequest, deploy: Deploy) -> Deploy:
    """Two tables with three rows each, whose foreign key is still missing."""
    for name in ("authors", "posts"):
        security = "forced" if name in request.param else "off"
        columns = [col("id", "integer", nullable=False), col("author", "integer")]
        deploy.table(name, columns=columns, row_security=security)
        deploy.sql(f"insert into {name} select n, n from generate_series(1, 3) as n")  # type: ignore[arg-type]
    deploy.constraint("authors_pkey", table="authors", kind="primary_key", columns=["id"])
    return deploy


def foreign_key(deploy: Deploy) -> str:
    there = {"table": "authors", "columns": ["id"]}
    return deploy.constraint("author_fkey", kind="foreign_key", columns=["author"], references=there)


def test_good_key_is_proved_and_nothing_else_changes(keyed: Deploy) -> None:
    before = keyed.must_have("tables", "posts")
    assert foreign_key(keyed) == "create"
    assert keyed.sql("select convalidated from pg_constraint where conname = 'author_fkey'") == [(True,)]
    assert keyed.must_have("tables", "posts") == before
    assert keyed.sql("select has_table_privilege('deployer', 'posts', 'select')") == [(True,)]


def test_violated_key_is_never_called_valid(keyed: Deploy) -> None:
    keyed.sql("insert into posts values (4, 77)")
    with pytest.raises(StatementFailed, match="author_fkey"):
        foreign_key(keyed)
    assert keyed.sql("select count(*) from pg_constraint where conname = 'author_fkey'") == [(0,)]
    assert keyed.sql("select has_table_privilege('deployer', 'posts', 'select')") == [(True,)]


@pytest.mark.parametrize(
    "grant", ["select on posts to public", "select (author), insert on posts to gp_reader with grant option"]
)
def test_right_by_another_way_does_not_fool_it(keyed: Deploy, grant: str) -> None:
    """The deployer is a member of gp_reader, as it is of the roles that it may act as."""
    keyed.sql(f"insert into posts values (4, 77); grant {grant}")  # type: ignore[arg-type]
    before = keyed.must_have("tables", "posts")
    with pytest.raises(StatementFailed, match="author_fkey"):
        foreign_key(keyed)
    keyed.sql("delete from posts where author = 77")
    assert foreign_key(keyed) == "create"
    assert keyed.must_have("tables", "posts") == before


def test_right_given_by_somebody_else_is_an_error_rather_than_a_lie(keyed: Deploy) -> None:
    keyed.sql("grant select on posts to gp_other with grant option")
    keyed.sql("set role gp_other; grant select on posts to deployer; reset role")
    keyed.sql("insert into posts values (4, 77)")
    with pytest.raises(GatepostError, match="author_fkey"):
        foreign_key(keyed)
    assert keyed.sql("select count(*) from pg_constraint where conname = 'author_fkey'") == [(0,)]


def test_table_that_refers_to_itself(keyed: Deploy) -> None:
    there = {"table": "authors", "columns": ["id"]}
    own = {"table": "authors", "kind": "foreign_key", "columns": ["author"], "references": there}
    keyed.sql("insert into authors values (4, 77)")
    with pytest.raises(StatementFailed, match="own_fkey"):
        keyed.constraint("own_fkey", **own)
    keyed.sql("delete from authors where author = 77")
    assert keyed.constraint("own_fkey", **own) == "create"
    assert keyed.sql("select has_table_privilege('deployer', 'authors', 'select')") == [(True,)]
