"""Whatever is sent, no path answers with an internal error, and nobody changes what is others'.

schemathesis makes requests of the OpenAPI document, valid and wrong ones; `--hypothesis-seed` repeats them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import schemathesis
from fix_platform import Deployed, copy_of
from fix_web import SERVICE, headers_of, platform_app
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from people import ADA, EVE
from psycopg.sql import SQL, Identifier
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET
from starlette.testclient import TestClient
from web.operations import ALL, OF_ADA, Operation, document

from gatepost.session import Database

BOUNDED = settings(
    max_examples=8,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SCHEMA = schemathesis.openapi.from_dict(document())
# what deletes comes last: the others need something to find
FUZZED = sorted((one for one in ALL if not one.is_stream), key=lambda one: one.method == "DELETE")
ROWS = """
    select n.nspname as schema, c.relname as name
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('public', 'app')
    order by 1, 2
"""


@pytest.fixture
def client(database: Database) -> TestClient:
    return TestClient(platform_app(database), raise_server_exceptions=False)


def requests_of(operation: Operation) -> st.SearchStrategy[Any]:
    found = SCHEMA[operation.path][operation.method]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of(*(found.as_strategy(generation_mode=mode) for mode in modes))


def send(client: TestClient, case: Any, headers: dict[str, str], ids: dict[str, str]) -> Any:
    path = case.path
    for name, made in (case.path_parameters or {}).items():
        value = ids.get(name, made)
        path = path.replace("{" + name + "}", quote(str(value), safe="", errors="replace") or "%20")
    query = {key: value for key, value in (case.query or {}).items() if value is not None}
    body = {} if case.body is NOT_SET else {"json": case.body}
    try:
        return client.request(case.method, path, params=query, headers=headers, **body)
    except (ValueError, UnicodeError, TypeError):
        return None  # no client can send this


def statuses_of(client: TestClient, operation: Operation, headers: dict[str, str]) -> set[int]:
    """What an operation answers to many requests."""
    seen = set()

    @BOUNDED
    @given(case=requests_of(operation), ids=st.sampled_from([{}, OF_ADA]))
    def run(case: Any, ids: dict[str, str]) -> None:
        response = send(client, case, headers, ids)
        if response is not None:
            seen.add(response.status_code)
            assert response.status_code < 500, (operation.name, case.body, response.text)

    run()
    client.post("/api/system-status", json={"maintenance_mode": False}, headers=SERVICE)
    return seen


@pytest.mark.parametrize("headers", [headers_of(ADA), SERVICE], ids=["user", "service"])
def test_no_internal_error(client: TestClient, headers: dict[str, str]) -> None:
    seen = {operation.name: statuses_of(client, operation, headers) for operation in FUZZED}
    # otherwise nothing was tried but the validation of requests
    through = {name for name, statuses in seen.items() if min(statuses, default=500) < 300}
    assert len(through) >= 0.5 * len(seen), sorted(seen.keys() - through)


def others(target: Deployed) -> dict[str, set[str]]:
    """Every row that does not name the user who fuzzes."""
    found = {}
    with psycopg.connect(target.superuser_url) as connection:
        for schema, name in connection.execute(ROWS).fetchall():
            statement = SQL("select t::text from {} as t where t::text not like %s").format(
                Identifier(schema, name)
            )
            found[f"{schema}.{name}"] = {row[0] for row in connection.execute(statement, [f"%{EVE}%"])}
    return found


def test_a_stranger_changes_nothing_of_others(platform: Deployed) -> None:
    with copy_of(platform, platform) as copied, Database(copied.url("authenticator")) as database:
        client = TestClient(platform_app(database), raise_server_exceptions=False)
        before = others(copied)
        for operation in (one for one in FUZZED if one.method != "GET" and not one.is_public):

            @BOUNDED
            @given(case=requests_of(operation))
            def run(case: Any) -> None:
                send(client, case, headers_of(EVE), OF_ADA)

            run()
        after = others(copied)
    changed = {
        name: (before[name] - rows, rows - before[name])
        for name, rows in after.items()
        if rows != before[name]
    }
    assert not changed
