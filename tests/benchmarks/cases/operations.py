"""Every operation of the services: found in their code, each with what it is measured by."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.cases import devices, events, flags, integrations, posts
from benchmarks.cases.turns import Case

import services
from gatepost import targets
from gatepost.session import Database

TABLES = (posts, events, devices, flags, integrations)
NOT_MEASURED = {
    "engagement_events.listener.listener_of": "returns the process's own object",
    "engagement_events.refusals.noted": "`note` around a block",
    "engagement_events.stream.frames": "waits for news, whose way is measured in test_news.py",
    "feature_flags.provider.DatabaseFlags.get_metadata": "a name",
    "feature_flags.provider.DatabaseFlags.initialize": "`read_flags`, once a process",
    "feature_flags.provider.DatabaseFlags.shutdown": "once a process",
    "post_collectives.waiting_failures.WaitingFailures.add": "what `record_failure` does",
    "post_collectives.waiting_failures.WaitingFailures.write": "what `write_waiting` does",
    "post_collectives.waiting_failures.WaitingFailures.write_or_log": "once a process",
}
Found = Callable[..., Any]


def operations() -> dict[str, Found]:
    """Return what services do with a database, by its name: public functions that take one, and the public
    methods of classes that are made with one."""
    return dict(sorted(found for name in _modules() for found in _found_in(name)))


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.ispkg and "routes" not in module.name:
            yield module.name


def _found_in(name: str) -> Iterator[tuple[str, Found]]:
    short = name.removeprefix("services.")
    for attribute, one in vars(importlib.import_module(name)).items():
        if attribute.startswith("_") or getattr(one, "__module__", None) != name:
            continue
        if inspect.isfunction(one) and _takes_database(one):
            yield f"{short}.{attribute}", one
        if inspect.isclass(one) and _takes_database(one.__init__):
            for method, found in vars(one).items():
                if inspect.isfunction(found) and not method.startswith("_"):
                    yield f"{short}.{attribute}.{method}", found


def _takes_database(one: Found) -> bool:
    return any(made.annotation == "Database" for made in inspect.signature(one).parameters.values())


def cases(database: Database) -> dict[str, Case]:
    """Return how each is measured; what asks nothing but the database is called as it is."""
    given = {
        f"{table.FOLDER}.{name}": case
        for table in TABLES
        for name, case in table.operations(database).items()
    }
    return {**_simple(database), **given}


def _simple(database: Database) -> dict[str, Case]:
    return {
        name: Case(partial(_called, one, database), targets.EXAMINATION)
        for name, one in operations().items()
        if inspect.isfunction(one) and _asks_nothing(one) and name not in NOT_MEASURED
    }


def _asks_nothing(one: Found) -> bool:
    first, *others = inspect.signature(one).parameters.values()
    return first.name == "database" and all(made.default is not made.empty for made in others)


def _called(one: Found, database: Database, _: object) -> object:
    return one(database)
