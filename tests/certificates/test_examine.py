"""An uploaded file is the one that was issued, or one is told precisely why not."""

import hashlib
import random
from contextlib import suppress

import pytest
from sqlalchemy.orm import Session

from app.certificates import examine as examining
from app.certificates import jobs, signing
from app.certificates.examine import examine, paper_certificates
from app.certificates.keys import PaperKey, paper_key
from app.certificates.models import CertificateDocument, CertificateKey
from app.core.db import Database
from app.core.errors import TooMany
from app.core.jobs import JobContext, Worker
from app.core.storage import Storage
from tests.browser import Browser
from tests.certificates import making


@pytest.fixture
def paper(db: Session, worker: Worker, storage: Storage) -> bytes:
    issued = making.certificate(db)
    db.commit()
    worker.run_all()
    return b"".join(storage.read(db.get_one(CertificateDocument, issued.id).storage_key))


def upload(browser: Browser, content: bytes) -> str:
    return browser.post("/verify/file", files={"file": ("giay.pdf", content, "application/pdf")}).text


def test_the_paper_is_signed_and_says_that_the_key_is_for_trial(db: Session, paper: bytes) -> None:
    document = db.query(CertificateDocument).one()
    key = db.get_one(CertificateKey, document.signed_by)
    assert (key.kind, key.is_trial, key.public) == ("paper", True, paper_key().certificate)
    assert b"ETSI.CAdES.detached" in paper
    assert paper_certificates(db) == [key.public]


@pytest.mark.by_turns
def test_each_kind_of_change_has_its_sentence(browser: Browser, db: Session, paper: bytes) -> None:
    assert "đúng là bản PDF đã cấp" in upload(browser, paper)
    middle = len(paper) // 3
    changed = paper[:middle] + bytes([paper[middle] ^ 1]) + paper[middle + 1 :]
    assert "nội dung không còn khớp với chữ ký số" in upload(browser, changed)
    assert "có phần được thêm vào sau chữ ký" in upload(browser, paper + b"\n% them\n")
    signer = paper.upper().index(paper_key().certificate.hex().upper().encode())
    forged = paper[: signer + 40] + (b"0" if paper[signer + 40 : signer + 41] != b"0" else b"1") + paper[signer + 41 :]
    assert "phần chữ ký số hỏng" in upload(browser, forged)
    assert "Không phải giấy của nền tảng này" in upload(browser, b"%PDF-1.7\n% mot tep khac\n")


@pytest.mark.by_turns
def test_a_sound_file_that_is_not_on_the_shelf_is_no_proof(paper: bytes) -> None:
    assert examine(paper, [paper_key().certificate]) == "unlisted"


@pytest.mark.by_turns
def test_no_altered_byte_passes(db: Session, paper: bytes) -> None:
    chance = random.Random(11)
    for _time in range(3):
        place = chance.randrange(len(paper))
        altered = paper[:place] + bytes([paper[place] ^ chance.randrange(1, 256)]) + paper[place + 1 :]
        # One that takes too long to read is not judged: no proof either.
        with suppress(TooMany):
            assert examine(altered, paper_certificates(db)) in ("changed", "broken"), place


@pytest.mark.by_turns
def test_one_file_is_looked_at_at_a_time_and_not_for_long(paper: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with examining._turn, pytest.raises(TooMany):
        examine(paper, [paper_key().certificate])
    monkeypatch.setattr(examining, "_PATIENCE_S", 0.05)
    # It says nothing of the paper: a busy server is no reason to call it damaged.
    with pytest.raises(TooMany, match="chưa đọc xong"):
        examine(paper, [paper_key().certificate])
    assert not examining._turn.locked()


def test_a_second_try_never_touches_what_the_first_one_kept(
    db: Session, database: Database, storage: Storage, paper: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers sign the same paper at once: both have seen that there was none."""
    second, kept = making.certificate(db), db.query(CertificateDocument).one()
    db.commit()
    context = JobContext(0, database, storage, "")

    def first_is_quicker(document: bytes, key: PaperKey) -> bytes:
        monkeypatch.setattr(signing, "sign", sign)
        jobs.render_pdf(context, second.id)
        return sign(document, key) + b"\n"

    sign = signing.sign
    monkeypatch.setattr(signing, "sign", first_is_quicker)
    said = jobs.render_pdf(context, second.id)
    stored = db.get_one(CertificateDocument, second.id)
    content = b"".join(storage.read(stored.storage_key))
    assert said["sha256"] == stored.sha256 == hashlib.sha256(content).hexdigest()
    assert sorted(storage.all_keys("certificates")) == sorted((kept.storage_key, stored.storage_key))
