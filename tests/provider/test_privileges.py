"""Privileges on columns, whatever these are called."""

from __future__ import annotations

import pytest
from fix_provider import Deploy, Refused, col

from gatepost.provider.privileges import Right, normal, spelled

COLUMNS = {
    "select (a, b)": ["a", "b"],
    'select ("a""b", c)': ['a"b', "c"],
    'select ("a, (b)", "c")': ["a, (b)", "c"],
    "select ( made at , b )": ["made at", "b"],
    'select (a"b)': ['a"b'],
}


@pytest.mark.parametrize(
    ("privilege", "names"), COLUMNS.items(), ids=["plain", "quote", "comma", "space", "catalog"]
)
def test_columns_are_read_as_sql_has_them(privilege: str, names: list[str]) -> None:
    rights = normal({"r": [privilege]})["r"]
    assert rights == {Right("select", name) for name in names}
    assert normal({"r": [spelled(one) for one in rights]})["r"] == rights


def test_column_with_a_quote_in_its_name(deploy: Deploy) -> None:
    columns = [col('a"b', "int"), col("c", "int")]
    with pytest.raises(Refused, match='there is no column a"c'):
        deploy.table("posts", columns=columns, privileges={"gp_reader": ['select ("a""c")']})
    deploy.table("posts", columns=columns, privileges={"gp_reader": ['select ("a""b")']})
    assert deploy.sql("select has_column_privilege('gp_reader', 'posts', 'a\"b', 'select')") == [(True,)]
