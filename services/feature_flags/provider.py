"""The platform's flags through OpenFeature: decided in memory, kept up to date beside."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from threading import Event, Thread
from typing import TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from gatepost.session import Database, SessionError
from services.feature_flags.evaluation import Flag
from services.feature_flags.flags import read_flags

_log = logging.getLogger("gatepost.flags")
_Value = TypeVar("_Value")
_Object = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class DatabaseFlags(AbstractProvider):
    """Decides from the flags that it read last; while the database is lost these go on, as STALE.

    The evaluation context's `targeting_key` is the unit, its attribute `segments` lists the segments that the
    unit is in, see `services.feature_flags.flags.segments_of`.

    :param refresh: seconds between two reads: how long a change takes to get through, at most.
    """

    def __init__(self, database: Database, refresh: float = 1.0) -> None:
        super().__init__()
        self._database, self._refresh = database, refresh
        self._flags: Mapping[str, Flag] = {}
        self._is_stale = False
        self._is_over = Event()
        self._reader = Thread(target=self._read_on, name="feature flags", daemon=True)

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name="gatepost")

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Read the flags, and go on reading beside.

        :raises SessionError: the database cannot be asked: there is nothing to decide by yet.
        """
        self._flags = read_flags(self._database)
        self._reader.start()

    def shutdown(self) -> None:
        """Stop reading."""
        self._is_over.set()
        if self._reader.is_alive():
            self._reader.join()

    def _read_on(self) -> None:
        while not self._is_over.wait(self._refresh):
            try:
                flags = read_flags(self._database)
            except SessionError as error:
                self._lose(error)
            else:
                self._take(flags)

    def _lose(self, error: SessionError) -> None:
        if not self._is_stale:
            _log.warning("flags are not up to date: %s", type(error).__name__)
            self._is_stale = True
            self.emit_provider_stale(ProviderEventDetails(message=type(error).__name__))

    def _take(self, flags: Mapping[str, Flag]) -> None:
        changed = sorted(
            name for name in flags.keys() | self._flags.keys() if flags.get(name) != self._flags.get(name)
        )
        self._flags = flags
        if self._is_stale:
            self._is_stale = False
            self.emit_provider_ready(ProviderEventDetails())
        if changed:
            self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=changed))

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Decide one flag; the default is for a flag that is not known."""
        flag = self._flags.get(flag_key)
        if flag is None:
            return FlagResolutionDetails(
                default_value,
                error_code=ErrorCode.FLAG_NOT_FOUND,
                error_message=f'there is no flag "{flag_key}"',
                reason=Reason.ERROR,
            )
        unit, segments = _asked(evaluation_context)
        is_on = flag.is_on(unit, segments)
        reason = Reason.SPLIT if flag.enabled else Reason.DISABLED
        return FlagResolutionDetails(
            is_on,
            reason=Reason.STALE if self._is_stale else reason,
            variant="on" if is_on else "off",
            flag_metadata={"version": flag.version},
        )

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return the default: flags are on or off."""
        return _no_boolean(flag_key, default_value)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Return the default: flags are on or off."""
        return _no_boolean(flag_key, default_value)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Return the default: flags are on or off."""
        return _no_boolean(flag_key, default_value)

    def resolve_object_details(
        self, flag_key: str, default_value: _Object, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[_Object]:
        """Return the default: flags are on or off."""
        return _no_boolean(flag_key, default_value)


def _no_boolean(flag: str, default: _Value) -> FlagResolutionDetails[_Value]:
    return FlagResolutionDetails(
        default,
        error_code=ErrorCode.TYPE_MISMATCH,
        error_message=f'flag "{flag}" is on or off: ask for a boolean',
        reason=Reason.ERROR,
    )


def _asked(context: EvaluationContext | None) -> tuple[str | None, list[str]]:
    if context is None:
        return None, []
    segments = context.attributes.get("segments", [])
    listed = segments if isinstance(segments, Sequence) and not isinstance(segments, str) else []
    return context.targeting_key, [str(one) for one in listed]
