"""What is deployed: settings, the server's surroundings, the foundation, each feature in order."""

import sys
from pathlib import Path

import pulumi

# Both engines run this file by its path: its package lies next to it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from infra import (
    engagement_events,
    feature_flags,
    foundation,
    integrations,
    monitoring,
    persistence,
    post_collectives,
    settings,
)
from infra.server import ServerSetup

stack = settings.load()
server = ServerSetup(stack)
on = foundation.declare(stack, server.target())
monitoring.declare(on)
feature_flags.declare(on)
integrations.declare(on)
engagement_events.declare(on)
post_collectives.declare(on)
persistence.declare(on)

pulumi.export("database", stack.database)
pulumi.export("host", stack.server.host)
pulumi.export("port", stack.server.port)
if url := settings.api_url(stack):
    pulumi.export("api_url", url)
