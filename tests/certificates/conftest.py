"""Papers are examined in a process of its own, which on a busy machine may take its time to start."""

import pytest

from app.certificates import examine


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes too long is not judged, and timings decide no test."""
    monkeypatch.setattr(examine, "_PATIENCE_S", 300)
