"""`gatepost deploy`: a plan past its gates to a stack, verified, recorded, and taken back when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gatepost import planned_hazards
from gatepost.cli import gate as verdicts
from gatepost.cli.deploy import Command, Options, show_nothing, show_plan
from gatepost.cli.listing import changes_of, show_summary
from gatepost.engines import choose
from gatepost.errors import GateNotPassed
from gatepost.gates.policy import Required, gate_named, required
from gatepost.gates.preflight import PreflightGate
from gatepost.gates.running import judge
from gatepost.gates.verdict import Outcome
from gatepost.observer import Observer
from gatepost.postgres import deployment_lock
from gatepost.postgres.connect import DatabaseMissing, connect
from gatepost.production import require_meant
from gatepost.release import commits
from gatepost.release.delivery import Checks, Delivery, save_state
from gatepost.release.preparation import Release, one_way, prepared, require_way_back
from gatepost.verify.declared import collect

if TYPE_CHECKING:
    from gatepost.engine.model import Result
    from gatepost.engines import Engine

_VERIFY = "verify"


@dataclass(frozen=True)
class Wanted:
    """What `gatepost deploy` is asked for, beside what every deploying command is."""

    base: str | None = None
    """The commit that the stack has, where its log does not say."""
    to: str | None = None
    """The name of a production stack once more."""


def deploy(options: Options, wanted: Wanted) -> None:
    """Deploy the working tree's commit past the gates of the stack's environment.

    :raises GateNotPassed: a gate says no, and nothing was touched.
    :raises RolledBack: it failed, and the release before is there again.
    :raises RollbackFailed: it failed, and nobody can prove that.
    """
    command = Command("deploy", options)
    with command.opened() as engine:
        require_meant(command.stack, wanted.to, "--to")
        if not options.yes and not command.screen.can_ask:
            command.confirm("")
        with _alone(command):
            _deploy(command, engine, wanted)


@contextmanager
def _alone(command: Command) -> Iterator[None]:
    """Keep every other `gatepost deploy` out; before there is a database the state's own lock must do."""
    targets = [one.target() for one in collect(command.stack)[0] if one.package == "gatepost"]
    try:
        connection = connect(targets[0]) if targets else None
    except DatabaseMissing:
        connection = None
    if connection is None:
        yield
        return
    with connection:
        deployment_lock.take(connection, targets[0], deployment_lock.RELEASE)
        yield


def _deploy(command: Command, engine: Engine, wanted: Wanted) -> None:
    release = prepared(command.stack, engine, wanted.base)
    command.document |= _described(release)
    planned = command.preview(engine, engine.preview)
    command.settle(planned)
    settled = not changes_of(planned) and not planned.restated
    if settled and release.commit == release.previous and not release.interrupted:
        command.document["outcome"] = "nothing to do"
        show_nothing(command, planned)
        return
    _show(command, release, planned)
    command.gate(engine)
    _require_way_back(command, release)
    state = save_state(release, engine)
    before, after = _gates(command, release, str(state))
    outcomes = _pass(command, before)
    lost = one_way(command.observer, changes_of(planned))
    _tell_one_way(command, lost)
    command.confirm(f"\ndeploy {release.commit.short} to {command.stack.name}?")
    delivery = _delivery(command, release, engine, after, before[0])
    delivery = replace(delivery, told=_kept(command, outcomes, lost))
    _carry_out(command, engine, delivery, len(changes_of(planned)))


def _described(release: Release) -> dict[str, Any]:
    return {
        "deployment": str(release.deployment),
        "release": release.commit.id,
        "previous": release.previous.id if release.previous else None,
        "goes_on_from": str(release.interrupted.deployment) if release.interrupted else None,
    }


def _show(command: Command, release: Release, planned: Result) -> None:
    show_plan(command, planned)
    before = release.previous.short if release.previous else "nothing: there is no release to go back to"
    command.screen.line(f"release {release.commit.short} over {before}", "bold")
    if release.log is None:
        command.screen.line("warning: the program declares no deployment_log: nothing is recorded", "yellow")
    if cut := release.interrupted:
        words = f"the deployment of {cut.at:%F %T} was cut short; this one goes on from there"
        command.screen.line(f"warning: {words}", "yellow")


def _require_way_back(command: Command, release: Release) -> None:
    if release.previous is None:
        return
    options = command.options
    with commits.checked_out(command.stack, release.previous) as before:
        require_way_back(release, choose(before, options.engine, Observer(), options.parallel))


def _gates(command: Command, release: Release, state: str) -> tuple[list[Required], list[Required]]:
    """Return the gates to pass before, preflight first, and those that judge what is deployed."""
    policy = required(command.stack.root, command.stack.environment)
    first = next((one for one in policy if one.gate.name == PreflightGate.name), None)
    others = [one for one in policy if one.gate.name not in (PreflightGate.name, _VERIFY)]
    base = release.previous.id if release.previous else None
    before = [
        one.with_options(base=base, state=state)
        for one in others
        if not one.gate.of_deployed and (base or "base" not in one.gate.options)
    ]
    after = [one for one in others if one.gate.of_deployed]
    return [first or Required(gate_named(PreflightGate.name)), *before], after


def _pass(command: Command, gates: Sequence[Required]) -> list[Outcome]:
    """Ask the gates that come before.

    :raises GateNotPassed: one does not pass.
    """
    from gatepost.gates.report import as_json

    with verdicts.telling(command.screen) as tell:
        outcomes = judge(gates, command.stack, tell)
    command.document["gates"] = as_json(outcomes)
    command.screen.line()
    verdicts.show(command.screen, "gates", outcomes)
    refused = [one for one in outcomes if one.verdict != "pass"]
    if refused:
        command.document["outcome"] = "refused"
        told = [f"{one.gate}: {one.verdict}, {one.figure}" for one in refused]
        raise GateNotPassed("\n".join(("a gate does not pass, so nothing was deployed", *told)))
    return outcomes


def _tell_one_way(command: Command, lost: Sequence[str]) -> None:
    command.document["one_way"] = list(lost)
    for one in lost:
        command.screen.line(f"cannot be taken back: {one}", "bold yellow")


def _kept(command: Command, outcomes: Sequence[Outcome], lost: Sequence[str]) -> dict[str, Any]:
    hazards = planned_hazards.of_plans(command.observer)
    return {
        "hazards": sorted({f"{one.risk.name} by {one.risk.approval}" for one in hazards}),
        "gates": {one.gate: one.verdict for one in outcomes},
        "one_way": list(lost),
    }


def _delivery(
    command: Command, release: Release, engine: Engine, after: Sequence[Required], preflight: Required
) -> Delivery:
    options = preflight.options
    seconds = float(options.get("watch", Checks.seconds))
    checks = Checks(after, tuple(options.get("health", ())), seconds)
    name: Any = engine.name
    return Delivery(release, name, command.options.parallel, checks, {}, _telling(command))


def _telling(command: Command) -> Callable[[str], None]:
    if command.screen.json:
        return lambda _text: None
    return lambda text: command.screen.line(text, "dim")


def _carry_out(command: Command, engine: Engine, delivery: Delivery, total: int) -> None:
    command.screen.line()
    command.observer.plans.clear()
    command.document["outcome"] = "failed"
    try:
        result = delivery.run(lambda: command.watched(total, engine.up))
    finally:
        if delivery.proof:
            command.document["outcome"] = "rolled back" if delivery.proof.ok else "failed"
            command.document["rollback"] = delivery.proof.as_json()
        command.document["warnings"] += delivery.unrecorded
        for warning in delivery.unrecorded:
            command.screen.line(f"warning: {warning}", "yellow")
    command.settle(result)
    command.document["outcome"] = "deployed"
    show_summary(command.screen, result, changes_of(result), future=False)
    command.screen.line(f"{delivery.release.commit.short} is deployed and verified", "bold green")
