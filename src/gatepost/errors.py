"""Everything that can go wrong, one class a failure, each with its own exit code."""

from __future__ import annotations


class GatepostError(Exception):
    """Any failure that Gatepost explains; `exit_code` is what the command exits with."""

    exit_code = 1


class UsageError(GatepostError, ValueError):
    """A setting, an option or an input that cannot be right."""

    exit_code = 2


class InvalidDeclaration(GatepostError, ValueError):
    """A declared resource is wrong in itself: found by `check`, before any connection."""

    exit_code = 3


class ServerUnreachable(GatepostError, ConnectionError):
    """No PostgreSQL server answers at the address."""

    exit_code = 4


class AuthenticationFailed(GatepostError, PermissionError):
    """The server refused the user or the password."""

    exit_code = 5


class PermissionMissing(GatepostError, PermissionError):
    """The deployer may not do what the plan needs."""

    exit_code = 6


class UnsupportedServer(GatepostError):
    """The server's version is older than Gatepost supports."""

    exit_code = 7


class ObjectExists(GatepostError):
    """An object of that name is already there and no resource of this stack owns it."""

    exit_code = 8


class CorruptState(GatepostError):
    """The state file cannot be read or is not a Pulumi checkpoint."""

    exit_code = 9


class PassphraseMissing(GatepostError):
    """The state's secrets need a passphrase, and none or a wrong one was given."""

    exit_code = 10


class HazardNotApproved(GatepostError):
    """The plan carries a hazard that nobody approved."""

    exit_code = 11


class DeploymentBusy(GatepostError):
    """Another deployment holds the database's or the stack's lock."""

    exit_code = 12


class LockTimeout(GatepostError, TimeoutError):
    """A lock could not be had within the budget; nothing is half-applied."""

    exit_code = 13


class StatementFailed(GatepostError):
    """PostgreSQL refused a statement."""

    exit_code = 14


class DriftFound(GatepostError):
    """The database differs from what was deployed."""

    exit_code = 15


class UnsupportedFeature(GatepostError, NotImplementedError):
    """The embedded engine refuses an option by name rather than ignoring it."""

    exit_code = 16


class StillUsed(GatepostError):
    """What is to change or go is used by something that cannot follow."""

    exit_code = 17


class GateNotPassed(GatepostError):
    """A gate did not pass, so nothing was deployed."""

    exit_code = 19


class RolledBack(GatepostError):
    """A deployment failed, and what was there before is there again, which was proved."""

    exit_code = 20


class RollbackFailed(GatepostError):
    """A deployment failed, and what was there before is not there again, or nobody can prove it."""

    exit_code = 21


class StateNotWritten(GatepostError, OSError):
    """The state could not be written: the disk is full, or the folder is closed to us."""

    exit_code = 18


class Interrupted(GatepostError):
    """Ctrl-C; the message says what was left behind."""

    exit_code = 130
