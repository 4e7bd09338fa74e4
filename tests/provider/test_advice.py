"""A rename that was not declared is told where its loss is."""

from __future__ import annotations

import pytest
from fix_provider import Deploy, col

from gatepost.errors import HazardNotApproved

COLUMNS = [col("id", "integer"), col("title"), col("views", "integer")]


def test_dropped_column_that_another_may_be(deploy: Deploy) -> None:
    deploy.table(columns=COLUMNS)
    deploy.sql("insert into posts values (1, 'a', 2)")
    renamed = [COLUMNS[0], col("headline"), COLUMNS[2], col("rank", "smallint")]
    with (
        deploy.next_deployment(approve="BREAKS_CLIENTS"),
        pytest.raises(HazardNotApproved, match=r'If "headline" is what "title" was .*renamed_from="title"'),
    ):
        deploy.table(columns=renamed)
    told = next(risk for risk in deploy.plans[-1][2].risks if risk.on.endswith("title"))
    assert "headline" in told.detail


def test_dropped_table_that_another_may_be(deploy: Deploy) -> None:
    deploy.table(columns=COLUMNS)
    deploy.sql("insert into posts values (1, 'a', 2)")
    with deploy.next_deployment(approve=""):
        deploy.check("Table", "articles", {"schema": "public", "name": "articles", "columns": COLUMNS})
        deploy.check("Table", "other", {"schema": "public", "name": "other", "columns": COLUMNS[:2]})
        with pytest.raises(
            HazardNotApproved, match=r'If "public\.articles" .*aliases=\[Alias\(name="posts"\)\]'
        ):
            deploy.delete("Table", "posts")
