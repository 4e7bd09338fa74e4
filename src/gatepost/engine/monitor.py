"""What the Pulumi SDK talks to in place of the CLI: the resource monitor and the engine's log.

The SDK calls these from threads; each call hands over to the engine's loop and waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from gatepost.engine.components import put_outputs
from gatepost.engine.goal import Goal, from_request, refuse, where
from gatepost.engine.loop import EngineLoop
from gatepost.engine.register import Registered, Registrar
from gatepost.engine.resource import STACK_REFERENCE, STACK_TYPE
from gatepost.engine.run import Run
from gatepost.engine.values import Values, from_struct, make, to_struct
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

    def __init__(self, loop: EngineLoop, run: Run, registrar: Registrar) -> None:
        self._loop = loop
        self._run = run
        self._registrar = registrar
        self.stack_urn = ""
        self.stack_outputs: Values | None = None

    def GetDeploymentInfo(self, _request: Any) -> Any:  # noqa: N802
        """Say what this engine supports."""
        features = [getattr(resource_pb2, f"RESOURCE_MONITOR_FEATURE_{name}") for name in FEATURES]
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """Say whether one feature is supported, for older SDKs."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _LEGACY)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Bring about a resource; what fails is answered as failed so that the program goes on."""
        registered = self._loop.run(self._register(request))
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
            self._loop.run(self._put_outputs(request.urn, outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Read a resource that is managed elsewhere."""
        registered = self._loop.run(self._read(request))
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

    async def _register(self, request: Any) -> Registered:
        try:
            goal = from_request(request, self._run.root)
        except GatepostError as error:
            return self._refused(request, error)
        return await self._registrar.register(goal)

    async def _read(self, request: Any) -> Registered:
        try:
            refuse(request)
            if request.type == STACK_REFERENCE:
                _refuse("stack references")
            goal = _read_goal(request, self._run)
        except GatepostError as error:
            return self._refused(request, error)
        return await self._registrar.read(goal, request.id)

    def _refused(self, request: Any, error: GatepostError) -> Registered:
        urn = self._registrar.urn(request.type, request.name, request.parent)
        self._run.fail(urn, "create", error, where=where(request, self._run.root))
        return Registered(urn, succeeded=False)

    async def _put_outputs(self, urn: str, outputs: Values) -> None:
        put_outputs(self._run, urn, outputs)


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


def _read_goal(request: Any, run: Run) -> Goal:
    return Goal(
        type=request.type,
        name=request.name,
        custom=True,
        inputs=from_struct(request.properties),
        parent=request.parent,
        provider=request.provider,
        dependencies=sorted(request.dependencies),
        additional_secret_outputs=sorted(request.additionalSecretOutputs),
        version=request.version,
        download_url=request.pluginDownloadURL,
        where=where(request, run.root),
    )


def _result(registered: Registered) -> Any:
    # the SDK knows no third answer: skipped resources resolve as failed ones do
    return resource_pb2.SUCCESS if registered.succeeded else resource_pb2.FAIL


def _refuse(what: str) -> NoReturn:
    raise UnsupportedFeature(
        f"the embedded engine does not support {what}: deploy with the Pulumi CLI instead"
    )
