"""Office files as material of lessons: known by content, checked, read, drawn by LibreOffice or offered to download."""

import io
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.core.attachments import DOCX, PPTX
from app.core.db import Database
from app.core.errors import Invalid
from app.core.jobs import Worker
from app.core.settings import get_settings
from app.core.storage import Storage
from app.media import jobs as media_jobs
from app.media.libreoffice import ConversionTooSlow, to_pdf
from app.media.models import Asset
from app.media.office import check_office_file
from app.media.office_text import words_of
from app.media.paging import document_words, page_texts
from app.media.queries import asset_views
from app.media.service import add_asset, retry, store
from tests.media.office_files import docx, linked, odp, ods, odt, pptx, xlsx
from tests.media.test_pdf import written

pytestmark = pytest.mark.by_turns


def kept(db: Session, storage: Storage, content: bytes, name: str) -> Asset:
    asset = add_asset(db, store(storage, io.BytesIO(content), name), by=None, unit_id=None)
    db.commit()
    return asset


@pytest.mark.parametrize(
    "content",
    [
        xlsx({"xl/externalLinks/externalLink1.xml": b"<externalLink><ddeLink/></externalLink>"}),
        xlsx({"xl/connections.xml": b"<connections/>"}),
        xlsx({"xl/macrosheets/sheet1.xml": b"<x/>"}),
        xlsx({"xl/vbaProject.bin": b"x"}),
        ods("<office:dde-source/>"),
    ],
)
def test_a_sheet_that_runs_or_asks_elsewhere_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tep"
    for good in (xlsx(), ods()):
        path.write_bytes(good)
        check_office_file(path)
    path.write_bytes(content)
    with pytest.raises(Invalid):
        check_office_file(path)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A stand-in for LibreOffice at its port: a program that is called as it is called."""

    def found(body: str) -> Path:
        program = tmp_path / "soffice"
        program.write_text(f'#!/bin/bash\nwhile [ "$1" != --outdir ]; do shift; done\n{body}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("LIBREOFFICE", str(program))
        get_settings.cache_clear()
        return program

    return found


@pytest.fixture
def worker(database: Database, storage: Storage) -> Worker:
    return Worker(database, storage, media_jobs.JOBS)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (docx("Mở sổ.", "Ký tên."), "a.docx", ("Mở sổ.\nKý tên.",)),
        (pptx("Trang một", "Trang hai"), "a.pptx", ("Trang một", "Trang hai")),
        (odt("<text:h>Đầu đề</text:h><text:p>Chữ <text:s/>thường.</text:p>"), "a.odt", ("Đầu đề\nChữ thường.",)),
        (odp("Một", "Hai"), "a.odp", ("Một", "Hai")),
    ],
    ids=["docx", "pptx", "odt", "odp"],
)
def test_words_are_read_from_the_file_itself(tmp_path: Path, content: bytes, name: str, words: tuple[str, ...]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert words_of(path, check_office_file(path)) == words


BOMB = b"0" * (5 * 1024 * 1024)
NESTED = docx("x", more={"word/embeddings/sheet.xlsx": docx("y", more={"word/more.docx": docx("z")})})


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (docx("x", more={"word/vbaProject.bin": b"x"}), "macro.docx", "macro"),
        (docx("x", main="application/vnd.ms-word.document.macroEnabled"), "macro-hai.docx", "macro"),
        (docx("x", more=linked("http://x.vn/a.png")), "ngoai.docx", "nơi khác"),
        (docx("x", more={"word/media/trang.bmp": BOMB}), "bom.docx", "quá lớn"),
        (NESTED, "long-nhau.docx", "quá lớn"),
        (docx("x", more={f"word/{number}.xml": b"<a/>" for number in range(5001)}), "nhieu.docx", "quá lớn"),
        (odt('<draw:image xlink:href="http://x.vn/a.png"/>'), "ngoai.odt", "nơi khác"),
        (odt('<draw:image xlink:href="/etc/passwd"/>'), "o-dia.odt", "nơi khác"),
        (odt('<script:event-listener xlink:href="x"/>'), "su-kien.odt", "macro"),
        (odt("x", more={"Basic/Standard/Module1.xml": b"<a/>"}), "macro.odt", "macro"),
        (docx("x")[:-40], "cut.docx", "hỏng"),
        (b"PK\x03\x04 tep nen", "gia.docx", "hỏng"),
        (pptx("x"), "gia-ten.docx", "không phải loại được nhận"),
        (docx("x"), "bai.zip", "không phải loại được nhận"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_runs_fetches_or_bursts_is_refused_in_words(
    storage: Storage, content: bytes, name: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        store(storage, io.BytesIO(content), name)
    assert not list(storage.all_keys("assets"))


def test_a_link_to_click_a_chart_and_a_picture_within_are_no_harm(storage: Storage) -> None:
    chart = {"word/embeddings/sheet.xlsx": docx("bảng")}
    assert store(storage, io.BytesIO(docx("x", more=linked("http://x.vn", "hyperlink") | chart)), "a.docx").sha256
    inside = '<draw:image xlink:href="Pictures/1.png"/><text:a xlink:href="http://x.vn">x</text:a>'
    assert store(storage, io.BytesIO(odt(inside)), "a.odt").content_type.endswith("text")


def test_without_libreoffice_a_file_is_offered_to_download_and_its_words_are_kept(
    db: Session, storage: Storage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/khong-co")
    asset = kept(db, storage, docx("Kế hoạch chuyển đổi số"), "Kế hoạch.docx")
    assert (asset.state, asset.content_type) == ("stored", DOCX)
    worker.run_all()
    db.expire_all()
    view = asset_views(db, [asset.id])[asset.id]
    assert (view.state, view.pages) == ("ready", ())
    assert view.url == view.original_url == f"/media/{asset.public_id}/original.docx"
    assert "chưa có LibreOffice" in (view.error or "")
    assert document_words(storage, asset) == ("Kế hoạch chuyển đổi số",)
    assert page_texts(storage, asset) == ()


def test_libreoffice_makes_pages_and_the_original_stays(
    db: Session, storage: Storage, worker: Worker, office: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "made.pdf").write_bytes(written("Mở sổ.", "Ký."))
    office(f'mkdir -p "$2" && test -s "$3" && cp {tmp_path}/made.pdf "$2/source.pdf"')
    asset = kept(db, storage, pptx("Mở sổ.", "Ký."), "Bài giảng.pptx")
    worker.run_all()
    db.expire_all()
    view = asset_views(db, [asset.id])[asset.id]
    assert (view.state, len(view.pages), view.error, view.width) == ("ready", 2, None, 1000)
    assert (view.url or "").endswith("/document.pdf")
    assert (view.original_url or "").endswith("/original.pptx")
    assert page_texts(storage, asset) == ("Mở sổ.", "Ký.")
    original = next(one for one in asset.renditions if one.name == "original.pptx")
    assert original.content_type == PPTX
    assert not [one for one in (tmp_path / "scratch").iterdir() if one.is_dir()]


def test_a_conversion_that_fails_leaves_a_download_and_can_be_tried_again(
    db: Session, storage: Storage, worker: Worker, office: Callable[[str], Path], tmp_path: Path
) -> None:
    office("exit 1")
    asset = kept(db, storage, docx("Chữ"), "a.docx")
    worker.run_all()
    db.expire_all()
    assert asset.state == "ready"
    assert "Không vẽ được" in (asset.error or "")
    (tmp_path / "made.pdf").write_bytes(written("Chữ"))
    office(f'mkdir -p "$2" && cp {tmp_path}/made.pdf "$2/source.pdf"')
    retry(db, asset, by=None)
    db.commit()
    worker.run_all()
    db.expire_all()
    assert (asset.error, len(asset_views(db, [asset.id])[asset.id].pages)) == (None, 1)


def test_a_conversion_that_hangs_is_ended_with_all_it_started(tmp_path: Path, office: Callable[[str], Path]) -> None:
    program = office('sleep 600 & echo $! > "$(dirname "$2")/child.new"; mv "$(dirname "$2")"/child{.new,}; wait')
    child = tmp_path / "work" / "child"
    child.parent.mkdir()

    def until_it_runs() -> None:
        while not child.exists():
            time.sleep(0.02)

    with pytest.raises(ConversionTooSlow):
        to_pdf(str(program), tmp_path / "a.docx", child.parent, until_it_runs, timeout_s=0)
    # It was told to go; on a busy machine that takes its time.
    while is_alive(int(child.read_text())):
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
