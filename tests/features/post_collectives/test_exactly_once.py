"""Whatever happens on the way: effects exactly once, and the audit log equal to what was done."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from fix_platform import Deployed
from gazette import (
    ADA,
    BO,
    CLEO,
    DAN,
    DIARY,
    GAZETTE,
    LETTER,
    NOTES,
    NOWHERE,
    UNFINISHED,
    WELCOME,
    WORKSHOP,
    Log,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lossy import Fate, Lossy
from psycopg.sql import Composed

from gatepost.session import Database, Identity, Unavailable
from services.post_collectives import PostCollectiveError, PostCollectiveService
from services.post_collectives.errors import Cancelled, OutcomeNotKnown, TemporarilyFailed

AUTHORS = {UNFINISHED: BO, LETTER: BO, DIARY: DAN, WELCOME: ADA}
POSTERS = {(BO, GAZETTE), (BO, WORKSHOP), (DAN, WORKSHOP), (ADA, GAZETTE), (ADA, WORKSHOP)}
MEMBERS = {GAZETTE: {ADA, BO, CLEO, DAN}, WORKSHOP: {ADA, BO, CLEO, DAN}, NOTES: set(), NOWHERE: set()}
ROWS = "select post_id::text as post, collective_id::text as collective, status from public.post_collectives"
QUICK = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Pair = tuple[str, str]


def shared(database: Database) -> dict[Pair, str]:
    rows = database.rows(Identity.service(), ROWS)
    return {(row["post"], row["collective"]): row["status"] for row in rows}


@contextmanager
def afresh(copied: Deployed, restoring: Composed) -> Iterator[None]:
    """Bring every row back for one example."""
    with copied.superuser() as connection:
        connection.execute(restoring)
    yield


def since(database: Database) -> Any:
    newest = "select coalesce(max(id), 0) as id from public.post_collective_audit_log"
    began = database.value(Identity.service(), newest)
    rows = "select * from public.post_collective_audit_log where id > %(began)s order by id"
    return lambda: database.rows(Identity.service(), rows, began=began)


COLLECTIVES = st.lists(st.sampled_from([GAZETTE, WORKSHOP, NOTES, NOWHERE]), max_size=4)
OPERATIONS = st.tuples(
    st.sampled_from(["create", "update", "remove"]),
    st.sampled_from([ADA, BO, DAN]),
    st.sampled_from([UNFINISHED, LETTER, DIARY, WELCOME]),
    COLLECTIVES,
    st.sampled_from(["published", "hidden"]),
)


class Model:
    """What sharing means, without a database: what is shared, and what the log says."""

    def __init__(self, found: dict[Pair, str]) -> None:
        self.shared = dict(found)
        self.log: Counter[tuple[str, str]] = Counter()

    def do(self, action: str, user: str, post: str, collectives: list[str], status: str) -> bool:
        """Return whether it is done; else nothing is."""
        wanted = list(dict.fromkeys(collectives))
        changes = self._changes(action, user, post, wanted, status) if wanted else None
        if changes is None:
            self.log[action, "refused"] += 1
            return False
        self.shared = {pair: now for pair, now in {**self.shared, **changes}.items() if now}
        self.log[action, "succeeded"] += len(changes)
        return True

    def _changes(
        self, action: str, user: str, post: str, wanted: list[str], status: str
    ) -> dict[Pair, str] | None:
        """Return what each pair becomes, an empty word for what goes; None: it is refused."""
        own = AUTHORS[post] == user
        there = [one for one in wanted if (post, one) in self.shared and self._sees(user, post, one)]
        if action == "create":
            allowed = own and all((user, one) in POSTERS for one in wanted)
            return (
                {(post, one): status for one in wanted if (post, one) not in self.shared} if allowed else None
            )
        if action == "update":
            differing = [one for one in there if self.shared[post, one] != status]
            allowed = len(there) == len(wanted) and all(
                self._may_set(user, own, self.shared[post, one], one, status) for one in differing
            )
            return {(post, one): status for one in differing} if allowed else None
        if any(not (own or self._moderates(user, one)) for one in there):
            return None
        return {(post, one): "" for one in there} if there or self._reads(user, post) else None

    def _may_set(self, user: str, own: bool, before: str, collective: str, status: str) -> bool:
        if own and (user, collective) in POSTERS:
            return True
        return self._moderates(user, collective) and before == status == "published"

    def _moderates(self, user: str, collective: str) -> bool:
        return (user, collective) in {(ADA, GAZETTE), (BO, WORKSHOP)}

    def _sees(self, user: str, post: str, collective: str) -> bool:
        member = user in MEMBERS[collective]
        published = self.shared[post, collective] == "published"
        return AUTHORS[post] == user or (member and (published or self._moderates(user, collective)))

    def _reads(self, user: str, post: str) -> bool:
        if AUTHORS[post] == user or post == WELCOME:
            return True
        of_members = post == LETTER
        return of_members and any(
            status == "published" and user in MEMBERS[collective]
            for (one, collective), status in self.shared.items()
            if one == post
        )


@QUICK
@given(st.lists(OPERATIONS, max_size=8))
def test_any_sequence_does_what_the_model_does(
    database: Database, copied: Deployed, restoring: Composed, operations: list[Any]
) -> None:
    with afresh(copied, restoring):
        service, model, log = PostCollectiveService(database), Model(shared(database)), since(database)
        for action, user, post, collectives, status in operations:
            done = True
            arguments: list[Any] = [Identity.user(user), post, user, collectives]
            try:
                match action:
                    case "create":
                        service.create_post_collective_associations(*arguments, {"status": status})
                    case "update":
                        service.update_post_collective_associations(*arguments, {"status": status})
                    case _:
                        service.remove_post_collective_associations(*arguments)
            except PostCollectiveError:
                done = False
            assert done is model.do(action, user, post, collectives, status), (
                action,
                user,
                post,
                collectives,
            )
            assert shared(database) == model.shared
        written = Counter((row["action"], row["outcome"]) for row in log())
        assert +written == +model.log


@QUICK
@given(st.lists(st.lists(st.sampled_from([GAZETTE, WORKSHOP]), min_size=1), min_size=2, max_size=6))
def test_concurrent_creations_of_the_same_association_make_one(
    database: Database, copied: Deployed, restoring: Composed, wanted: list[list[str]]
) -> None:
    with afresh(copied, restoring):
        service, log = PostCollectiveService(database), since(database)

        def create(ids: list[str]) -> list[str]:
            made = service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, ids)
            return [str(one.collective_id) for one in made.associations if one.is_new]

        with ThreadPoolExecutor(4) as pool:
            new = [one for made in pool.map(create, wanted) for one in made]
        expected = {one for ids in wanted for one in ids}
        assert sorted(new) == sorted(expected)
        assert {collective for post, collective in shared(database) if post == UNFINISHED} == expected
        assert [(row["action"], row["outcome"]) for row in log()] == [("create", "succeeded")] * len(expected)


@pytest.fixture
def lossy(copied: Deployed) -> Iterator[Lossy]:
    parts = urlsplit(copied.url("authenticator"))
    made = Lossy(parts.hostname or "", parts.port or 0)
    yield made
    made.close()


@pytest.fixture
def behind(copied: Deployed, lossy: Lossy) -> Iterator[Database]:
    """A pool whose connections lead through the lossy stretch."""
    parts = urlsplit(copied.url("authenticator"))
    login = parts.netloc.rpartition("@")[0]
    url = parts._replace(netloc=f"{login}@127.0.0.1:{lossy.port}", query="sslmode=disable").geturl()
    with Database(url) as opened:
        yield opened


FATES = st.lists(st.sampled_from(["pass", "lose_request", "lose_answer"]), max_size=3)


@QUICK
@given(FATES)
def test_lost_requests_and_answers_are_made_up_for(
    database: Database,
    behind: Database,
    lossy: Lossy,
    copied: Deployed,
    restoring: Composed,
    fates: list[Fate],
) -> None:
    bo, both = Identity.user(BO), [GAZETTE, WORKSHOP]
    with afresh(copied, restoring):
        service, log = PostCollectiveService(behind), since(database)

        def meet() -> None:
            lossy.fates.clear()
            lossy.fates.extend(fates)

        meet()
        made = service.create_post_collective_associations(bo, UNFINISHED, BO, both)
        assert [(str(one.collective_id), one.is_new) for one in made.associations] == [
            (GAZETTE, True),
            (WORKSHOP, True),
        ]
        meet()
        changed = service.update_post_collective_associations(bo, UNFINISHED, BO, both, {"pinned": True})
        assert [str(one) for one in changed.changed] == both
        meet()
        removed = service.remove_post_collective_associations(bo, UNFINISHED, BO, both)
        assert [str(one) for one in removed.removed] == both
        lossy.fates.clear()
        assert [(row["action"], row["outcome"]) for row in log()] == [
            (action, "succeeded") for action in ("create", "update", "remove") for _ in both
        ]
        operations = {row["operation_id"] for row in log()}
        assert operations == {made.operation_id, changed.operation_id, removed.operation_id}


@pytest.mark.parametrize("fate", ["lose_request", "lose_answer"])
def test_when_all_is_lost_it_is_said_and_written_down_once(
    database: Database, behind: Database, lossy: Lossy, audit_log: Log, fate: Fate
) -> None:
    service = PostCollectiveService(behind)
    lossy.fates.extend([fate] * 6)
    with pytest.raises(OutcomeNotKnown):
        service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])
    lossy.fates.clear()
    assert service.audit.write_waiting() == 0
    happened = [(row["action"], row["outcome"], row["error_code"]) for row in audit_log()]
    failed = ("create", "failed", "outcome_unknown")
    done = [("create", "succeeded", None)] if fate == "lose_answer" else []
    assert happened == [*done, failed]
    again = service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])
    assert [one.is_new for one in again.associations] == [not done]


@contextmanager
def somebody_in_the_way(copied: Deployed) -> Iterator[None]:
    """The same association, not committed: whoever wants it waits."""
    with copied.connect("authenticator") as connection:
        connection.execute("set local role service_role")
        connection.execute(
            "insert into public.post_collectives (post_id, collective_id) values (%s, %s)",
            [UNFINISHED, GAZETTE],
        )
        yield
        connection.rollback()


def test_a_cancelled_request_leaves_nothing_but_a_line_in_the_log(
    service: PostCollectiveService, database: Database, copied: Deployed, audit_log: Log
) -> None:
    class GaveUp(BaseException):
        pass

    def give_up(*_: object) -> None:
        raise GaveUp

    before, bo = signal.signal(signal.SIGALRM, give_up), Identity.user(BO)
    try:
        with somebody_in_the_way(copied):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(GaveUp):
                service.create_post_collective_associations(bo, UNFINISHED, BO, [WORKSHOP, GAZETTE])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert {pair for pair in shared(database) if pair[0] == UNFINISHED} == set()
    assert [(row["outcome"], row["error_code"]) for row in audit_log()] == [("failed", Cancelled.code)]
    assert idle(copied)


def idle(copied: Deployed) -> bool:
    """Whether nothing of the services still runs."""
    with copied.superuser() as connection:
        rows = connection.execute(
            "select from pg_stat_activity where datname = current_database()"
            " and application_name = 'gatepost serve' and state <> 'idle'"
        ).fetchall()
    return not rows


def test_who_waits_too_long_is_told_and_nothing_is_half_done(copied: Deployed, audit_log: Log) -> None:
    with Database(copied.url("authenticator"), lock_timeout=0.05) as impatient:
        service = PostCollectiveService(impatient)
        with somebody_in_the_way(copied), pytest.raises(TemporarilyFailed):
            service.create_post_collective_associations(
                Identity.user(BO), UNFINISHED, BO, [WORKSHOP, GAZETTE]
            )
        assert {pair for pair in shared(impatient) if pair[0] == UNFINISHED} == set()
        (entry,) = audit_log()
        assert (entry["outcome"], entry["detail"]["sqlstate"], entry["detail"]["attempts"]) == (
            "failed",
            "55P03",
            4,
        )


def test_among_connections_that_die_the_log_adds_up(
    database: Database, copied: Deployed, audit_log: Log
) -> None:
    service, over = PostCollectiveService(database), Event()
    before = set(shared(database))

    def work(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(30):
            post = chosen.choice([UNFINISHED, LETTER])
            ids = chosen.sample([GAZETTE, WORKSHOP], chosen.choice([1, 2]))
            do = chosen.choice(
                [service.create_post_collective_associations, service.remove_post_collective_associations]
            )
            with suppress(OutcomeNotKnown, TemporarilyFailed):
                do(Identity.user(BO), post, BO, ids)

    def kill() -> None:
        while not over.wait(0.02):
            with copied.superuser() as connection, suppress(psycopg.Error):
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name = 'gatepost serve' and datname = current_database()"
                    " order by random() limit 1"
                )

    with ThreadPoolExecutor(4) as pool:
        killing = pool.submit(kill)
        try:
            list(pool.map(work, range(3)))
        finally:
            over.set()
        killing.result()
    for _ in range(8):
        with suppress(Unavailable):
            database.value(Identity.service(), "select true")
    assert service.audit.write_waiting() == 0
    balance: Counter[Pair] = Counter()
    for row in audit_log():
        if row["outcome"] == "succeeded":
            pair = (str(row["post_id"]), str(row["collective_id"]))
            balance[pair] += {"create": 1, "remove": -1}[row["action"]]
    after = set(shared(database))
    for pair in {(post, one) for post in (UNFINISHED, LETTER) for one in (GAZETTE, WORKSHOP)}:
        assert balance[pair] == (pair in after) - (pair in before)
    failed = {entry.operation_id for entry in service.audit.get_local_logs(200) if entry.error_code}
    assert {row["operation_id"] for row in audit_log() if row["outcome"] != "succeeded"} == failed


def test_ids_of_operations_are_their_own(service: PostCollectiveService, audit_log: Log) -> None:
    made: set[UUID] = set()
    for collective in (GAZETTE, WORKSHOP):
        made.add(
            service.create_post_collective_associations(
                Identity.user(BO), UNFINISHED, BO, [collective]
            ).operation_id
        )
    assert {row["operation_id"] for row in audit_log()} == made
    assert len(made) == 2
