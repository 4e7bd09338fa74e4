"""Typed definitions of what is deployed: TypeScript in the shape that Supabase's clients know, and Python."""

from gatepost.types.catalog import Definitions, read
from gatepost.types.python import python
from gatepost.types.typescript import typescript

RENDERERS = {"typescript": typescript, "python": python}

__all__ = ["RENDERERS", "Definitions", "python", "read", "typescript"]
