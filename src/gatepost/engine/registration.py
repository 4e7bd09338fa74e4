"""The short way of a plain declaration from the program to the engine.

The SDK makes a dozen futures and a message of each resource, although most declarations hold nothing but data
that is known at once. Those are handed over as they are, and their outputs are made when somebody asks for
one; all others (inputs that are outputs of applied functions, components, aliases, …) take the SDK's own way.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Mapping
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pulumi
from pulumi import resource as sdk
from pulumi.output import Output, _OutputData  # what an Output waits for
from pulumi.runtime import settings
from pulumi.runtime.settings import _get_rpc_manager, get_root_resource

from gatepost.engine.goal import Goal
from gatepost.engine.monitor import Monitor
from gatepost.engine.program import is_the_programs
from gatepost.engine.register import Registered
from gatepost.engine.values import UNKNOWN, has_unknowns, plain

_PLACE = "_gatepost_registered"
# options that the short way knows; a resource with any other one takes the SDK's way
_KNOWN_OPTIONS = frozenset(
    {
        "parent",
        "provider",
        "providers",
        "depends_on",
        "protect",
        "delete_before_replace",
        "ignore_changes",
        "retain_on_delete",
        "import_",
        "transformations",
    }
)
_EMPTY: tuple[Any, ...] = (None, [], {}, (), False)


class Later(Output[Any]):
    """An output of a resource that is being registered; nothing is made of it until somebody asks."""

    def __init__(self, of: pulumi.Resource, name: str) -> None:
        self.of = of
        self._name = name
        self._made: asyncio.Future[_OutputData[Any]] | None = None

    @property
    def _data(self) -> asyncio.Future[_OutputData[Any]]:  # type: ignore[override]
        if self._made is None:
            self._made = asyncio.ensure_future(self.arrived())
            self._track()
        return self._made

    def _untrack(self) -> None:
        assert self._data is not None  # made before the SDK's lock is held
        super()._untrack()

    async def arrived(self) -> _OutputData[Any]:
        """Wait for the registration and return this output of it, as the SDK wants it."""
        await self.of.__dict__[_PLACE]
        return _OutputData({self.of}, *self.found())

    def found(self) -> tuple[Any, bool, bool]:
        """Return this output of a registration that has ended: the value, if it is known, if it is secret."""
        return _named(self.of.__dict__[_PLACE].result(), self._name)


def _named(registered: Registered, name: str) -> tuple[Any, bool, bool]:
    if name == "urn":
        return registered.urn, True, False
    if name == "id":
        return registered.id or None, bool(registered.id), False
    if not registered.succeeded:
        return None, False, False
    found = registered.output(name)
    if found is None:
        return None, True, False
    return plain(found, show_secrets=True), not has_unknowns(found), found.contains_secret()


def register_resource(  # the SDK's own signature
    res: pulumi.Resource,
    ty: str,
    name: str,
    custom: bool,
    remote: bool,
    new_dependency: Any,
    props: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None,
    typ: type | None = None,
    package_ref: Any = None,
) -> None:
    """Register a resource: by the short way where its declaration is plain, else by the SDK's."""
    monitor = settings.get_monitor()
    short = custom and not remote and typ is None and package_ref is None and opts is not None
    if isinstance(monitor, Monitor) and short and not isinstance(res, pulumi.ProviderResource):
        assert opts is not None
        given, needed = _given(props), _needed(opts)
        if given is not None and needed is not None and _known(opts):
            goal = Goal(ty, name, True, where=_where(monitor.root, res))
            _start(monitor, res, _registered(monitor, goal, *given, needed, opts), props)
            return
    _the_sdks(res, ty, name, custom, remote, new_dependency, props, opts, typ, package_ref)


_the_sdks: Any = sdk.__dict__["register_resource"]


def install() -> None:
    """Let the SDK's classes register their resources here; for the CLI's monitor nothing changes."""
    sdk.__dict__["register_resource"] = register_resource


def _start(
    monitor: Monitor, res: pulumi.Resource, work: Coroutine[Any, Any, Registered], props: Mapping[str, Any]
) -> None:
    made = res.__dict__
    for name in ("urn", "id", *props):
        made[name] = Later(res, name)
    monitor.declared.append(res)
    task = made[_PLACE] = monitor.start(work)
    _get_rpc_manager().rpcs.append(task)


async def _registered(
    monitor: Monitor,
    goal: Goal,
    given: dict[str, Any],
    later: dict[str, list[Later]],
    needed: list[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> Registered:
    urns = {await _urn(one) for one in needed}
    secret: set[str] = set()
    for name, sources in later.items():
        from_urns = sorted({await _urn(source.of) for source in sources})
        urns.update(from_urns)
        goal.property_dependencies[name] = from_urns
        given[name] = _filled(given[name])
        if any(source.found()[2] for source in sources):
            secret.add(name)
    goal.plain = {name: value for name, value in given.items() if value is not None}
    goal.property_dependencies = {name: [] for name in goal.plain} | goal.property_dependencies
    if secret:
        goal.conceal(secret)
    goal.dependencies = sorted(urns)
    parent = opts.parent or get_root_resource()
    goal.parent = await _urn(parent) if parent is not None else ""
    if opts.provider is not None:
        goal.provider = await monitor.reference(opts.provider)
    goal.protect = bool(opts.protect)
    goal.retain_on_delete = bool(opts.retain_on_delete)
    goal.delete_before_replace = opts.delete_before_replace
    goal.ignore_changes = list(opts.ignore_changes or ())
    goal.import_id = str(opts.import_ or "")
    return await monitor.register(goal)


async def _urn(resource: pulumi.Resource) -> str:
    """Wait until a resource is in its place and return its URN."""
    place = resource.__dict__.get(_PLACE)
    if place is None:
        place = resource.__dict__[_PLACE] = asyncio.ensure_future(_sdk_registered(resource))
    registered: Registered = place.result() if place.done() else await place
    return registered.urn


async def _sdk_registered(resource: pulumi.Resource) -> Registered:
    return Registered(await resource.urn.future() or "")


def _known(opts: pulumi.ResourceOptions) -> bool:
    """Tell whether the short way knows every option that is set."""
    for name, value in opts.__dict__.items():
        if name not in _KNOWN_OPTIONS and value not in _EMPTY and not callable(value) and not _empty(value):
            return False
    return isinstance(opts.import_, str | None)


def _empty(value: Any) -> bool:
    """Tell whether a binding of hooks binds none."""
    return isinstance(value, pulumi.ResourceHookBinding) and not any(value.__dict__.values())


def _needed(opts: pulumi.ResourceOptions) -> list[pulumi.Resource] | None:
    """Return the resources that must come first; None where they are not known at once."""
    needed = opts.depends_on
    if needed is None:
        return []
    if isinstance(needed, pulumi.Resource):
        needed = [needed]
    if not isinstance(needed, list | tuple):
        return None
    # the SDK puts a component's children in its place
    return list(needed) if all(isinstance(one, pulumi.CustomResource) for one in needed) else None


def _given(props: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Later]]] | None:
    """Return inputs as JSON, and those that hold outputs still to come; None if there is anything else."""
    given: dict[str, Any] = {}
    later: dict[str, list[Later]] = {}
    for name in sorted(props):
        if (value := props[name]) is None:
            continue
        sources: list[Later] = []
        given[name] = _json(value, sources)
        if given[name] is None:
            return None
        if sources:
            later[name] = sources
    return given, later


def _json(value: Any, sources: list[Later]) -> Any:
    """Return a value as the state holds it, outputs still in it; None if it is not plain."""
    kind = type(value)
    if kind is str or kind is bool or kind is int:
        return value
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind is list or kind is tuple:
        items = [_json(item, sources) for item in value]
        return None if any(item is None for item in items) else items
    if kind is dict:
        fields = {name: _json(value[name], sources) for name in sorted(value)}
        return None if any(field is None for field in fields.values()) else fields
    if kind is Later and _PLACE in value.of.__dict__:
        sources.append(value)
        return value
    return None


def _filled(value: Any) -> Any:
    """Return a value with the outputs that have arrived in their places."""
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    if isinstance(value, Later):
        found, known, _ = value.found()
        return found if known else UNKNOWN
    return value


def _where(root: Path, res: pulumi.Resource) -> str:
    """Return `file:line` of the program's line that declares a resource, relative to the project."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is res:
            frame = frame.f_back
            continue
        if shown := _shown(frame.f_code.co_filename, root):
            return f"{shown}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


@cache
def _shown(filename: str, root: Path) -> str:
    path = Path(filename)
    if not is_the_programs(path):
        return ""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
