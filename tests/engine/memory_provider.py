"""A provider that keeps its resources in a dict, or in a file so that another process sees them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from gatepost.engine import Deployment, DeploymentFailed, Project, Result, StepEvent

Hook = Callable[[str, str], None]


@dataclass
class World:
    """What exists outside; `before` is called with (operation, name) and may raise; `calls` records all."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    configured: list[dict[str, str]] = field(default_factory=list)
    before: Hook = lambda operation, name: None
    delete_before_replace: bool = False
    delay: float = 0.0
    serial: int = 0
    running: int = 0
    most: int = 0
    file: Path | None = None

    def names(self, operation: str) -> list[str]:
        return [name for done, name in self.calls if done == operation]

    def load(self) -> None:
        if self.file is not None and self.file.exists():
            self.things = json.loads(self.file.read_text())
            self.serial = max(self.serial, len(self.things))

    def store(self) -> None:
        if self.file is not None:
            spool = self.file.with_suffix(".tmp")
            spool.write_text(json.dumps(self.things))
            spool.replace(self.file)


class MemoryProvider(Provider):
    """Things with a `value` (changed in place) and a `key` (a change of which replaces them)."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        self.world.configured.append(request.variables)
        return await super().configure(request)

    async def check(self, request: CheckRequest) -> CheckResponse:
        if request.new_inputs.get("value") == PropertyValue("invalid"):
            return CheckResponse(failures=[CheckFailure("value", "must not be invalid")])
        return CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        olds = {key: value for key, value in request.old_state.items() if key not in ("serial", "upper")}
        keys = sorted(olds.keys() | request.new_inputs.keys())
        changed = [key for key in keys if _data(olds.get(key)) != _data(request.new_inputs.get(key))]
        return DiffResponse(
            changes=bool(changed),
            diffs=changed,
            replaces=[key for key in changed if key == "key"],
            delete_before_replace=self.world.delete_before_replace,
        )

    async def create(self, request: CreateRequest) -> CreateResponse:
        if request.preview:
            unknown = PropertyValue("04da6b54-80e4-46f7-96ec-b56ff0331ba9")
            return CreateResponse(properties={**request.properties, "serial": unknown})
        await self._operate("create", request.name)
        self.world.serial += 1
        serial = self.world.serial
        identity = f"{request.name}-{serial}"
        outputs = {**request.properties, "serial": PropertyValue(float(serial))}
        self.world.things[identity] = {key: _data(value) for key, value in outputs.items()}
        self.world.store()
        return CreateResponse(identity, outputs)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        outputs = {**request.news, "serial": request.olds["serial"]}
        if not request.preview:
            await self._operate("update", request.name)
            self.world.things[request.resource_id] = {key: _data(value) for key, value in outputs.items()}
            self.world.store()
        return UpdateResponse(outputs)

    async def delete(self, request: DeleteRequest) -> None:
        await self._operate("delete", request.name)
        self.world.things.pop(request.resource_id, None)
        self.world.store()

    async def read(self, request: ReadRequest) -> ReadResponse:
        await self._operate("read", request.name)
        thing = self.world.things.get(request.resource_id)
        if thing is None:
            return ReadResponse()
        outputs = {key: _value(value) for key, value in thing.items()}
        inputs = {key: value for key, value in outputs.items() if key != "serial"}
        return ReadResponse(request.resource_id, outputs, inputs)

    async def _operate(self, operation: str, name: str) -> None:
        world = self.world
        world.load()
        world.running += 1
        world.most = max(world.most, world.running)
        try:
            world.before(operation, name)
            await asyncio.sleep(world.delay)
        finally:
            world.running -= 1
        world.calls.append((operation, name))


def _data(value: PropertyValue | None) -> Any:
    if value is None:
        return None
    inner = value.value
    if isinstance(inner, dict) or hasattr(inner, "items"):
        return {key: _data(item) for key, item in inner.items()}  # type: ignore[union-attr]
    if isinstance(inner, tuple):
        return [_data(item) for item in inner]
    return inner


def _value(data: Any) -> PropertyValue:
    if isinstance(data, dict):
        return PropertyValue({key: _value(item) for key, item in data.items()})
    if isinstance(data, list):
        return PropertyValue([_value(item) for item in data])
    return PropertyValue(float(data) if isinstance(data, int) and not isinstance(data, bool) else data)


class Thing(pulumi.CustomResource):
    value: pulumi.Output[Any]
    key: pulumi.Output[Any]
    serial: pulumi.Output[Any]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: Any) -> None:
        super().__init__("memory:index:Thing", name, {"value": None, "serial": None, **properties}, opts)


class Target(pulumi.ProviderResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **settings: Any) -> None:
        super().__init__("memory", name, settings, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("memory:index:Group", name, {}, opts)


SALT = "v1:veRxaL3TAzY=:v1:UyNRAbSsj7BNa1I/:IYZPTOo/bbpc/ewJJAh5HjLUjgJe1g=="
PASSPHRASE = "test"


class Stack:
    """A stack in a folder of its own, deployed to a world of its own."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root = root
        self.world = World()
        self.events: list[StepEvent] = []
        self.passphrase = PASSPHRASE
        self.options = options
        self.file = root / ".pulumi" / "stacks" / "demo" / "dev.json"

    def deployment(self) -> Deployment:
        self.events.clear()
        return Deployment(
            Project("demo", self.root),
            "dev",
            backend=self.root,
            passphrase=lambda: self.passphrase,
            providers={"memory": lambda: MemoryProvider(self.world)},
            on_event=self.events.append,
            **{"config": {}, "encryption_salt": SALT, **self.options},
        )

    def up(self, program: Callable[[], object]) -> Result:
        self.world.calls.clear()
        return self.deployment().up(program)

    def preview(self, program: Callable[[], object]) -> Result:
        return self.deployment().preview(program)

    def failed_up(self, program: Callable[[], object]) -> DeploymentFailed:
        with pytest.raises(DeploymentFailed) as caught:
            self.up(program)
        return caught.value

    def resources(self) -> list[dict[str, Any]]:
        return json.loads(self.file.read_text())["checkpoint"]["latest"].get("resources", [])

    def pending(self) -> list[dict[str, Any]]:
        return json.loads(self.file.read_text())["checkpoint"]["latest"].get("pending_operations", [])

    def resource(self, name: str) -> dict[str, Any]:
        return next(found for found in self.resources() if found["urn"].endswith(f"::{name}"))

    def names(self) -> list[str]:
        return [found["urn"].rpartition("::")[2] for found in self.resources()]

    def steps(self, name: str) -> list[tuple[str, str]]:
        return [(event.op, event.status) for event in self.events if event.name == name]
