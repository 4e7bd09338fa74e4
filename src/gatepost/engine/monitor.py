"""What the Pulumi SDK talks to in place of the CLI: the resource monitor and the engine's log.

The SDK calls these on the engine's loop; what takes time is answered by a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from gatepost.engine.components import put_outputs
from gatepost.engine.goal import Goal, from_request, refuse, where
from gatepost.engine.register import Registered, Registrar
from gatepost.engine.resource import STACK_TYPE
from gatepost.engine.run import Run
from gatepost.engine.values import UNKNOWN, Values, from_struct, make, to_struct
from gatepost.errors import GatepostError, UnsupportedFeature

FEATURES = (
    "SECRETS",
    "RESOURCE_REFERENCES",
    "OUTPUT_VALUES",
    "DELETED_WITH",
    "ALIAS_SPECS",
    # refused, but by name: the SDK's own message would advise to update the Pulumi CLI
    "REPLACE_WITH",
    "REPLACEMENT_TRIGGER",
    "TRANSFORMS",
    "INVOKE_TRANSFORMS",
    "PARAMETERIZATION",
    "RESOURCE_HOOKS",
    "ERROR_HOOKS",
    "STATE_MIGRATIONS",
)
_LEGACY = {"secrets", "resourceReferences", "outputValues", "deletedWith", "aliasSpecs"}


class Monitor:
    """The ResourceMonitor service as an object: its methods are those of the gRPC stub."""

    def __init__(self, run: Run, registrar: Registrar) -> None:
        self._run = run
        self._registrar = registrar
        self._running: set[asyncio.Task[Any]] = set()
        self._references: dict[Any, asyncio.Task[str]] = {}
        self.declared: list[Any] = []
        """The program's resources that took the short way."""
        self.root = run.root
        self.stack_urn = ""
        self.stack_outputs: Values | None = None

    def GetDeploymentInfo(self, _request: Any) -> Any:  # noqa: N802
        """Say what this engine supports."""
        features = [getattr(resource_pb2, f"RESOURCE_MONITOR_FEATURE_{name}") for name in FEATURES]
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """Say whether one feature is supported, for older SDKs."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _LEGACY)

    async def settle(self) -> None:
        """Wait for every resource that the program registered, also after the program itself failed."""
        while self._running:
            await asyncio.wait(self._running)

    def release(self) -> None:
        """Let go of everything once the program has ended: the SDK keeps the first monitor that it is given.

        Resources and their outputs refer to each other: only a collection of garbage would find them, and
        that would look at everything else as well.
        """
        for resource in self.declared:
            resource.__dict__.clear()
        self.declared.clear()
        self._references.clear()
        del self._run, self._registrar

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin what the program asked for; `settle` waits for it."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Bring about a resource; what fails is answered as failed so that the program goes on."""
        return self.start(self._answer_register(request))

    async def _answer_register(self, request: Any) -> Any:
        registered = await self._register(request)
        if request.type == STACK_TYPE:
            self.stack_urn = registered.urn
        return resource_pb2.RegisterResourceResponse(
            urn=registered.urn,
            id=registered.id,
            object=to_struct(registered.outputs),
            result=_result(registered),
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Set the outputs of a component or, at the end, of the stack."""
        outputs = from_struct(request.outputs)
        if request.urn == self.stack_urn:
            self.stack_outputs = outputs
        else:
            put_outputs(self._run, request.urn, outputs)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Read a resource that is managed elsewhere."""
        return self.start(self._answer_read(request))

    async def _answer_read(self, request: Any) -> Any:
        registered = await self._read(request)
        return resource_pb2.ReadResourceResponse(
            urn=registered.urn,
            id=registered.id,
            properties=to_struct(registered.outputs),
            result=_result(registered),
        )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer the one function that the SDK itself needs; providers' functions are refused."""
        if request.tok != "pulumi:pulumi:getResource":
            _refuse(f"functions of providers ({request.tok})")
        urn = request.args.fields["urn"].string_value
        resource = self._run.snapshot.news.get(urn)
        if resource is None:
            raise GatepostError(f"{urn} has not been declared")
        state = make(resource.outputs.values)
        found = {"urn": make(urn), "id": make(resource.id), "state": state}
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(found))  # the field's name is a keyword
        return response

    def SignalAndWaitForShutdown(self, _request: Any) -> Any:  # noqa: N802
        """The program has ended; there is nothing to wait for."""
        return empty_pb2.Empty()

    def RegisterPackage(self, request: Any) -> NoReturn:  # noqa: N802
        """Refuse parameterized packages."""
        _refuse(f"parameterized packages ({request.name})")

    def ExistsResource(self, _request: Any) -> NoReturn:  # noqa: N802
        """Refuse to look for resources."""
        _refuse("exists()")

    def Call(self, request: Any) -> NoReturn:  # noqa: N802
        """Refuse methods of resources."""
        _refuse(f"methods of resources ({request.tok})")

    def RegisterStackTransform(self, _request: Any) -> NoReturn:  # noqa: N802
        """Refuse transforms."""
        _refuse("transforms")

    def RegisterStackInvokeTransform(self, _request: Any) -> NoReturn:  # noqa: N802
        """Refuse transforms of functions."""
        _refuse("transforms")

    def RegisterResourceHook(self, _request: Any) -> NoReturn:  # noqa: N802
        """Refuse hooks."""
        _refuse("resource hooks")

    def RegisterErrorHook(self, _request: Any) -> NoReturn:  # noqa: N802
        """Refuse hooks."""
        _refuse("resource hooks")

    async def register(self, goal: Goal) -> Registered:
        """Bring about a resource whose declaration is no message."""
        return await self._registrar.register(goal)

    async def reference(self, provider: Any) -> str:
        """Return the reference of a provider resource, `<urn>::<id>`, once it is in its place."""
        if provider not in self._references:
            self._references[provider] = asyncio.ensure_future(_reference(provider))
        return await self._references[provider]

    async def _register(self, request: Any) -> Registered:
        try:
            goal = from_request(request, self._run.root)
        except GatepostError as error:
            return self._refused(request, error)
        return await self._registrar.register(goal)

    async def _read(self, request: Any) -> Registered:
        try:
            refuse(request)
            goal = _read_goal(request, self._run)
        except GatepostError as error:
            return self._refused(request, error)
        return await self._registrar.read(goal, request.id)

    def _refused(self, request: Any, error: GatepostError) -> Registered:
        urn = self._registrar.urn(request.type, request.name, request.parent)
        self._run.fail(urn, "create", error, where=where(request, self._run.root))
        return Registered(urn, succeeded=False)


class EngineLog:
    """The Engine service as an object: log messages and the root resource."""

    def __init__(self, on_message: Callable[[str, str, str], None]) -> None:
        self._on_message = on_message
        self._root = ""

    def Log(self, request: Any) -> Any:  # noqa: N802
        """Pass a message on as (severity, text, URN); debug messages are dropped."""
        if request.severity != engine_pb2.DEBUG:
            severity = engine_pb2.LogSeverity.Name(request.severity).lower()
            self._on_message(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def release(self) -> None:
        """Pass nothing on any more: the SDK keeps the first log that it is given."""
        self._on_message = _passes_nothing_on

    def GetRootResource(self, _request: Any) -> Any:  # noqa: N802
        """Return the stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any) -> Any:  # noqa: N802
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any) -> NoReturn:  # noqa: N802
        """Refuse: this is not the Pulumi CLI, whatever version the program asks for."""
        _refuse(f"require_pulumi_version ({request.pulumi_version_range})")

    def StartDebugging(self, _request: Any) -> NoReturn:  # noqa: N802
        """Refuse debuggers."""
        _refuse("the debugger protocol")


def _passes_nothing_on(_severity: str, _text: str, _urn: str) -> None:
    """Take no notice."""


def _read_goal(request: Any, run: Run) -> Goal:
    return Goal(
        type=request.type,
        name=request.name,
        custom=True,
        given=from_struct(request.properties),
        parent=request.parent,
        provider=request.provider,
        dependencies=sorted(request.dependencies),
        additional_secret_outputs=sorted(request.additionalSecretOutputs),
        version=request.version,
        download_url=request.pluginDownloadURL,
        where=where(request, run.root),
    )


async def _reference(provider: Any) -> str:
    return f"{await provider.urn.future()}::{await provider.id.future() or UNKNOWN}"


def _result(registered: Registered) -> Any:
    # the SDK knows no third answer: skipped resources resolve as failed ones do
    return resource_pb2.SUCCESS if registered.succeeded else resource_pb2.FAIL


def _refuse(what: str) -> NoReturn:
    raise UnsupportedFeature(
        f"the embedded engine does not support {what}: deploy with the Pulumi CLI instead"
    )
