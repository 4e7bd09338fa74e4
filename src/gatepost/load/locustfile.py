"""Gives a run its shape; the project's scenarios stand beside it on Locust's command line."""

from gatepost.load.shapes import Shape

__all__ = ["Shape"]
