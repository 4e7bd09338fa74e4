from pathlib import Path

import pytest
from memory_provider import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)
