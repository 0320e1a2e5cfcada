"""Files of questions through the studio and the command line: looked at first, taken in once, pictures with them."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from app.catalogue.models import BankQuestion, QuestionBank
from app.core.db import Database, Session
from tests import factories
from tests.access.world import _png
from tests.authoring.conftest import StudioCourse
from tests.authoring.test_banks import author, bank_url  # noqa: F401
from tests.browser import Browser

GIFT = "Ký số là gì?\n{=ký bằng chứng thư số ~chụp chữ ký}\n\nHỏng {~a ~b}\n"


def count(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(BankQuestion)) or 0


def test_a_file_is_looked_at_first_and_taken_in_once(author: Browser, bank_url: str, database: Database) -> None:  # noqa: F811
    look = author.post(f"{bank_url}/import", files={"file": ("de.gift", GIFT.encode())})
    assert "Ký số là gì?" in look.text
    assert "dòng 4" in look.text
    assert "Không có lựa chọn nào được điểm." in look.text
    assert count(database) == 0
    for _nth in range(2):
        author.post(look.url.path)
    assert count(database) == 1
    assert "Tệp này đã được nhập." in author.get(look.url.path).text
    exported = author.get(f"{bank_url}/export/gift")
    assert "=ký bằng chứng thư số" in exported.text


def test_what_is_no_such_file_is_said_on_the_form(author: Browser, bank_url: str) -> None:  # noqa: F811
    for name, content, words in [
        ("de.xml", b"<html/>", "không phải Moodle XML"), ("de.xlsx", b"PK", "không phải bảng tính"),
        ("de.doc", b"x", "Chưa rõ tệp thuộc định dạng nào"), ("de.xml", b"<quiz></quiz>", "không có câu hỏi nào"),
    ]:  # fmt: skip
        answer = author.post(f"{bank_url}/import", files={"file": (name, content)})
        assert answer.status_code == 422
        assert words in answer.text


def test_rows_of_a_sheet_that_do_not_fit_come_back_with_their_reasons(author: Browser, bank_url: str) -> None:  # noqa: F811
    book = openpyxl.load_workbook(io.BytesIO(author.get("/studio/banks/template.xlsx").content))
    book.worksheets[0].append(["Chọn một", "Ai?", "x", "y", None, None, None, None, "D"])
    out = io.BytesIO()
    book.save(out)
    look = author.post(f"{bank_url}/import", files={"file": ("de.xlsx", out.getvalue())})
    result = openpyxl.load_workbook(io.BytesIO(author.get(f"{look.url.path}/result.xlsx").content)).worksheets[0]
    assert [cell.value for cell in result[2]][-1] == "Đáp án “D” không phải là chữ cái của lựa chọn nào."


def with_picture() -> bytes:
    """A Moodle XML file of one question with a picture."""
    picture = base64.b64encode(_png("red")).decode()
    return (
        '<quiz><question type="truefalse"><questiontext format="html"><text>&lt;p&gt;Đúng?&lt;img '
        'src="@@PLUGINFILE@@/a.png" alt="Con dấu"&gt;&lt;/p&gt;</text>'
        f'<file name="a.png" encoding="base64">{picture}</file></questiontext>'
        '<answer fraction="100"><text>true</text></answer></question></quiz>'
    ).encode()


def test_a_unit_without_room_takes_questions_but_no_pictures(
    author: Browser,  # noqa: F811
    bank_url: str,  # noqa: F811
    db: Session,
) -> None:
    factories.without_room(db, db.query(QuestionBank).one().unit_id)
    refused = author.post(f"{bank_url}/import", files={"file": ("de.xml", with_picture())})
    assert (refused.status_code, "Tệp “ảnh trong de.xml” nặng" in refused.text) == (413, True)
    assert "đơn vị chỉ còn 0 kB trong 1,0 MB" in refused.text
    assert "Ký số là gì?" in author.post(f"{bank_url}/import", files={"file": ("de.gift", GIFT.encode())}).text


def test_a_moodle_picture_becomes_a_file_and_goes_out_again(author: Browser, bank_url: str, database: Database) -> None:  # noqa: F811
    look = author.post(f"{bank_url}/import", files={"file": ("de.xml", with_picture())})
    author.post(look.url.path)
    with database.reading() as db:
        files, body = db.execute(select(BankQuestion.files, BankQuestion.body)).one()
    (name,) = files
    assert f"![Con dấu]({name})" in body["text"]
    exported = author.get(f"{bank_url}/export/moodle-xml").text
    assert f"@@PLUGINFILE@@/{name}" in exported
    assert f'<file name="{name}"' in exported


def test_the_command_line_takes_questions_in_and_gives_them_out(
    command: Callable[..., int], tmp_path: Path, studio_course: StudioCourse, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "de.gift", tmp_path / "ra.xlsx"
    source.write_text(GIFT, encoding="utf-8")
    assert (
        command("questions", "import", str(source), "--course", studio_course.slug, "--format", "gift", "--json") == 1
    )
    said = json.loads(capsys.readouterr().out)
    assert [one["kind"] for one in said["imported"]] == ["single"]
    assert [one["place"] for one in said["refused"]] == [4]
    assert command("questions", "export", str(target), "--bank", said["bank"], "--json") == 0
    assert json.loads(capsys.readouterr().out)["exported"] == 1
    assert openpyxl.load_workbook(target).worksheets[0]["B2"].value == "Ký số là gì?"
    assert command("questions", "export", str(tmp_path / "ra.gift"), "--course", studio_course.slug) == 0
    assert "Ký số là gì?" in (tmp_path / "ra.gift").read_text(encoding="utf-8")
    for words in (
        ("import", str(tmp_path / "khong-co.gift"), "--bank", said["bank"]), ("import", str(source), "--bank", "la"),
        ("export", str(tmp_path / "khong-ro"), "--bank", said["bank"]), ("export", str(target), "--course", "la"),
    ):  # fmt: skip
        assert command("questions", *words) == 2
