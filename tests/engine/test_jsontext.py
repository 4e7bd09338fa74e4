"""What the state and the ledger are written with."""

from __future__ import annotations

import json

import pytest

from gatepost.jsontext import dumps


@pytest.mark.parametrize(
    "value",
    [{"ä": "\u2028", "b": [1, 2.5, None, True]}, 2**64, [-(10**30)], {"half of a pair": "\ud800"}],
    ids=["text", "beyond-64-bits", "far-beyond", "surrogate"],
)
def test_whatever_python_reads_back_is_written_on_one_line(value: object) -> None:
    written = dumps(value)
    assert json.loads(written) == value
    assert len(written.splitlines()) == 1


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})
