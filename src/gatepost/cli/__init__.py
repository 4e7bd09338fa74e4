"""The command `gatepost`: parse, run, and turn every failure into one message and an exit code."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Sequence

from gatepost.cli.interrupt import catch, consequences

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code: 0, a failure's own, or 130 after Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = _take_debug(given)
    # most of what is made in the first second is code, which stays
    gc.set_threshold(50_000, 20, 50)
    # none are used here, and looking for them takes longer than most imports
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # of a connection that Ctrl-C cut off it warns that it cannot be rolled back
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    catch()
    try:
        with consequences():
            code = _run(given, debug=debug)
    except KeyboardInterrupt as interrupt:
        code = INTERRUPTED
        _say(str(interrupt) or "interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    _flush()
    # everything is written: taking half a million objects apart would take a fifth of a second, and threads
    # of an interrupted deployment may still wait for the server
    os._exit(code)


def _run(given: list[str], *, debug: bool) -> int:
    from typer.exceptions import Abort, TyperException

    from gatepost.cli.app import app
    from gatepost.errors import GatepostError, Interrupted

    try:
        found = app(given, standalone_mode=False, prog_name="gatepost")
        if found == INTERRUPTED:
            raise KeyboardInterrupt
        return found if isinstance(found, int) else 0
    except Abort:
        raise KeyboardInterrupt from None
    except Interrupted as error:
        raise KeyboardInterrupt(str(error)) from None
    except TyperException as error:
        show = getattr(error, "show", None)
        if show is None:
            _say(f"error: {error.format_message()}")
        else:
            show()
        return error.exit_code
    except GatepostError as error:
        if debug:
            raise
        from gatepost.cli.problems import report

        report(error)
        return error.exit_code
    except OSError as error:
        if debug or isinstance(error, BrokenPipeError):
            raise
        _say(f"error: {error.filename or ''}: {error.strerror or error} (--debug shows where)")
        return 1


def _take_debug(given: list[str]) -> bool:
    """Take `--debug` out of the arguments, but for those that are meant for another program."""
    own = given[: given.index("--")] if "--" in given else given
    if "--debug" not in own:
        return False
    given.remove("--debug")
    return True


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
