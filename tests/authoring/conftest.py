"""Scratch folders under the test's own DATA_DIR."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import get_settings


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()
