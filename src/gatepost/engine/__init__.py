"""The embedded engine: runs a Pulumi program in process, with Pulumi's own state and no CLI.

What it does not support it refuses by name.
"""

from gatepost.engine.deployment import Deployment
from gatepost.engine.model import (
    DeploymentFailed,
    Drift,
    Failure,
    Manner,
    ProgramFailed,
    Project,
    Result,
    StepEvent,
)

__all__ = [
    "Deployment",
    "DeploymentFailed",
    "Drift",
    "Failure",
    "Manner",
    "ProgramFailed",
    "Project",
    "Result",
    "StepEvent",
]
