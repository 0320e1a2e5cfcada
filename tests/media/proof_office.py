"""A real LibreOffice draws what an office sent; `make proof` brings it (tests/media/bring-libreoffice)."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.jobs import Worker
from app.core.settings import ROOT, get_settings
from app.core.storage import Storage
from app.media import jobs as media_jobs
from app.media.models import Asset
from app.media.paging import page_texts
from app.media.queries import asset_views
from app.media.service import add_asset, store
from tests.media.office_files import docx, odt

pytestmark = pytest.mark.by_turns


@pytest.fixture(scope="module")
def soffice() -> str:
    subprocess.run([ROOT / "tests" / "media" / "bring-libreoffice"], check=True)
    return shutil.which("soffice") or str(ROOT / ".cache" / "libreoffice" / "soffice")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (docx("Kế hoạch chuyển đổi số", "Bước một: kiểm tra máy."), "Kế hoạch.docx"),
        (odt("<text:h>Kế hoạch chuyển đổi số</text:h><text:p>Bước một: kiểm tra máy.</text:p>"), "Kế hoạch.odt"),
    ],
    ids=["docx", "odt"],
)
def test_libreoffice_draws_the_pages_of_an_office_file(
    db: Session, database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, soffice: str,
    content: bytes, name: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("LIBREOFFICE", soffice)
    get_settings.cache_clear()
    asset: Asset = add_asset(db, store(storage, io.BytesIO(content), name), by=None, unit_id=None)
    db.commit()
    Worker(database, storage, media_jobs.JOBS).run_all()
    db.expire_all()
    view = asset_views(db, [asset.id])[asset.id]
    assert (view.state, view.error, len(view.pages)) == ("ready", None, 1)
    assert page_texts(storage, asset) == ("Kế hoạch chuyển đổi số\nBước một: kiểm tra máy.",)
