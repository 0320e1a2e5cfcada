"""The register for those in charge: find, take away as files, replace, revoke, issue anew; and the forms."""

import hashlib
import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, UploadFile
from PIL import Image, UnidentifiedImageError
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.certificates import forms, register, service
from app.certificates.file_jobs import KEPT, MOST_PAPERS
from app.certificates.form_preview import preview
from app.certificates.models import Certificate, CertificateFile, CertificateForm
from app.certificates.register import MANAGE, VIEW, Choice, Line
from app.certificates.wording import PLACEHOLDERS, unknown_names
from app.core import audit, clock, jobs
from app.core.access import Actor
from app.core.attachments import PDF, XLSX
from app.core.errors import Conflict, NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.jobs import Job
from app.core.web import Config, Db, Files, Response, RowId, having, redirect, render

router = APIRouter()

Viewer = Annotated[Actor, having(VIEW)]
Manager = Annotated[Actor, having(MANAGE)]
_TYPES = {"pdf": PDF, "xlsx": XLSX}
_PICTURE_BYTES = 300 * 1024


class ChoiceForm(StrippedForm):
    """What to take of the register; `what` and `format` of the file, `reason` and `count` of a batch issued anew."""

    year: str = Field("", max_length=4)
    symbol: str = Field("", max_length=20)
    course: str = Field("", max_length=20)
    unit: str = Field("", max_length=40)
    state: str = Field("", max_length=10)
    q: str = Field("", max_length=120)
    group: str = Field("", max_length=40)
    what: str = Field("register", pattern="^(register|papers|reissue)$")
    format: str = Field("xlsx", pattern="^(xlsx|pdf)$")
    reason: str = Field("", max_length=500)
    count: int = Field(0, ge=0, le=10**9)

    @property
    def choice(self) -> Choice:
        return Choice(self.year, self.symbol, self.course, self.unit, self.state, self.q, self.group)


@dataclass(frozen=True)
class FileRow:
    """A file or batch somebody asked for, with the job that does it."""

    wish: CertificateFile
    job: Job | None
    is_kept: bool


@dataclass(frozen=True)
class RegisterPage:
    choice: Choice
    lines: list[Line]
    total: int
    # Those that hold now: what printing and issuing anew would take.
    valid: int
    page: int
    pages: int
    courses: list[tuple[str, str]]
    symbols: list[tuple[str, str]]
    files: list[FileRow]
    most_papers: int = MOST_PAPERS
    reason: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Up to the number of a page."""
        return f"/certificates?{urlencode(self.choice.as_filters() | {'page': ''})}"


@dataclass(frozen=True)
class ManagePage:
    certificate: Certificate
    line: Line
    errors: dict[str, str] = field(default_factory=dict)
    kind: str = "name"
    reason: str = ""


@dataclass(frozen=True)
class FormsPage:
    forms: list[CertificateForm]
    now: CertificateForm
    values: dict[str, Any]
    names: list[str]
    errors: dict[str, str] = field(default_factory=dict)


# --- the register -------------------------------------------------------------------------------------------------


@router.get("/certificates")
def register_page(
    request: Request, db: Db, actor: Viewer, year: str = "", symbol: str = "", course: str = "", unit: str = "",
    state: str = "", q: str = "", group: str = "", page: int = 1,
) -> Response:  # fmt: skip
    choice = Choice(year[:4], symbol[:20], course[:20], unit[:40], state[:10], q[:120], group[:40])
    return render(request, "certificates/register.html", fragment="files", page=_register(db, actor, choice, page))


@router.post("/certificates/files")
def ask(request: Request, db: Db, actor: Viewer, form: Annotated[ChoiceForm, Form()]) -> Response:
    """Note the wish and enqueue the job that fulfils it, in one transaction."""
    page = _register(db, actor, form.choice, 1, reason=form.reason, errors=_problems(db, actor, form))
    if page.errors:
        return render(request, "certificates/register.html", status=422, page=page)
    wish = CertificateFile(
        account_id=actor.account_id, what=form.what, format="pdf" if form.what == "papers" else form.format,
        filters=form.choice.as_filters(), reason=form.reason, created_at=clock.now(),
    )  # fmt: skip
    db.add(wish)
    db.flush()
    kind = "certificates.reissue" if form.what == "reissue" else "certificates.make_file"
    wish.job_id = jobs.enqueue(db, kind, subject=f"certificate_file:{wish.id}", owner=actor.account_id, file_id=wish.id)
    audit.record(
        db, f"certificate.{form.what}", "certificate_file", wish.id, account_id=actor.account_id, **wish.filters
    )
    back = f"/certificates?{urlencode(form.choice.as_filters())}"
    return redirect(request, back, flash=("ok", _("Đang làm. Kết quả hiện ở cuối trang khi xong.")))


@router.get("/certificates/files/{file_id}")
def download(db: Db, actor: Viewer, files: Files, file_id: RowId) -> Response:
    wish = _own(db, actor, file_id)
    if not wish.storage_key or not _is_kept(wish):
        raise Conflict(_("Tệp này chưa xong hoặc đã quá 7 ngày nên không còn. Hãy làm lại."))
    name = f"hocso-{wish.what}-{clock.day_of(wish.created_at):%Y%m%d}-{wish.id}.{wish.format}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(files.size(wish.storage_key)),
        "cache-control": "private, no-store",
    }
    return StreamingResponse(files.read(wish.storage_key), media_type=_TYPES[wish.format], headers=headers)


@router.post("/certificates/files/{file_id}/cancel")
def cancel(request: Request, db: Db, actor: Viewer, file_id: RowId) -> Response:
    """What a batch has issued anew by then stays so."""
    wish = _own(db, actor, file_id)
    if wish.job_id and (job := db.get(Job, wish.job_id)):
        jobs.cancel(db, job)
    return redirect(request, "/certificates", flash=("ok", _("Đã yêu cầu dừng.")))


# --- one certificate ----------------------------------------------------------------------------------------------


@router.get("/certificates/{code}/manage")
def manage(request: Request, db: Db, actor: Manager, code: str) -> Response:
    return render(request, "certificates/manage.html", page=_managed(db, actor, code))


@router.post("/certificates/{code}/replace")
def replace(
    request: Request, db: Db, actor: Manager, code: str, kind: Annotated[str, Form(pattern="^(name|lost)$")] = "name",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    page = _managed(db, actor, code, kind=kind, reason=reason)
    if not reason.strip():
        return _again(request, page, {"replace": _("Hãy ghi lý do.")})
    new = service.replace(db, page.certificate, "lost" if kind == "lost" else "name", reason.strip(), actor.account_id)
    said = _("Đã cấp giấy số %(number)s thay cho giấy này.", number=new.number)
    return redirect(request, f"/certificates/{new.code}/manage", flash=("ok", said))


@router.post("/certificates/{code}/revoke")
def revoke(
    request: Request, db: Db, actor: Manager, code: str,
    kind: Annotated[str, Form(pattern="^(clerical|fraud)$")] = "clerical",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    page = _managed(db, actor, code, kind=kind, reason=reason)
    if not reason.strip():
        return _again(request, page, {"revoke": _("Hãy ghi lý do.")})
    service.revoke(db, page.certificate, "fraud" if kind == "fraud" else "clerical", reason.strip(), actor.account_id)
    return redirect(request, f"/certificates/{code}/manage", flash=("ok", _("Đã thu hồi giấy này.")))


# --- forms --------------------------------------------------------------------------------------------------------


@router.get("/certificates/forms")
def form_page(request: Request, db: Db, actor: Manager) -> Response:
    return render(request, "certificates/forms.html", page=_forms(db))


@router.post("/certificates/forms")
def add_form(
    request: Request, db: Db, actor: Manager, files: Files, config: Config, act: Annotated[str, Form()] = "save",
    valid_from: Annotated[str, Form(max_length=10)] = "", superior_name: Annotated[str, Form(max_length=200)] = "",
    issuer_name: Annotated[str, Form(max_length=200)] = "", symbol: Annotated[str, Form(max_length=20)] = "",
    signer_authority: Annotated[str, Form(max_length=120)] = "",
    signer_title: Annotated[str, Form(max_length=120)] = "",
    signer_name: Annotated[str, Form(max_length=120)] = "", title: Annotated[str, Form(max_length=200)] = "",
    lead: Annotated[str, Form(max_length=200)] = "", body: Annotated[str, Form(max_length=200)] = "",
    note: Annotated[str, Form(max_length=300)] = "", colour: Annotated[str, Form(max_length=7)] = "",
    has_seal_place: Annotated[bool, Form()] = False, keeps_signature: Annotated[bool, Form()] = False,
    signature: UploadFile | None = None,
) -> Response:  # fmt: skip
    """Keep a form from a day on, or show what papers of it would look like (`act`: save or preview)."""
    typed = {
        "valid_from": valid_from, "superior_name": superior_name, "issuer_name": issuer_name, "symbol": symbol,
        "signer_authority": signer_authority, "signer_title": signer_title, "signer_name": signer_name, "title": title,
        "lead": lead, "body": body, "note": note, "colour": colour,
    }  # fmt: skip
    values: dict[str, Any] = {name: value.strip() for name, value in typed.items()}
    values |= {"has_seal_place": has_seal_place}
    picture = signature.file.read(_PICTURE_BYTES + 1) if signature and signature.filename else b""
    errors = _form_problems(values, picture)
    if errors:
        return render(request, "certificates/forms.html", status=422, page=_forms(db, values, errors))
    values["valid_from"] = clock.parse_day(valid_from)
    kept = forms.form_on(db, clock.today()).signature_key if keeps_signature else None
    if act == "preview":
        shown = picture or (b"".join(files.read(kept)) if kept else None)
        content = preview(CertificateForm(id=0, **values), shown, config)
        headers = {"content-disposition": 'inline; filename="xem-truoc.pdf"', "cache-control": "no-store"}
        return Response(content, media_type=PDF, headers=headers)
    if picture:
        values["signature_key"] = f"certificates/signatures/{hashlib.sha256(picture).hexdigest()}.png"
        files.put(values["signature_key"], io.BytesIO(picture))
    else:
        values["signature_key"] = kept
    forms.add_form(db, values, actor.account_id)
    return redirect(request, "/certificates/forms", flash=("ok", _("Đã lưu mẫu. Giấy đã cấp giữ mẫu cũ.")))


def _register(db: Session, actor: Actor, choice: Choice, page: int, **more: Any) -> RegisterPage:
    query = register.chosen(db, actor, choice)
    total = register.count(db, query)
    pages = max(1, -(-total // register.PER_PAGE))
    page = min(max(page, 1), pages)
    # The newest first on the screen; the book itself is in the order of issue.
    shown = query.order_by(None).order_by(Certificate.issued_on.desc(), Certificate.id.desc())
    shown = shown.offset((page - 1) * register.PER_PAGE).limit(register.PER_PAGE)
    valid = register.chosen(db, actor, Choice(**(vars(choice) | {"state": "valid"})))
    wishes = db.execute(
        select(CertificateFile, Job)
        .outerjoin(Job, Job.id == CertificateFile.job_id)
        .where(CertificateFile.account_id == actor.account_id)
        .order_by(CertificateFile.id.desc())
        .limit(20)
    )
    return RegisterPage(
        choice=choice, lines=list(register.lines(db, actor, shown)), total=total, valid=register.count(db, valid),
        page=page, pages=pages, courses=register.courses(db), symbols=register.symbols(db),
        files=[FileRow(wish, job, _is_kept(wish)) for wish, job in wishes], **more,
    )  # fmt: skip


def _problems(db: Session, actor: Actor, form: ChoiceForm) -> dict[str, str]:
    valid = register.count(db, register.chosen(db, actor, Choice(**(vars(form.choice) | {"state": "valid"}))))
    if form.what == "papers" and not 0 < valid <= MOST_PAPERS:
        return {"papers": _("Một lần in từ 1 đến %(most)s giấy còn hiệu lực; hãy lọc lại.", most=MOST_PAPERS)}
    if form.what != "reissue":
        return {}
    actor.require(MANAGE)
    if not form.reason:
        return {"reason": _("Hãy ghi lý do.")}
    if form.count != valid or not valid:
        changed = _("Danh sách vừa đổi: nay có %(count)s giấy còn hiệu lực. Hãy xem lại rồi bấm lần nữa.", count=valid)
        return {"reason": changed}
    return {}


def _own(db: Session, actor: Actor, file_id: int) -> CertificateFile:
    """One's own file; somebody else's is not to be seen."""
    wish = db.get(CertificateFile, file_id)
    if wish is None or wish.account_id != actor.account_id:
        raise NotFound
    return wish


def _is_kept(wish: CertificateFile) -> bool:
    return wish.storage_key is not None and clock.now() - wish.created_at < KEPT


def _managed(db: Session, actor: Actor, code: str, **more: Any) -> ManagePage:
    query = register.chosen(db, actor, Choice()).where(Certificate.code == code)
    certificate = db.scalars(query).one_or_none()
    if certificate is None:
        raise NotFound
    return ManagePage(certificate, next(register.lines(db, actor, query)), **more)


def _again(request: Request, page: ManagePage, errors: dict[str, str]) -> Response:
    page = ManagePage(page.certificate, page.line, errors, page.kind, page.reason)
    return render(request, "certificates/manage.html", status=422, page=page)


def _forms(db: Session, values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> FormsPage:
    now = forms.form_on(db, clock.today())
    tomorrow = clock.today() + timedelta(days=1)
    fresh = {name: getattr(now, name) for name in CertificateForm.__table__.columns.keys()}  # noqa: SIM118
    return FormsPage(
        forms=list(reversed(forms.all_forms(db))), now=now, names=sorted(PLACEHOLDERS), errors=errors or {},
        values=values or fresh | {"valid_from": tomorrow.isoformat()},
    )  # fmt: skip


def _form_problems(values: dict[str, Any], picture: bytes) -> dict[str, str]:
    errors = {
        name: _("Hãy điền mục này.")
        for name in ("superior_name", "issuer_name", "symbol", "title", "lead", "body")
        if not values[name]
    }
    day = clock.parse_day(values["valid_from"])
    if day is None:
        errors["valid_from"] = _("“%(text)s” không phải là ngày. Hãy viết như 21/11/2026.", text=values["valid_from"])
    elif day < clock.today():
        errors["valid_from"] = _("Mẫu mới có hiệu lực từ hôm nay trở đi: giấy đã cấp không đổi.")
    if values["symbol"] and not all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in values["symbol"]):
        errors["symbol"] = _("Ký hiệu chỉ gồm chữ không dấu, chữ số và gạch nối, ví dụ HS-SKHCN.")
    if len(values["colour"]) != 7 or values["colour"][0] != "#" or not _is_hex(values["colour"][1:]):
        errors["colour"] = _("Màu cần có dạng #ac3820.")
    for name in ("lead", "body", "note"):
        if strange := unknown_names(values[name]):
            errors[name] = _("Không có chỗ điền tên %(names)s.", names=", ".join(strange))
    if picture and not _is_small_png(picture):
        errors["signature"] = _("Ảnh chữ ký cần là tệp PNG không quá 300 kB.")
    return errors


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in text)


def _is_small_png(content: bytes) -> bool:
    if len(content) > _PICTURE_BYTES:
        return False
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            picture.verify()
            return picture.width * picture.height <= 4_000_000
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return False
