"""The plugin process that the Pulumi CLI starts."""

from gatepost.provider.server import main

main()
