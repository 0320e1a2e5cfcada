"""Essays as files: added to an open attempt, taken out, frozen at hand-in, seen by who marks and nobody else."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.questions.essay import files_of
from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.core.storage import Storage
from app.learning.answer_files import ABANDONED_AFTER, MOST_STORED
from app.learning.models import AnswerFile, Attempt
from tests.browser import Browser
from tests.learning import making
from tests.learning.conftest import Learner
from tests.learning.test_marking import ESSAY, QUIZ_URL
from tests.learning.test_marking import marker as marker

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
PAPER = "/attempts/1"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def photo() -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "May anh cua toi"
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def docx(main: str = MAIN, **parts: str) -> bytes:
    """A Word file as far as anybody looks; `parts` by path, written with __ for / and _ for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        types = f'<Types><Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("word/document.xml", "<document/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def fetching(kind: str) -> str:
    return f'<R><Relationship Type="http://x/{kind}" Target="http://noi.khac/" TargetMode="External"/></R>'


@pytest.fixture
def open_paper(db: Session, new_learner: Callable[..., Learner]) -> Callable[..., Learner]:
    """`open_paper()`: somebody before a paper with one essay, of text and files; `quiz` as its file has it."""

    def make(accept: tuple[str, ...] = ("text", "file"), **quiz: Any) -> Learner:
        question = ESSAY | {"accept": list(accept)}
        making.course(db, making.Lesson("L3", has_text=False, questions=(question,), quiz=quiz))
        learner = new_learner()
        learner.browser.post(QUIZ_URL)
        return learner

    return make


def add(learner: Learner, *contents: bytes, name: str = "bai.pdf", to: str = "files", **fields: str) -> Any:
    files = [("file:q4", (name, content)) for content in contents]
    return learner.browser.post(f"{PAPER}/{to}", fields, files=files)


def attempt_in(database: Database) -> Attempt:
    with database.reading() as db:
        found = db.scalars(select(Attempt)).one()
        db.expunge_all()
    return found


@pytest.fixture
def night(database: Database, worker: Worker) -> Callable[[], None]:
    """`night()`: the nightly job runs."""

    def run() -> None:
        with database.writing() as db:
            enqueue(db, "learning.forget_answer_files")
        worker.run_all()

    return run


def stored(storage: Storage) -> list[str]:
    return list(storage.all_keys("documents"))


def test_files_are_added_beside_a_text_and_frozen_with_the_attempt(
    open_paper: Callable[..., Learner], database: Database, storage: Storage, marker: Callable[..., Browser]
) -> None:
    learner = open_paper()
    page = add(learner, PDF, q4="Xem tệp kèm theo")
    assert "bai.pdf" in page.text
    assert "Đã trả lời 1 trên 1 câu" in page.text
    assert "Xem tệp kèm theo" in page.text
    add(learner, photo(), name="Trần Văn Mẫu.jpg", q4="Xem tệp kèm theo")
    # The text that is saved as it is typed leaves the files where they are.
    learner.browser.htmx_post(f"{PAPER}/answers", {"question": "q4", "q4": "Viết lại", "seq": "1"})
    learner.browser.post(f"{PAPER}/submit", {"q4": "Viết lại"})
    answer = attempt_in(database).answers["q4"]
    assert answer["text"] == "Viết lại"
    paper, picture = files_of(answer)
    assert (paper.name, picture.name) == ("bai.pdf", "Trần Văn Mẫu.webp")
    assert PDF not in b"".join(b"".join(storage.read(key)) for key in stored(storage))
    assert "bai.pdf" in learner.browser.get(PAPER).text
    assert add(learner, PDF + b"%", name="muon.pdf").status_code == 409
    # Whoever marks sees them without a name.
    other = marker()
    seen = other.get("/marking/1/q4").text
    assert "Trần Văn Mẫu" not in seen
    assert "Tệp 2" in seen
    file = other.get(f"/marking/1/files/{paper.id}")
    assert file.content == PDF
    assert file.headers["content-disposition"] == f'attachment; filename="bai-lam-{paper.id}.pdf"'
    assert "sandbox" in file.headers["content-security-policy"]
    assert file.headers["x-content-type-options"] == "nosniff"
    shown = other.get(f"/marking/1/files/{picture.id}")
    assert (shown.headers["content-type"], b"May anh" in shown.content) == ("image/webp", False)


def test_a_file_alone_is_an_answer_that_waits_to_be_marked(
    open_paper: Callable[..., Learner], database: Database, marker: Callable[..., Browser]
) -> None:
    learner = open_paper(accept=("file",))
    assert "<textarea" not in learner.browser.get(PAPER).text
    assert learner.browser.htmx_post(f"{PAPER}/answers", {"question": "q4", "q4": "chữ"}).status_code == 422
    # Chosen and not yet added: handing in takes it along.
    assert "Đang chờ chấm" in add(learner, docx(), name="bai.docx", to="submit").text
    other = marker()
    other.post("/marking/1/q4", {"points": ["2", "3"], "comment": ""})
    assert attempt_in(database).passed is True
    assert "bai.docx" in learner.browser.get(PAPER).text


def test_only_the_learner_and_who_marks_there_get_a_file(
    open_paper: Callable[..., Learner], marker: Callable[..., Browser], new_learner: Callable[..., Learner],
    new_browser: Callable[[], Browser],
) -> None:  # fmt: skip
    learner = open_paper()
    add(learner, PDF)
    assert learner.browser.get(f"{PAPER}/files/1").content == PDF
    assert new_learner().browser.get(f"{PAPER}/files/1").status_code == 404
    assert "/sign-in" in str(new_browser().get(f"{PAPER}/files/1").url)
    # Nobody marks what was not handed in.
    assert marker().get("/marking/1/files/1").status_code == 404
    learner.browser.post(f"{PAPER}/submit", {})
    assert marker(at="07228").get("/marking/1/files/1").status_code == 404
    assert marker(role="unit_manager").get("/marking/1/files/1").status_code == 403


def test_a_file_is_taken_out_and_gone_after_the_night(
    open_paper: Callable[..., Learner], database: Database, storage: Storage, night: Callable[[], None]
) -> None:
    learner = open_paper()
    add(learner, PDF, photo())
    page = learner.browser.post(f"{PAPER}/files", {"remove": "1", "q4": "Còn chữ"})
    assert "bai.pdf" not in page.text
    assert "Còn chữ" in page.text
    assert learner.browser.get(f"{PAPER}/files/1").status_code == 404
    assert len(stored(storage)) == 2
    for _again in range(2):
        night()
        assert len(stored(storage)) == 1
    assert [one.id for one in files_of(attempt_in(database).answers["q4"])] == [2]


def test_files_of_a_paper_left_for_a_month_are_forgotten_and_those_handed_in_stay(
    open_paper: Callable[..., Learner], database: Database, storage: Storage, night: Callable[[], None]
) -> None:
    learner = open_paper()
    add(learner, PDF, q4="Còn chữ")
    night()
    assert len(stored(storage)) == 1
    with clock.frozen(clock.now() + ABANDONED_AFTER + timedelta(hours=1)):
        night()
    assert stored(storage) == []
    assert attempt_in(database).answers["q4"] == "Còn chữ"
    add(learner, PDF, to="submit")
    with clock.frozen(clock.now() + ABANDONED_AFTER + timedelta(hours=1)):
        night()
    assert len(stored(storage)) == 1


_REFUSED = {
    "text": (b"chi la chu", "Hãy chọn tệp PDF, DOCX"),
    "script in PDF": (PDF.replace(b"<<>>", b"<</JavaScript 1>>"), "mã chạy được"),
    "macro": (docx(word__vbaProject_bin="x"), "macro"),
    "macro type": (docx("application/vnd.ms-word.document.macroEnabled.main+xml"), "macro"),
    "packed program": (docx(word__embeddings__oleObject1_bin="x"), "tệp nhúng"),
    "remote template": (docx(word___rels__settings_xml_rels=fetching("attachedTemplate")), "tự lấy nội dung"),
    "no office file": (docx("text/plain"), "không phải DOCX"),
    "old or sealed": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "có mật khẩu hoặc là dạng cũ"),
    "broken": (docx()[:120], "bị hỏng"),
    "too large": (PDF + bytes(10 * 1024 * 1024), "10 MB"),
}


@pytest.mark.parametrize("what", _REFUSED)
@pytest.mark.by_turns
def test_what_is_no_paper_is_told_at_its_field_and_hands_nothing_in(
    open_paper: Callable[..., Learner], database: Database, storage: Storage, what: str
) -> None:
    content, said = _REFUSED[what]
    page = add(open_paper(), content, name="bai.docx", to="submit", q4="Giữ chữ này")
    assert page.status_code == 422
    assert said in page.text
    assert 'id="f1-err"' in page.text
    assert attempt_in(database).submitted_at is None
    assert attempt_in(database).answers["q4"] == "Giữ chữ này"
    assert stored(storage) == []


def test_a_link_one_clicks_is_no_harm(open_paper: Callable[..., Learner]) -> None:
    linked = docx(word___rels__document_xml_rels=fetching("hyperlink"))
    assert "bai.docx" in add(open_paper(), linked, name="bai.docx").text


def test_three_files_and_no_more_and_the_same_one_once(
    open_paper: Callable[..., Learner], database: Database, storage: Storage
) -> None:
    learner = open_paper()
    for number in range(2):
        add(learner, PDF, PDF + b"%1")
        assert len(files_of(attempt_in(database).answers["q4"])) == 2, number
    page = add(learner, PDF + b"%2", PDF + b"%3")
    assert page.status_code == 422
    assert "nhiều nhất 3 tệp" in page.text
    assert "Đã đủ 3 tệp" in learner.browser.get(PAPER).text
    assert len(stored(storage)) == 3
    for number in range(4, MOST_STORED + 2):
        last = files_of(attempt_in(database).answers["q4"])[-1]
        page = add(learner, PDF + f"%{number}".encode(), remove=str(last.id))
    assert "quá nhiều tệp" in page.text


def test_a_file_after_the_time_is_refused_as_an_answer_is(
    open_paper: Callable[..., Learner], database: Database, storage: Storage
) -> None:
    learner = open_paper(time_limit=10)
    add(learner, PDF)
    with clock.frozen(clock.now() + timedelta(minutes=11, seconds=5)):
        assert add(learner, PDF + b"%1").status_code == 409
        add(learner, PDF + b"%2", to="submit")
    attempt = attempt_in(database)
    assert attempt.is_timed_out
    assert len(files_of(attempt.answers["q4"])) == 1
    assert len(stored(storage)) == 1


def test_a_guest_is_asked_to_sign_in_for_files(
    db: Session, new_browser: Callable[[], Browser], storage: Storage
) -> None:
    question = ESSAY | {"accept": ["text", "file"]}
    making.course(db, making.Lesson("L3", has_text=False, questions=(question,)), access="open")
    db.commit()
    guest = new_browser()
    guest.get(f"/learn/{making.SLUG}")
    page = guest.post(QUIZ_URL)
    assert "Nộp tệp thì cần tài khoản" in page.text
    assert 'type="file"' not in page.text
    sent = guest.post(f"{PAPER}/files", files={"file:q4": ("bai.pdf", PDF)}, follow=False)
    assert "/sign-in" in sent.headers["location"]
    assert stored(storage) == []


def test_a_question_without_files_takes_none(open_paper: Callable[..., Learner], storage: Storage) -> None:
    learner = open_paper(accept=("text",))
    assert 'type="file"' not in learner.browser.get(PAPER).text
    assert add(learner, PDF).status_code == 404
    assert stored(storage) == []


def test_files_of_an_attempt_that_is_gone_are_deleted(
    open_paper: Callable[..., Learner], db: Session, database: Database, storage: Storage, night: Callable[[], None]
) -> None:
    add(open_paper(), PDF)
    db.delete(db.scalars(select(Attempt)).one())
    db.commit()
    night()
    assert stored(storage) == []
    with database.reading() as reading:
        assert reading.scalars(select(AnswerFile)).all() == []
