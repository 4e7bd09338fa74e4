"""What a deployment remembers of the catalog, while other plans of it run."""

from __future__ import annotations

import time
from threading import Thread

from fix_provider import Deploy

from gatepost.postgres.catalog import Key
from gatepost.postgres.ledger import Work
from gatepost.postgres.plan import Plan, Statement
from gatepost.postgres.planned import Planned

SLEEP = "select pg_sleep(0.7)"


def test_what_was_read_while_a_plan_ran_is_not_kept(deploy: Deploy) -> None:
    """Else the policy of a partitioned table was not given to its partitions: they seemed not to be there."""
    session = deploy.provider.opened()
    plan = Plan((Statement("create table seen (id int)"), Statement(SLEEP)))
    running = Thread(target=session.run, args=(plan, 'Table "seen"', Work("urn:seen", "create")))
    running.start()
    while deploy.sql(
        f"select count(*) from pg_stat_activity where state = 'active' and query = '{SLEEP}'"
    ) == [(0,)]:
        time.sleep(0.02)
    with session.remembering(Planned(), preview=False) as facts:
        assert facts.read(Key("tables", "public", "seen")) is None
    running.join()
    with session.remembering(Planned(), preview=False) as facts:
        assert facts.read(Key("tables", "public", "seen")) is not None
