"""A QR code proves itself: one altered letter is refused with the reason; a new key leaves old papers valid."""

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.certificates import keys, pdf
from app.certificates.keys import key_id
from app.certificates.papers import statement_of
from app.certificates.statement import BadStatement, Statement, read, write
from app.core.errors import CommandFailed
from app.core.settings import get_settings
from tests.browser import Browser
from tests.certificates import making

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = {key_id(KEY.public_key()): KEY.public_key().public_bytes_raw()}
SAID = Statement(
    "2AB4CD6EFGH8JKM9NPQRSTVWXYZ", "00412/2026/HS-SKHCN", "Nguyễn Thị Hạnh", making.COURSE_TITLE, date(2026, 11, 20),
    date(2026, 11, 21),
)  # fmt: skip


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own for generated keys."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    keys.forget_cached_keys()
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()
    keys.forget_cached_keys()


def test_what_was_written_is_read() -> None:
    assert read(write(SAID, KEY), KEYS) == SAID


@given(st.text(max_size=60), st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_name_survives_and_only_long_titles_are_cut(name: str, title: str) -> None:
    said = read(write(Statement("A", "1", name, title, date(2026, 1, 1), date(2026, 1, 2)), KEY), KEYS)
    assert said.holder_name == name or len(name.encode()) > 180
    assert said.course_title == title or said.course_title.endswith("…")


def test_every_altered_letter_is_refused() -> None:
    signed = write(SAID, KEY)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    chance = random.Random(7)
    for place, letter in enumerate(signed):
        other = chance.choice(letters.replace(letter, ""))
        with pytest.raises(BadStatement, match=r"thiếu|không do Học Số|không khớp"):
            read(signed[:place] + other + signed[place + 1 :], KEYS)


@pytest.mark.parametrize("text", ["", "A", "abc", "không phải mã", "1" * 400, "A" * 400, write(SAID, KEY)[:-1]])
def test_what_is_no_statement_is_told_so(text: str) -> None:
    with pytest.raises(BadStatement):
        read(text, KEYS)


def test_a_strangers_key_is_named_as_such() -> None:
    with pytest.raises(BadStatement, match="không do Học Số ký"):
        read(write(SAID, Ed25519PrivateKey.generate()), KEYS)


def test_a_new_key_leaves_old_codes_valid(db: Session, installation: Path) -> None:
    issued = making.certificate(db)
    old = statement_of(issued)
    before = key_id(keys.statement_key().public_key())
    after = keys.rotate_statement_key(db)
    assert after != before
    assert (installation / f"statement_key.{before}").exists()
    assert statement_of(issued) != old
    for signed in (old, statement_of(issued)):
        assert read(signed, keys.statement_keys(db)).code == issued.code


def test_a_key_from_the_environment_is_changed_there(
    db: Session, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATEMENT_KEY", "mot-khoa-rieng")
    get_settings.cache_clear()
    with pytest.raises(CommandFailed, match="STATEMENT_KEY"):
        keys.rotate_statement_key(db)


@pytest.mark.parametrize("title_length", [20, 200])
def test_the_printed_code_is_coarse_enough(title_length: int) -> None:
    said = Statement(SAID.code, SAID.number, "Nguyễn " * 8, "Khóa học số " * 17, SAID.completed_on, SAID.issued_on)
    said = Statement(
        said.code, said.number, said.holder_name[:60], said.course_title[:title_length], said.completed_on,
        said.issued_on,
    )  # fmt: skip
    drawn = pdf.qr_svg("https://hocso.bacninh.gov.vn", write(said, KEY))
    side = int(drawn.split('width="')[1].split('"')[0])
    # Of 34,6 mm: a third of a millimetre or more for a module, what offices' cameras and printers manage.
    assert 34.6 / side > 0.33


def test_the_page_checks_the_code_and_then_the_register(browser: Browser, db: Session) -> None:
    issued = making.certificate(db)
    db.commit()
    signed = statement_of(issued)
    for entered in (signed, f"https://hocso.test/verify/q/{signed}"):
        page = browser.get("/verify", params={"code": entered})
        assert "Chữ ký trong mã QR đúng" in page.text
        assert "Còn hiệu lực" in page.text
        assert issued.number in page.text
    changed = signed[:60] + ("A" if signed[60] != "A" else "B") + signed[61:]
    refused = browser.get(f"/verify/q/{changed}")
    assert refused.status_code == 422
    assert "không khớp" in refused.text
    assert "Nguyễn Thị Hạnh" not in refused.text
