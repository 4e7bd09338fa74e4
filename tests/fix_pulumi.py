"""Tests marked `pulumi_cli` run where the Pulumi CLI is on PATH; elsewhere they are skipped, and say why."""

from __future__ import annotations

import shutil

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("pulumi") is not None:
        return
    for item in items:
        if item.get_closest_marker("pulumi_cli"):
            item.add_marker(pytest.mark.skip(reason="the Pulumi CLI is not on PATH"))
