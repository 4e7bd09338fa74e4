"""A connection that is cut in the transaction of a group of creations: the ledger knows what it did."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pulumi
import pytest
from fix_stack import DeployedStack
from servers import Database
from wire import Position, Proxy

from gatepost.resources import Column, Table

NUMBER = 15


def declare(on: pulumi.ResourceOptions) -> None:
    for place in range(NUMBER):
        Table(f"t{place:02d}", columns=[Column("id", "bigint")], opts=on)


@pytest.mark.parametrize(
    ("text", "position"),
    [("create table", "before"), ("create table", "after"), ("commit", "before"), ("commit", "after")],
)
def test_connection_lost_in_a_group(database: Database, tmp_path: Path, text: str, position: Position) -> None:
    """Whether the COMMIT came to its end or not, each table is made once and the deployment succeeds."""
    cut: list[str] = []

    def reached(_number: int, where: Position, statement: str, _in_transaction: bool) -> bool:
        if cut or where != position or not statement.lower().startswith(text):
            return False
        cut.append(statement)
        proxy.cut()
        return True

    there = urlsplit(database.deployer_url)
    with Proxy(there.port or 5432, reached) as proxy:
        user = there.netloc.rpartition("@")[0]
        url = there._replace(netloc=f"{user}@127.0.0.1:{proxy.port}").geturl()
        stack = DeployedStack(Database(database.name, url, database.superuser_url), tmp_path)
        result = stack.up(declare)
        assert cut, "nothing was cut"
        assert result.changes["create"] >= NUMBER
        done = stack.sql("select resource, count(*) from gatepost.ledger group by resource")
        assert sorted(number for _, number in done) == [1] * NUMBER
        assert set(stack.up(declare).changes) == {"same"}
        stack.superuser.close()
