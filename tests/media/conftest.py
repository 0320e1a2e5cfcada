"""Sample files once per run; scratch folders under the test's own DATA_DIR."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.db import Session
from app.core.settings import get_settings
from app.core.storage import Storage
from app.media import service
from tests.media.samples import Samples, make_samples

# Name of a sample to the id of its asset.
Uploader = Callable[[str], int]


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return make_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Jobs and services read DATA_DIR from the process's settings."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def upload(db: Session, storage: Storage, samples: Samples) -> Uploader:
    """Store a sample and commit; gives the asset's id."""

    def upload(name: str) -> int:
        path = getattr(samples, name)
        with path.open("rb") as file:
            asset = service.add_asset(db, service.store(storage, file, path.name), by=None, unit_id=None)
        db.commit()
        return asset.id

    return upload
