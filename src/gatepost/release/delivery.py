"""A deployment from its record to its end: apply, check, where that fails go back, and say so in the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.errors import DeploymentBusy, GatepostError, RollbackFailed, RolledBack
from gatepost.gates.running import judge
from gatepost.gates.verdict import Verdict
from gatepost.release import commits
from gatepost.release.health import watch
from gatepost.release.log import who
from gatepost.release.preparation import Release
from gatepost.release.rollback import Proof, failing, roll_back

if TYPE_CHECKING:
    from gatepost.engine.model import Result
    from gatepost.engines import Engine, EngineName
    from gatepost.gates.policy import Required

_KEPT = 20
"""So many states of before deployments are kept of a stack."""
_WATCHED = 15.0


class CheckFailed(GatepostError):
    """What is deployed does not hold what it should."""


@dataclass(frozen=True)
class Checks:
    """What is asked of a release once it is deployed, beside its verification."""

    gates: Sequence[Required] = ()
    health: Sequence[str] = ()
    """Addresses that must go on answering 200."""
    seconds: float = _WATCHED
    """For how long."""


@dataclass
class Delivery:
    """One deployment of a release."""

    release: Release
    engine: EngineName
    parallel: int
    checks: Checks
    told: Mapping[str, Any]
    """What the log keeps of it: hazards that were approved, verdicts, what cannot be taken back."""
    tell: Callable[[str], None]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    unrecorded: list[str] = field(default_factory=list)
    """Why something is not in the log."""
    proof: Proof | None = None
    """Of the roll-back, where there was one."""
    _recorded: bool = False

    def run(self, up: Callable[[], Result]) -> Result:
        """Apply the release with `up`, check it, and return what `up` did.

        :raises RolledBack: it failed, and the release before is there again.
        :raises RollbackFailed: it failed, and nobody can prove that.
        :raises GatepostError: it failed, and there was no release before.
        """
        self._begin()
        try:
            result = up()
            self._check()
        except KeyboardInterrupt:
            self._note("failure", "interrupted: the next deployment goes on from there")
            raise
        except GatepostError as error:
            self._note("failure", str(error))
            self._go_back(error)
            raise
        commits.keep(self.release.stack.root, self.release.stack.name, self.release.commit)
        self._note("success", f"release {self.release.commit.short}", changes=result.changes)
        return result

    def _begin(self) -> None:
        """Write the start down; what is already certain to fail does so before anything is touched."""
        if cut := self.release.interrupted:
            words = f"cut short: nobody saw its end, and {self.release.deployment} goes on from there"
            self._write(cut.deployment, "failure", words, {**cut.data})
        self._recorded = self._write_start()

    def _write_start(self, *, tried: bool = False) -> bool:
        words = f"release {self.release.commit.short} over {_short(self.release)}"
        data = {**self._facts, **self.told, "structure": self.release.fingerprint}
        return self._write(self.release.deployment, "start", words, data, self.started, tried=tried)

    def _check(self) -> None:
        """Verify what is deployed, ask the gates that judge it, and watch whether it fares well.

        :raises CheckFailed: says what does not hold.
        """
        self.tell("verifying")
        if failed := failing(self.release.stack):
            raise CheckFailed("\n".join(("what is deployed is not what the program declares", *failed)))
        outcomes = judge(self.checks.gates, self.release.stack, self.tell)
        bad = [f"{one.gate}: {one.verdict}, {one.figure}" for one in outcomes if one.verdict != Verdict.PASS]
        if bad:
            raise CheckFailed("\n".join(("a gate does not pass", *bad)))
        if self.checks.health:
            self.tell(f"watching {', '.join(self.checks.health)}")
        if ill := watch(self.checks.health, self.checks.seconds):
            raise CheckFailed("; ".join(f"{address} {words}" for address, words in ill.items()))

    def _go_back(self, error: GatepostError) -> None:
        """Go back to the release before, where there is one and the failure left anything.

        :raises RolledBack: it is there again.
        :raises RollbackFailed: nobody can prove that; nothing else is tried.
        """
        previous = self.release.previous
        if previous is None or isinstance(error, DeploymentBusy):
            return
        try:
            self.proof = roll_back(self.release, self.engine, self.parallel, self.tell)
        except KeyboardInterrupt:
            self._note("failure", f"the way back to {previous.short} was interrupted")
            raise
        except GatepostError as second:
            self._note("failure", f"the way back to {previous.short} failed: {second}")
            raise RollbackFailed(f"{error}\n{_not_back(self.release)}: {second}") from None
        facts = {"release": previous.id, "committed": previous.committed, "of": self.release.commit.id}
        words = f"back to {previous.short}: {self.proof}"
        self._note("rollback" if self.proof.ok else "failure", words, **facts, **self.proof.as_json())
        if not self.proof.ok:
            raise RollbackFailed(f"{error}\n{_not_back(self.release)}: {self.proof}")
        raise RolledBack(f"{error}\nrolled back to {previous.short}: {self.proof}")

    # the log

    @property
    def _facts(self) -> dict[str, Any]:
        release = self.release
        return {
            "stack": release.stack.name,
            "release": release.commit.id,
            "committed": release.commit.committed,
            "previous": release.previous.id if release.previous else None,
            "who": who(),
            "gatepost": version("gatepost"),
        }

    def _note(self, action: str, words: str, **data: Any) -> None:
        """Write a row; the start of a first deployment, whose table it made, is written then too."""
        if not self._recorded:
            self._recorded = self._write_start(tried=True)
        if self._recorded:
            self._write(self.release.deployment, action, words, {**self._facts, **data}, tried=True)

    def _write(
        self,
        deployment: Any,
        action: str,
        words: str,
        data: Mapping[str, Any],
        at: datetime | None = None,
        *,
        tried: bool = False,
    ) -> bool:
        if self.release.log is None:
            return False
        try:
            return self.release.log.record(deployment, action, words[:2000], data, at)
        except GatepostError as error:
            if not tried:
                raise
            self.unrecorded.append(f"{action} is not in the log: {error}")
            return False


def save_state(release: Release, engine: Engine) -> Path:
    """Keep the state from before in `.gatepost/releases`, as `pulumi stack export` writes it."""
    folder = release.stack.folder / "releases" / release.stack.name
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[: -_KEPT + 1]:
        old.unlink()
    file = folder / f"{release.deployment}.json"
    file.touch(0o600)
    file.write_text(json.dumps(engine.saved()), encoding="utf-8")
    return file


def _short(release: Release) -> str:
    return release.previous.short if release.previous else "nothing"


def _not_back(release: Release) -> str:
    kept = release.stack.folder / "releases" / release.stack.name / f"{release.deployment}.json"
    return (
        f"the way back to {_short(release)} failed, and nothing more is tried (the state from before is in"
        f" {kept}, the next deployment goes on from what there is)"
    )
