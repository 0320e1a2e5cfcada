"""Questions from files and into files: choose a file, look at what it brings, confirm; export with what is left out."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile

from app.authoring import bank_queries as queries
from app.authoring import question_files as files_of_questions
from app.authoring import questions_io
from app.authoring.bank_form import KIND_NAMES
from app.authoring.bank_pages import AuthoredBank
from app.authoring.bank_queries import BankRow
from app.authoring.pages import Author
from app.authoring.questions_io import FORMATS, Format, LeftOut, Refused, sheet_writing
from app.catalogue.inline import say
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.web import Config, Databases, Db, Files, Response, RowId, redirect, render
from app.media.quota import QuotaFull, must_fit

router = APIRouter()

# Enough to look at; the counts and the workbook hold them all.
_SHOWN_MOST = 200


@dataclass(frozen=True)
class ImportPage:
    bank: BankRow
    formats: dict[str, Format]
    chosen: str
    problem: str = ""


@dataclass(frozen=True)
class PreviewRow:
    """A question of the file: `place` is its line or row."""

    place: int
    kind: str
    text: str
    topic: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class UploadPage:
    """What a file would bring; at most 200 rows of each list are shown."""

    bank: BankRow
    upload_id: int
    file_name: str
    is_sheet: bool
    is_applied: bool
    found_count: int
    refused_count: int
    found: tuple[PreviewRow, ...]
    refused: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ExportChoice:
    """A format, how many questions it would hold, and what it cannot say."""

    name: str
    title: str
    count: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class ExportPage:
    bank: BankRow
    choices: tuple[ExportChoice, ...]


@router.get("/studio/banks/template.xlsx")
def template(actor: Author) -> Response:
    return attachment(sheet_writing.template(), "mau-cau-hoi.xlsx")


@router.get("/studio/banks/{key}/import")
def choose(request: Request, db: Db, bank: AuthoredBank) -> Response:
    page = ImportPage(queries.bank_row(db, bank), FORMATS, "")
    return render(request, "authoring/question_import.html", page=page)


@router.post("/studio/banks/{key}/import")
def upload(
    key: str, request: Request, actor: Author, databases: Databases, storage: Files, settings: Config,
    file: Annotated[UploadFile | None, File()] = None, format_name: Annotated[str, Form(alias="format")] = "",
) -> Response:  # fmt: skip
    """No transaction while the file is read and its pictures are stored."""
    with databases.reading() as db:
        bank = queries.authored_bank(db, actor, key)
        row, unit_id = queries.bank_row(db, bank), bank.unit_id
    try:
        if file is None or not file.filename:
            raise Invalid(_("Hãy chọn một tệp."))
        name = PurePath(file.filename.replace("\\", "/")).name
        chosen = format_name if format_name in FORMATS else files_of_questions.format_of(name)
        if chosen is None:
            raise Invalid(_("Chưa rõ tệp thuộc định dạng nào. Hãy chọn định dạng."))
        reading = questions_io.read(chosen, file.file.read())
        with databases.reading() as db:
            must_fit(db, settings, unit_id, reading.picture_bytes, _("ảnh trong %(file)s", file=name))
        taken = files_of_questions.take(storage, reading)
    except (Invalid, QuotaFull) as error:
        page = ImportPage(row, FORMATS, format_name, error.message)
        return render(request, "authoring/question_import.html", status=error.status, page=page)
    with databases.writing() as db:
        bank = queries.authored_bank(db, actor, key)
        kept = files_of_questions.keep_upload(db, bank, taken, name, chosen, by=actor.account_id)
        url = f"/studio/banks/{bank.key}/imports/{kept.id}"
    return redirect(request, url)


@router.get("/studio/banks/{key}/imports/{upload_id}")
def look(upload_id: RowId, request: Request, db: Db, bank: AuthoredBank) -> Response:
    kept = files_of_questions.upload_of(db, bank, upload_id)
    found, refused = kept.reading["found"], kept.reading["refused"]
    page = UploadPage(
        bank=queries.bank_row(db, bank), upload_id=kept.id, file_name=kept.file_name, is_sheet=kept.format == "xlsx",
        is_applied=kept.applied_at is not None, found_count=len(found), refused_count=len(refused),
        found=tuple(_row(one) for one in found[:_SHOWN_MOST]), refused=tuple(refused[:_SHOWN_MOST]),
    )  # fmt: skip
    return render(request, "authoring/question_upload.html", page=page, kind_names=KIND_NAMES)


@router.post("/studio/banks/{key}/imports/{upload_id}")
def confirm(upload_id: RowId, request: Request, db: Db, actor: Author, bank: AuthoredBank) -> Response:
    kept = files_of_questions.upload_of(db, bank, upload_id)
    count = files_of_questions.apply_upload(db, bank, kept, by=actor.account_id)
    said = _("Đã nhập %(count)s câu hỏi vào ngân hàng.", count=count)
    return redirect(request, f"/studio/banks/{bank.key}", flash=("ok", said))


@router.get("/studio/banks/{key}/imports/{upload_id}/result.xlsx")
def result(upload_id: RowId, db: Db, bank: AuthoredBank) -> Response:
    """The rows of a sheet that were not taken in, each with the reason beside it."""
    kept = files_of_questions.upload_of(db, bank, upload_id)
    if kept.format != "xlsx":
        raise NotFound
    refused = [Refused(**one) for one in kept.reading["refused"]]
    return attachment(sheet_writing.result(refused), f"cau-hoi-can-sua-{kept.id}.xlsx")


@router.get("/studio/banks/{key}/export")
def export(request: Request, db: Db, bank: AuthoredBank, storage: Files) -> Response:
    questions = files_of_questions.of_bank(db, storage, bank)
    written = {name: questions.written(name) for name in FORMATS}
    choices = tuple(
        ExportChoice(name, FORMATS[name].title, one.written_count, one.left_out) for name, one in written.items()
    )
    page = ExportPage(queries.bank_row(db, bank), choices)
    return render(request, "authoring/question_export.html", page=page, shown_most=_SHOWN_MOST)


@router.get("/studio/banks/{key}/export/{format_name}")
def export_file(format_name: str, db: Db, bank: AuthoredBank, storage: Files) -> Response:
    if format_name not in FORMATS:
        raise NotFound
    known = FORMATS[format_name]
    content = files_of_questions.of_bank(db, storage, bank).written(format_name).content
    return attachment(content, f"{bank.key}{known.ending}", known.content_type)


def _row(one: dict[str, Any]) -> PreviewRow:
    question = one["question"]
    text = say(question["text"], {}).plain
    return PreviewRow(one["place"], question["kind"], text[:160], question.get("topic", ""), tuple(one["notes"]))
