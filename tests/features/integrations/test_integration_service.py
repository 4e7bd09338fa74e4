"""The service: what admins, members and strangers may do with integrations, and every refusal by its name."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import ACME, ACME_EMAIL, ACME_TELEGRAM, ACME_WHATSAPP, ADA, BO, CLEO, GLOBEX, GLOBEX_EMAIL

from gatepost.session import Database, Identity, Invalid, Refused
from gatepost.web.problems import Unacceptable
from services.integrations import ExecutionLog, IntegrationService
from services.integrations.failures import (
    AlreadyFinished,
    ExecutionNotFound,
    IntegrationExists,
    IntegrationNotFound,
    NotAnAdmin,
    SecretInConfiguration,
    UnknownType,
)
from services.integrations.models import Configuration, Ending, NewExecution, NewIntegration

ADMIN, MEMBER, STRANGER = Identity.user(ADA), Identity.user(BO), Identity.user(CLEO)
HERE = UUID(ACME)
EMAIL, TELEGRAM = UUID(ACME_EMAIL), UUID(ACME_TELEGRAM)


@pytest.fixture
def service(database: Database) -> IntegrationService:
    return IntegrationService(database)


@pytest.fixture
def executions(database: Database) -> ExecutionLog:
    return ExecutionLog(database)


def names(service: IntegrationService, caller: Identity, **page: Any) -> list[str]:
    return [one.name for one in service.list_integrations(caller, HERE, **page).integrations]


def test_members_list_by_name_strangers_nothing(service: IntegrationService) -> None:
    assert names(service, MEMBER) == ["Newsletter", "Old bot", "Support line"]
    assert names(service, STRANGER) == []
    with pytest.raises(Refused):
        names(service, Identity.anonymous())


def test_pages_follow_each_other_though_names_repeat(service: IntegrationService, database: Database) -> None:
    database.changed(Identity.service(), "update public.integrations set name = 'the same'")
    seen, after = [], None
    while True:
        page = service.list_integrations(MEMBER, HERE, after=after, page_size=1)
        seen += [one.id for one in page.integrations]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize("after", ["", "x", "bnVsbA==", "WzEsMl0=", "WyJhIiwgImIiXQ==", "é", "W" * 100])
def test_a_page_that_is_none_of_ours(service: IntegrationService, after: str) -> None:
    with pytest.raises(Unacceptable, match="none of ours"):
        service.list_integrations(MEMBER, HERE, after=after)


def test_active_ones_are_what_can_be_sent_through(service: IntegrationService) -> None:
    assert [one.type for one in service.active_integrations(MEMBER, HERE)] == ["email", "whatsapp"]
    service.deactivate(ADMIN, HERE, EMAIL)
    assert [one.type for one in service.active_integrations(MEMBER, HERE)] == ["whatsapp"]
    service.activate(ADMIN, HERE, EMAIL)
    assert service.activate(ADMIN, HERE, EMAIL).status == "active"
    assert service.active_integrations(STRANGER, HERE) == []


def test_an_admin_adds_one_that_is_inactive(service: IntegrationService, database: Database) -> None:
    database.changed(
        Identity.service(), "insert into public.integration_types (type, name) values ('sms', 'SMS')"
    )
    new = NewIntegration(type="sms", name="Texts", config={"from": "+49"}, credentials_ref="vault://acme/sms")
    added = service.add(ADMIN, HERE, new)
    assert (added.status, added.config, added.credentials_ref) == (
        "inactive",
        {"from": "+49"},
        "vault://acme/sms",
    )
    assert service.find(MEMBER, HERE, added.id) == added


@pytest.mark.parametrize(
    ("caller", "given", "problem"),
    [
        (ADMIN, {"type": "email"}, IntegrationExists),
        (ADMIN, {"type": "fax"}, UnknownType),
        (ADMIN, {"type": "email", "config": {"deep": [{"api_key": "x"}]}}, SecretInConfiguration),
        (ADMIN, {"type": "fax", "name": "a\0b"}, Invalid),
        (ADMIN, {"type": "fax", "config": {"a": "\0"}}, Invalid),
        (MEMBER, {"type": "email"}, Refused),
        (STRANGER, {"type": "email"}, Refused),
        (Identity.anonymous(), {"type": "email"}, Refused),
    ],
)
def test_adding_is_refused(
    service: IntegrationService, caller: Identity, given: dict[str, Any], problem: type[Exception]
) -> None:
    before = names(service, MEMBER)
    with pytest.raises(problem):
        service.add(caller, HERE, NewIntegration(**{"name": "New", **given}))
    assert names(service, MEMBER) == before


def test_an_organization_that_is_not_there(service: IntegrationService) -> None:
    with pytest.raises(Invalid) as caught:
        service.add(Identity.service(), uuid4(), NewIntegration(type="email", name="New"))
    assert caught.value.constraint == "integrations_organization_id_fkey"


def test_configuring_changes_what_is_given(service: IntegrationService) -> None:
    before = service.find(ADMIN, HERE, EMAIL)
    renamed = service.configure(ADMIN, HERE, EMAIL, Configuration(name="Post"))
    assert renamed == before.model_copy(update={"name": "Post"})
    assert service.configure(ADMIN, HERE, EMAIL, Configuration()) == renamed
    emptied = service.configure(ADMIN, HERE, EMAIL, Configuration(config={}, credentials_ref=None))
    assert (emptied.name, emptied.config, emptied.credentials_ref) == ("Post", {}, None)
    with pytest.raises(SecretInConfiguration):
        service.configure(ADMIN, HERE, EMAIL, Configuration(name="No", config={"Password": "x"}))
    assert service.find(ADMIN, HERE, EMAIL) == emptied


CHANGES = [
    lambda service, caller, where, which: service.activate(caller, where, which),
    lambda service, caller, where, which: service.deactivate(caller, where, which),
    lambda service, caller, where, which: service.configure(caller, where, which, Configuration(name="x")),
    lambda service, caller, where, which: service.delete(caller, where, which),
]


@pytest.mark.parametrize("change", CHANGES, ids=["activate", "deactivate", "configure", "delete"])
def test_members_are_told_that_they_may_not_strangers_that_nothing_is_there(
    service: IntegrationService, change: Any
) -> None:
    before = service.list_integrations(ADMIN, HERE)
    with pytest.raises(NotAnAdmin):
        change(service, MEMBER, HERE, EMAIL)
    for caller, where, which in (
        (STRANGER, HERE, EMAIL),
        (ADMIN, HERE, UUID(GLOBEX_EMAIL)),
        (ADMIN, UUID(GLOBEX), EMAIL),
        (ADMIN, UUID(GLOBEX), UUID(GLOBEX_EMAIL)),
        (ADMIN, HERE, uuid4()),
    ):
        with pytest.raises(IntegrationNotFound):
            change(service, caller, where, which)
    assert service.list_integrations(ADMIN, HERE) == before


def test_deleting_takes_executions_and_usage_along(
    service: IntegrationService, executions: ExecutionLog, database: Database
) -> None:
    assert executions.recent(MEMBER, HERE, EMAIL)
    service.delete(ADMIN, HERE, EMAIL)
    assert executions.recent(MEMBER, HERE, EMAIL) == []
    assert not [day for day in service.usage(MEMBER, HERE) if day.integration_id == EMAIL]
    events = "select count(*) from public.security_events where kind = 'integrations.delete'"
    assert database.value(ADMIN, events) == 1
    with pytest.raises(IntegrationNotFound):
        service.delete(ADMIN, HERE, EMAIL)


def test_health_and_usage_are_the_organizations(service: IntegrationService) -> None:
    assert {one.name: one.health for one in service.health(MEMBER, HERE)}["Old bot"] == "inactive"
    assert service.health(STRANGER, HERE) == []
    usage = service.usage(MEMBER, HERE, days=3)
    assert {day.integration_id for day in usage} == {EMAIL, UUID(ACME_WHATSAPP)}
    assert [day.day for day in usage] == sorted((day.day for day in usage), reverse=True)
    assert service.usage(STRANGER, HERE) == []


def counted(service: IntegrationService) -> tuple[int, int]:
    today = [day for day in service.usage(MEMBER, HERE, days=1) if day.integration_id == TELEGRAM]
    return sum(day.executions for day in today), sum(day.failed for day in today)


def test_an_execution_is_counted_once_however_often_it_is_sent(
    service: IntegrationService, executions: ExecutionLog
) -> None:
    new = NewExecution(id=uuid4(), workflow="send_reminder")
    failed = Ending(status="failed", error="no answer")
    for _ in range(3):
        assert executions.start(Identity.service(), HERE, TELEGRAM, new).status == "running"
    for _ in range(3):
        ended = executions.finish(Identity.service(), HERE, TELEGRAM, new.id, failed)
        assert (ended.status, ended.error) == ("failed", "no answer")
    assert counted(service) == (1, 1)
    assert executions.start(Identity.service(), HERE, TELEGRAM, new).status == "failed"
    assert counted(service) == (1, 1)
    assert executions.recent(MEMBER, HERE, TELEGRAM)[0].id == new.id


def test_an_end_is_the_end(executions: ExecutionLog) -> None:
    new = NewExecution(id=uuid4(), workflow="send_reminder")
    executions.start(Identity.service(), HERE, TELEGRAM, new)
    executions.finish(Identity.service(), HERE, TELEGRAM, new.id, Ending(status="succeeded", error="dropped"))
    with pytest.raises(AlreadyFinished):
        executions.finish(Identity.service(), HERE, TELEGRAM, new.id, Ending(status="failed", error="late"))
    with pytest.raises(ExecutionNotFound):
        executions.finish(Identity.service(), HERE, TELEGRAM, uuid4(), Ending(status="succeeded"))
    with pytest.raises(ExecutionNotFound):
        executions.start(Identity.service(), HERE, EMAIL, new)
    other = NewExecution(id=uuid4(), workflow="w")
    with pytest.raises(IntegrationNotFound):
        executions.start(Identity.service(), HERE, UUID(GLOBEX_EMAIL), other)


def test_only_services_record(executions: ExecutionLog) -> None:
    new = NewExecution(id=uuid4(), workflow="w")
    for caller in (ADMIN, MEMBER, STRANGER, Identity.anonymous()):
        with pytest.raises(Refused):
            executions.start(caller, HERE, TELEGRAM, new)
        with pytest.raises(Refused):
            executions.finish(caller, HERE, TELEGRAM, new.id, Ending(status="succeeded"))


def test_many_at_once_are_counted_once_each(service: IntegrationService, executions: ExecutionLog) -> None:
    started = [NewExecution(id=uuid4(), workflow="w") for _ in range(20)]

    def run(new: NewExecution) -> None:
        executions.start(Identity.service(), HERE, TELEGRAM, new)
        executions.finish(Identity.service(), HERE, TELEGRAM, new.id, Ending(status="failed", error="x"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, started * 3))
    assert counted(service) == (20, 20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | st.just(math.nan) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=st.dictionaries(st.text(), JSON, max_size=4), name=st.text(min_size=1, max_size=200))
def test_whatever_is_configured_is_kept_or_refused(
    service: IntegrationService, config: dict[str, Any], name: str
) -> None:
    before = service.find(ADMIN, HERE, EMAIL)
    try:
        changed = service.configure(ADMIN, HERE, EMAIL, Configuration(name=name, config=config))
    except (Invalid, SecretInConfiguration):
        assert service.find(ADMIN, HERE, EMAIL) == before
        return
    assert changed.name == name
    assert changed.config == config
    assert service.find(MEMBER, HERE, EMAIL) == changed
