"""Load tests: shapes, exact quantiles, verdicts, and one real run of Locust against the platform."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from fix_platform import PROJECT, Deployed
from servers import at

from gatepost.errors import StatementFailed, UsageError
from gatepost.gates.verdict import Verdict
from gatepost.load.judgement import verdict_of
from gatepost.load.result import Requests, read
from gatepost.load.run import Goal, Plan, run, scenario_files
from gatepost.production import require_meant
from gatepost.stacks import Stack

SHAPES_AS_JSON = """
import json
from gatepost.load.shapes import SHAPES
print(json.dumps({name: [share(at / 100) for at in range(100)] for name, share in SHAPES.items()}))
"""


@pytest.fixture(scope="module")
def shapes() -> dict[str, list[float]]:
    """Each shape at every hundredth of its time; Locust is kept out of this process, which it would patch."""
    done = subprocess.run([sys.executable, "-c", SHAPES_AS_JSON], capture_output=True, text=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def test_every_shape_reaches_all_users_and_no_more(shapes: dict[str, list[float]]) -> None:
    assert set(shapes) == {"smoke", "steady", "ramp", "spike", "soak", "stage"}
    for name, shares in shapes.items():
        assert min(shares) > 0, name
        assert max(shares) == pytest.approx(1.0, abs=0.02), name


def test_a_spike_comes_and_goes_and_stages_only_grow(shapes: dict[str, list[float]]) -> None:
    assert (shapes["spike"][10], shapes["spike"][50], shapes["spike"][90]) == (0.2, 1.0, 0.2)
    assert all(one <= other for one, other in itertools.pairwise(shapes["stage"]))
    assert len(set(shapes["stage"])) == 4


def test_quantiles_are_exact() -> None:
    one = Requests("look up", 100, 0, 0, ((0.123, 50), (1.5, 45), (147.0, 5)), 5.0)
    assert (one.quantile(0.5), one.quantile(0.95), one.quantile(0.99)) == (0.123, 1.5, 147.0)
    assert one.slower_than(5.0) == 5


@pytest.mark.parametrize(
    ("bad", "count", "allowed", "expected"),
    [
        (0, 368, 0.01, Verdict.PASS),
        (0, 367, 0.01, Verdict.INCONCLUSIVE),
        (0, 0, 0.01, Verdict.INCONCLUSIVE),
        (10, 1000, 0.01, Verdict.INCONCLUSIVE),
        (30, 1000, 0.01, Verdict.FAIL),
        (1000, 1000, 0.01, Verdict.FAIL),
    ],
)
def test_a_share_is_judged_by_its_interval(bad: int, count: int, allowed: float, expected: Verdict) -> None:
    assert verdict_of(bad, count, allowed) == expected


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(UsageError, match="no scenario is called postss: there are api, engagement_events"):
        scenario_files(PROJECT, ["postss"])


def test_production_is_loaded_only_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: notes\n")
    (tmp_path / "Pulumi.live.yaml").write_text("config:\n  notes:environment: production\n")
    live = Stack(tmp_path, "live")
    for said in (None, "yes", "production"):
        with pytest.raises(UsageError, match="--against live"):
            require_meant(live, said, "--against")
    require_meant(live, "live", "--against")
    require_meant(Stack(PROJECT, "local"), None, "--against")


def test_a_run_measures_every_kind_of_request(clone: Deployed) -> None:
    count = "select count(*) as n from engagement_events where event_type like 'post.%'"
    with clone.superuser() as connection:
        before = connection.execute(count).fetchone()
    result = run(PROJECT, Plan(("engagement_events",), users=4, duration=4), Goal(clone.url("authenticator")))
    with clone.superuser() as connection:
        after = connection.execute(count).fetchone()
    assert {"record one event", "last 50 events"} <= {one.name for one in result.requests}
    assert (result.errors, sum(one.failures for one in result.requests)) == ((), 0)
    assert before is not None
    assert after is not None
    assert after["n"] > before["n"]
    one = next(one for one in result.requests if one.name == "record one event")
    assert one.limit == 100.0
    assert sum(number for _, number in one.times) == one.count > 0
    assert any(milliseconds != round(milliseconds) for milliseconds, _ in one.times)


def test_a_database_that_is_gone_is_told(clone: Deployed) -> None:
    nowhere = at(clone.url("authenticator"), "nowhere")
    with pytest.raises(StatementFailed, match=r"(?s)no request came off.*nowhere"):
        run(PROJECT, Plan(("engagement_events",), users=1, duration=2), Goal(nowhere))


def test_a_result_is_read_as_it_was_written() -> None:
    written = {
        "saturated": True,
        "seconds": 2.0,
        "reports": 2,
        "requests": {
            "a": {
                "count": 2,
                "failures": 1,
                "unanswered": 1,
                "times": [[1.25, 2]],
                "limit": {"what": "a", "limit": 1.5, "unit": "s"},
            }
        },
        "errors": ["a: no (1 times)"],
    }
    result = read(written)
    assert (result.saturated, result.rate, result.requests[0].limit) == (True, 1.0, 1500.0)
    assert (result.unanswered, result.reports) == (1, 2)
