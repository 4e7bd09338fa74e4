"""up, preview, refresh, drift, destroy and outputs: one flow each, whichever engine runs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost import planned_hazards as hazards
from gatepost.cli import drifts as shown
from gatepost.cli.display import Screen, watching
from gatepost.cli.interrupt import consequences
from gatepost.cli.listing import changes_of, count, show_changes, show_summary
from gatepost.cli.problems import as_json, interrupted, print_json
from gatepost.engine.model import Manner
from gatepost.engines import Engine, EngineName, choose
from gatepost.errors import DriftFound, GatepostError, Interrupted, UsageError
from gatepost.observer import Observer, is_shown
from gatepost.stacks import Stack, find_project, find_stack

if TYPE_CHECKING:
    from gatepost.engine.model import Result


@dataclass
class Options:
    """What the deploying commands have in common."""

    stack: str | None = None
    cwd: Path = field(default_factory=Path.cwd)
    json: bool = False
    sql: bool = False
    yes: bool = False
    approve: list[str] = field(default_factory=list)
    engine: EngineName | None = None
    parallel: int = 8
    force: bool = False
    manner: Manner = field(default_factory=Manner)

    @property
    def approvals(self) -> list[str]:
        """The hazards that this run accepts by its options."""
        from gatepost.postgres.approvals import FORCED

        return [*self.approve, FORCED] if self.force else self.approve


class Command:
    """One run of a deploying command."""

    def __init__(self, verb: str, options: Options) -> None:
        self.verb = verb
        self.options = options
        self.screen = Screen(json=options.json)
        self.observer = Observer()
        self.document: dict[str, Any] = {"operation": verb}

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """Find the stack, start its server, and lend its engine; with `--json` print the document."""
        try:
            self.stack = open_stack(self.options)
            engine = choose(
                self.stack, self.options.engine, self.observer, self.options.parallel, self.options.manner
            )
            self.document |= {"project": self.stack.project, "stack": self.stack.name, "engine": engine.name}
            self.start_server()
            with consequences():
                yield engine
        except GatepostError as error:
            self.document["error"] = as_json(error)
            raise
        except KeyboardInterrupt:
            stopped = Interrupted(interrupted(self.verb, atomic=self.options.manner.atomic))
            self.document["error"] = as_json(stopped)
            raise stopped from None
        finally:
            if self.options.json:
                print_json(self.document)

    @property
    def title(self) -> str:
        """The verb and the stack, as the first line says them."""
        return f"{self.verb} {self.stack.project}/{self.stack.name}"

    def start_server(self) -> None:
        """Start the embedded server where the stack's target is that one."""
        from gatepost.addresses import embedded_server

        server = embedded_server(self.stack)
        if server is None:
            return
        if self.screen.is_live and not (self.stack.folder / "postgres").exists():
            with self.screen.out.status("making a PostgreSQL server in .gatepost"):
                server.start()
        else:
            server.start()

    def watched(self, total: int, work: Callable[[], Result], *, quick: bool = False) -> Result:
        """Run `work` and show its progress; what is quick has none to show."""
        if quick:
            return work()
        with watching(self.screen, self.observer, self.title, total):
            return work()

    def preview(self, engine: Engine, work: Callable[[], Result]) -> Result:
        """Plan without changing anything."""
        if engine.name == "cli" and self.screen.is_live:
            with self.screen.out.status(f"{self.title}: asking the Pulumi CLI for a preview"):
                return work()
        return work()

    def settle(self, result: Result) -> None:
        """Put a result into the JSON document."""
        events = changes_of(result)
        self.document |= {
            "changes": count(events, result),
            "steps": [self._step(event) for event in result.steps if is_shown(event) and event.op != "same"],
            "restated": result.restated,
            "outputs": result.outputs,
            "seconds": round(result.seconds, 4),
            "warnings": result.warnings,
        }

    def gate(self, engine: Engine) -> None:
        """Put the hazards of a preview into the document, and refuse those that nobody approved.

        :raises HazardNotApproved: lists them.
        """
        found = hazards.of_plans(self.observer)
        self.document["hazards"] = [one.as_json() for one in found]
        idle = hazards.unused(self.observer, [*self.options.approve, *engine.approvals])
        self.document["warnings"] += idle
        for warning in idle:
            self.screen.line(f"warning: {warning}", "yellow")
        hazards.require_approval(self.observer)

    def _step(self, event: Any) -> dict[str, Any]:
        step = {**asdict(event), "feature": self.observer.feature_of(event)}
        if self.options.sql:
            step["plans"] = [asdict(plan) for plan in self.observer.plans.get(event.urn, ())]
        return step

    def confirm(self, question: str) -> None:
        """Ask, unless `--yes` has answered.

        :raises UsageError: nobody is there to be asked.
        :raises KeyboardInterrupt: the answer is no.
        """
        if self.options.yes:
            return
        if not self.screen.can_ask:
            raise UsageError(
                f"nobody can be asked here: run `gatepost {self.verb} --yes` once you have seen"
                f" `gatepost preview`, or run it on a terminal without --json"
            )
        if not agreed(self.screen, question):
            raise UsageError("nothing was changed: the answer was no")


def open_stack(options: Options) -> Stack:
    """Return the stack that the options and the environment name, and hand the approvals to the provider."""
    if options.approvals:
        hazards.approve(options.approvals)
    return find_stack(find_project(options.cwd), options.stack)


def agreed(screen: Screen, question: str) -> bool:
    """Ask a question whose answer is no unless it is yes."""
    try:
        answer = screen.out.input(f"{question} [y/N] ", markup=False)
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")


def preview(options: Options) -> None:
    """Print what `up` would do."""
    command = Command("preview", options)
    with command.opened() as engine:
        result = command.preview(engine, engine.preview)
        command.settle(result)
        show_plan(command, result)
        command.gate(engine)


def show_plan(command: Command, result: Result) -> None:
    """Print what a deployment would change."""
    events = changes_of(result)
    command.screen.line(f"{command.stack.project}/{command.stack.name}", "bold")
    show_changes(command.screen, command.observer, events, sql=command.options.sql)
    if events:
        command.screen.line()
    show_summary(command.screen, result, events, future=True)


def up(options: Options) -> Command:
    """Deploy: preview, ask, apply; with nothing to do the preview is all."""
    command = Command("up", options)
    with command.opened() as engine:
        if not options.yes and not command.screen.can_ask:
            command.confirm("")
        planned = command.preview(engine, engine.preview)
        command.settle(planned)
        if not (events := changes_of(planned)) and _is_settled(command, engine, planned):
            show_nothing(command, planned)
            command.gate(engine)
            return command
        show_plan(command, planned)
        command.gate(engine)
        command.confirm(f"\ndeploy this to {command.stack.name}?")
        command.screen.line()
        command.observer.plans.clear()
        result = command.watched(len(events), engine.up)
        command.settle(result)
        show_summary(command.screen, result, changes_of(result), future=False)
    return command


def _is_settled(command: Command, engine: Engine, planned: Result) -> bool:
    """Return whether the state, too, has nothing to learn: outputs, options, or what a killed one left."""
    changed = {op for op, number in planned.changes.items() if number} - {"same", "read"}
    if changed or planned.restated:
        return False
    journals = command.stack.backend / ".pulumi" / "gatepost" / command.stack.project
    left = (journals / f"{command.stack.name}.journal").exists()
    return engine.name == "cli" or (not left and engine.outputs() == planned.outputs)


def show_nothing(command: Command, result: Result) -> None:
    """Print that everything is as declared."""
    from gatepost.words import took

    same = count([], result)["same"]
    name = f"{command.stack.project}/{command.stack.name}"
    command.screen.line(f"{name}: nothing to do, {same} unchanged  {took(result.seconds)}")


def refresh(options: Options) -> None:
    """Take over into the state what the database has now."""
    command = Command("refresh", options)
    with command.opened() as engine:
        command.confirm(f"take over into the state of {command.stack.name} what its database has now?")
        result = command.watched(0, engine.refresh, quick=engine.name == "embedded")
        command.settle(result)
        events = changes_of(result)
        show_changes(command.screen, command.observer, events, sql=False)
        show_summary(command.screen, result, events, future=False)


def drift(options: Options) -> None:
    """Print what differs from what was deployed.

    :raises DriftFound: something does.
    """
    command = Command("drift", options)
    with command.opened() as engine:
        found = shown.find(engine, command.observer)
        command.document["drift"] = shown.as_json(command.observer, found)
        shown.show(command.screen, command.observer, found)
        if len(found):
            raise DriftFound(shown.summary(command.stack.name, found))
        command.screen.line(f"{command.stack.project}/{command.stack.name}: everything is as it was deployed")


def destroy(options: Options) -> None:
    """Delete everything of the stack, after a preview and a question."""
    command = Command("destroy", options)
    with command.opened() as engine:
        if not options.yes and not command.screen.can_ask:
            command.confirm("")
        planned = command.preview(engine, lambda: engine.destroy(preview=True))
        command.settle(planned)
        if not (events := changes_of(planned)):
            show_nothing(command, planned)
            return
        show_plan(command, planned)
        command.gate(engine)
        command.confirm(f"\ndelete all this from {command.stack.name}, with its data?")
        result = command.watched(len(events), engine.destroy)
        command.settle(result)
        show_summary(command.screen, result, changes_of(result), future=False)


def outputs(options: Options, *, show_secrets: bool) -> None:
    """Print the stack's outputs."""
    screen = Screen(json=options.json)
    stack = open_stack(options)
    found = choose(stack, options.engine, Observer(), options.parallel).outputs(show_secrets=show_secrets)
    if options.json:
        print_json(found)
        return
    width = max((len(name) for name in found), default=0)
    for name, value in sorted(found.items()):
        screen.line(f"{name:<{width}}  {value if isinstance(value, str) else json.dumps(value)}")
    if not found:
        screen.line(f"{stack.project}/{stack.name} has no outputs: deploy it with `gatepost up`")
