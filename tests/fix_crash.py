"""The option `--crash-points`: how many of the enumerated crashes a test run really does."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--crash-points",
        default="5",
        help="how many crashes of each deployment to try, evenly chosen; `all` for every one",
    )
