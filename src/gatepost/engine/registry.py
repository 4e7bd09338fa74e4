"""The providers of a deployment: made by their factories, configured once, found by reference."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from pulumi.provider.experimental.provider import ConfigureRequest, Provider

from gatepost.engine.resource import PROVIDER_PREFIX, Resource
from gatepost.engine.values import UNKNOWN, Values, has_unknowns, plain
from gatepost.errors import UnsupportedFeature

Factory = Callable[[], Provider]


class Configured:
    """A provider in use.

    `known` is False in a preview where its configuration depends on what is not created yet: it is then not
    configured, and everything that it would say about a resource is unknown.
    """

    __slots__ = ("known", "provider", "supports_preview")

    def __init__(self, provider: Provider, *, known: bool, supports_preview: bool) -> None:
        self.provider = provider
        self.known = known
        self.supports_preview = supports_preview


class Registry:
    """Find the provider of a resource by its reference, `<urn>::<id>`."""

    def __init__(self, factories: Mapping[str, Factory]) -> None:
        self._factories = factories
        self._configured: dict[str, asyncio.Future[Configured]] = {}
        self._made: list[Provider] = []

    def make(self, package: str) -> Provider:
        """Make a provider that is not configured yet.

        Raises `UnsupportedFeature` if this engine has none for the package.
        """
        factory = self._factories.get(package)
        if factory is None:
            known = ", ".join(sorted(self._factories))
            raise UnsupportedFeature(
                f"the embedded engine has no provider for the package {package!r} (it has {known}): "
                f"deploy with the Pulumi CLI instead"
            )
        provider = factory()
        self._made.append(provider)
        return provider

    async def configure(self, reference: str, provider: Provider, inputs: Values) -> Configured:
        """Configure a provider and let resources find it under a reference."""
        future: asyncio.Future[Configured] = asyncio.get_running_loop().create_future()
        self._configured[reference] = future
        try:
            configured = await _configure(provider, _package(reference), inputs)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # whoever else waits gets it; nobody need to
            del self._configured[reference]
            raise
        future.set_result(configured)
        return configured

    async def find(self, reference: str, state: Callable[[str], Resource | None]) -> Configured:
        """Return the provider of a reference; one that the program no longer has is made from the state."""
        found = self._configured.get(reference)
        if found is not None:
            return await asyncio.shield(found)
        urn, _, identity = reference.rpartition("::")
        old = state(urn)
        if old is None or (old.id != identity and identity != UNKNOWN):
            raise UnsupportedFeature(f"the provider {reference} is neither declared nor in the state")
        return await self.configure(reference, self.make(_package(reference)), public(old.inputs.values))

    async def recover(self) -> None:
        """Let every provider remove what a killed deployment left open."""
        for provider in self._made:
            recover = getattr(provider, "recover", None)
            if recover is not None:
                await recover()

    def leaves_a_trace(self, token: str) -> bool:
        """Tell whether a creation of that type that was cut short is to be looked for."""
        known = (getattr(one, "leaves_a_trace", None) for one in self._made)
        return all(leaves(token) for leaves in known if leaves is not None)

    async def conclude(self, *, keep: bool) -> None:
        """End the transaction of every provider that was given one: keep what was done, or take it back."""
        for provider in self._made:
            conclude = getattr(provider, "conclude", None)
            if conclude is not None:
                await conclude(keep=keep)

    async def cancel(self) -> None:
        """Ask every provider to stop what it is doing."""
        await asyncio.gather(*(provider.cancel() for provider in self._made), return_exceptions=True)


def public(inputs: Values) -> Values:
    """Return a provider's configuration without what the engine keeps in it for itself."""
    return {key: value for key, value in inputs.items() if key != "__internal"}


async def _configure(provider: Provider, package: str, inputs: Values) -> Configured:
    if any(has_unknowns(value) for value in inputs.values()):
        return Configured(provider, known=False, supports_preview=False)
    settings = {key: plain(value, show_secrets=True) for key, value in inputs.items() if key != "version"}
    variables = {
        f"{package}:config:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in settings.items()
    }
    response = await provider.configure(ConfigureRequest(variables, inputs, True, True))
    return Configured(provider, known=True, supports_preview=response.supports_preview)


def _package(reference: str) -> str:
    kind = reference.split("::")[2].rpartition("$")[2]
    return kind.removeprefix(PROVIDER_PREFIX)
