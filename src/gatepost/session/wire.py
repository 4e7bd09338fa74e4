"""A connection whose statements travel together: several in one round trip, each prepared once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from json import JSONDecoder
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_loads

from gatepost.session.failures import SessionError, Unavailable, is_lost, is_stale, translate
from gatepost.session.statement import Compiled
from gatepost.session.waiting import READ, WRITE, waiter

Row = dict[str, Any]
Call = tuple[Compiled, Sequence[Any]]
_KEPT_STATEMENTS = 500
_DECODE = JSONDecoder().decode
_GRACE = 5.0
"""Seconds that the server has, after its own time-out, to say that it timed out."""
_FAILED = frozenset({ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE})


class Wire(psycopg.Connection[Any]):
    """A connection for `exchange` alone: it stays in libpq's pipeline mode, so `execute` is not for it."""

    answer_timeout: float
    _kept: dict[tuple[bytes, tuple[int, ...]], bytes]
    _number: int

    def set_up(self, statement_timeout: float, lock_timeout: float) -> None:
        """Set the time-outs, in seconds, and begin to send statements together."""
        self.execute(
            "select set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)",
            [f"{statement_timeout * 1000:.0f}", f"{lock_timeout * 1000:.0f}"],
        )
        self.answer_timeout = statement_timeout + _GRACE
        self._kept, self._number = {}, 0
        set_json_loads(_json, self)
        self._waiter = waiter(self.pgconn.socket)
        self.pgconn.enter_pipeline_mode()

    @property
    def is_alive(self) -> bool:
        """Whether the server has not hung up meanwhile; asks nobody."""
        with suppress(psycopg.OperationalError):
            while self._waiter.is_readable():
                self.pgconn.consume_input()
        return self.pgconn.status == ConnStatus.OK

    def exchange(self, *calls: Call) -> list[PGresult]:
        """Send the statements together and return their results; those after a failed one do not run.

        Outside `begin` and `commit` they are one transaction.

        :raises SessionError: a statement failed, or the connection was lost.
        """
        dumped = [self._dumped(*call) for call in calls]
        try:
            sent = [sent for one in dumped for sent in self._send(*one)]
            self.pgconn.pipeline_sync()
            results = self._results()
        except psycopg.Error as error:
            self.close()
            raise _lost(error) from None
        except BaseException:
            self._abandon()
            raise
        return self._checked(sent, results)

    def _dumped(self, statement: Compiled, values: Sequence[Any]) -> tuple[Compiled, list[Any], Any, Any]:
        if statement.takes_text:
            return statement, [value.encode() for value in values], (), None
        transformer = Transformer(self)
        try:
            texts = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        except psycopg.Error as error:
            raise translate(error) from None
        except UnicodeEncodeError as error:
            raise translate(psycopg.DataError(f"text is no valid Unicode: {error.reason}")) from None
        return statement, list(texts), transformer.types or (), transformer.formats

    def _send(
        self, statement: Compiled, values: list[Any], types: tuple[int, ...], formats: Any
    ) -> list[tuple[tuple[bytes, tuple[int, ...]], bytes] | None]:
        """Send one statement; return, for each result to come, what it prepares."""
        key = (statement.sql, types)
        name = self._kept.get(key)
        if name is not None:
            self.pgconn.send_query_prepared(name, values, formats)
            return [None]
        if not statement.is_kept or len(self._kept) >= _KEPT_STATEMENTS:
            self.pgconn.send_query_params(statement.sql, values, types, formats)
            return [None]
        self._number += 1
        name = b"gatepost_%d" % self._number
        self.pgconn.send_prepare(name, statement.sql, types)
        self.pgconn.send_query_prepared(name, values, formats)
        return [(key, name), None]

    def _results(self) -> list[PGresult]:
        """Return every result up to the end of the round trip."""
        connection, found = self.pgconn, list[PGresult]()
        while connection.flush():
            self._wait(READ | WRITE)
            if self._waiter.is_readable():
                connection.consume_input()
        while True:
            while connection.is_busy():
                self._wait(READ)
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                if connection.status == ConnStatus.BAD:
                    raise found_lost(found)
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return found
            found.append(result)

    def _wait(self, events: int) -> None:
        if not self._waiter.wait(events, self.answer_timeout):
            raise psycopg.OperationalError(f"the server gave no answer within {self.answer_timeout:g} s")

    def _checked(self, sent: Sequence[Any], results: Sequence[PGresult]) -> list[PGresult]:
        failed = None
        for prepares, result in zip(sent, results, strict=False):
            if result.status in _FAILED:
                failed = failed or result
            elif prepares and result.status == ExecStatus.COMMAND_OK:
                self._kept[prepares[0]] = prepares[1]
        failed = failed or next((one for one in results if one.status in _FAILED), None)
        if failed:
            self._raise(failed)
        return [result for prepares, result in zip(sent, results, strict=True) if prepares is None]

    def _raise(self, result: PGresult) -> None:
        error = translate(psycopg.errors.error_from_result(result, encoding="utf-8"))
        if is_stale(error):
            self._kept.clear()
        if is_lost(error):
            self.close()
        raise error

    def _abandon(self) -> None:
        """Stop what runs and hang up: nobody waits for the answer any more."""
        with suppress(psycopg.Error):
            self.pgconn.get_cancel().cancel()
        self.close()

    def load(self, result: PGresult) -> list[Row]:
        """Return a result's rows, with Python's values by the columns' names."""
        if not result.nfields:
            return []
        names = [(result.fname(number) or b"").decode() for number in range(result.nfields)]
        transformer = Transformer(self)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, lambda values: dict(zip(names, values, strict=True)))


def _json(text: str | bytes) -> Any:
    """Return the value of JSON from PostgreSQL, whose encoding need not be guessed as `json.loads` does."""
    return _DECODE(text.decode() if isinstance(text, bytes) else text)


def found_lost(found: Sequence[PGresult]) -> psycopg.Error:
    """Return what the server said before it hung up."""
    for result in found:
        if result.status in _FAILED and result.error_field(DiagnosticField.SQLSTATE):
            return psycopg.errors.error_from_result(result, encoding="utf-8")
    return psycopg.OperationalError("the connection was lost")


def _lost(error: psycopg.Error) -> SessionError:
    translated = translate(error)
    if isinstance(translated, Unavailable):
        return translated
    made = Unavailable(str(translated))
    made.sqlstate, made.__cause__ = translated.sqlstate, error
    return made
