"""The way back to the previous release, and the proof that it was gone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatepost.engine.model import Manner
from gatepost.engines import EngineName, choose
from gatepost.observer import Observer
from gatepost.planned_hazards import APPROVE
from gatepost.postgres.plan import Hazard
from gatepost.release.commits import checked_out
from gatepost.release.preparation import Release, catalog_of, differences, fingerprint
from gatepost.verify.declared import collect
from gatepost.verify.proof import prove

if TYPE_CHECKING:
    from gatepost.stacks import Stack
    from gatepost.verify.check import Check

Tell = Callable[[str], None]
_SHOWN = 10


@dataclass(frozen=True)
class Proof:
    """What was found after the way back; all of it empty is proof that everything is as before."""

    failed: Sequence[str]
    """Checks of the previous program that fail."""
    left: Sequence[str]
    """Resources that another deployment of it would change."""
    differences: Sequence[str]
    """Objects that are not as they were before the deployment."""

    @property
    def ok(self) -> bool:
        """Whether it is proved."""
        return not (self.failed or self.left or self.differences)

    def as_json(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "proven": self.ok,
            "failed": list(self.failed),
            "left": list(self.left),
            "differences": list(self.differences),
        }

    def __str__(self) -> str:
        """Say what is not as before, or that all is."""
        if self.ok:
            return "every check of it passes, the catalog is as before, and nothing is left to change"
        told = [*self.failed, *(f"{one} would still change" for one in self.left), *self.differences]
        more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        return "; ".join(told[:_SHOWN]) + more


def roll_back(release: Release, engine: EngineName | None, parallel: int, tell: Tell) -> Proof:
    """Deploy the previous release over what is there, and look at what came of it.

    What the failed deployment made goes, with what was put into it since; hazards need no approval here.

    :raises GatepostError: it cannot be deployed.
    """
    assert release.previous is not None
    with checked_out(release.stack, release.previous) as before, _everything_approved():
        tell(f"going back to {release.previous.short}")
        choose(before, engine, Observer(), parallel, Manner(refresh=True)).up()
        tell(f"proving that {release.previous.short} is back")
        observer = Observer()
        left = choose(before, engine, observer, parallel).preview()
        changed = [
            one.name for one in left.steps if one.status == "planned" and one.op not in ("same", "read")
        ]
        return Proof(failing(before), changed, _differences(release, before))


def _differences(release: Release, before: Stack) -> list[str]:
    now = catalog_of(collect(before)[0])
    if fingerprint(now) == release.fingerprint:
        return []
    if release.interrupted:
        return ["the catalog is not what it was before the deployment that was cut short"]
    return differences(release.catalog, now)


def failing(stack: Stack) -> list[str]:
    """Return the checks of a program that fail, and fail again a moment later: times vary."""
    failed = _failed(stack)
    if failed:
        time.sleep(1)
        again = {(one.kind, one.name) for one in _failed(stack)}
        failed = [one for one in failed if (one.kind, one.name) in again]
    return [_words(one) for one in failed]


def _failed(stack: Stack) -> list[Check]:
    return [one for one in prove(stack) if not one.ok]


def _words(check: Check) -> str:
    from gatepost.verify.check import text_of

    expected, found = text_of(check.expected, check.found), text_of(check.found, check.expected)
    return f"{check.kind} {check.name}: expected {expected}; found {found}"


@contextmanager
def _everything_approved() -> Iterator[None]:
    before = os.environ.get(APPROVE)
    os.environ[APPROVE] = ",".join(Hazard)
    try:
        yield
    finally:
        if before is None:
            del os.environ[APPROVE]
        else:
            os.environ[APPROVE] = before
