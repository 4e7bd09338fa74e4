"""A connection lost in the transaction of a group of creations: the ledger knows what it did."""

from __future__ import annotations

from typing import Any

import psycopg
import pulumi
import pytest
from fix_stack import DeployedStack

from gatepost.postgres import bulk
from gatepost.resources import Column, Table

NUMBER = 15


def declare(on: pulumi.ResourceOptions) -> None:
    for place in range(NUMBER):
        Table(f"t{place:02d}", columns=[Column("id", "bigint")], opts=on)


@pytest.mark.parametrize("moment", ["_read", "_found"], ids=["before the COMMIT", "after it"])
def test_connection_lost_in_a_group(
    deployed: DeployedStack, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the COMMIT came to its end or not, each table is made once and the deployment succeeds."""
    lost: list[str] = []
    really: Any = getattr(bulk, moment)

    def loses(*given: Any) -> Any:
        if lost:
            return really(*given)
        lost.append(moment)
        deployed.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'gatepost' and datname = current_database()"
        )
        if moment == "_found":
            raise psycopg.OperationalError("the answer to COMMIT was lost")
        return really(*given)

    monkeypatch.setattr(bulk, moment, loses)
    result = deployed.up(declare)
    assert lost, "nothing was made together"
    assert result.changes["create"] >= NUMBER
    rows = deployed.sql("select count(*), count(distinct resource) from gatepost.ledger")
    assert rows == [(NUMBER, NUMBER)]
    assert set(deployed.up(declare).changes) == {"same"}
