"""The holder's page of a certificate, and the public desk where anybody checks one."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from starlette.responses import StreamingResponse

from app.certificates.pdf import qr_data_uri, verify_url
from app.certificates.queries import (
    OwnCertificate,
    PublicCertificate,
    by_document,
    by_number_and_name,
    own_certificate,
    public_certificate,
)  # fmt: skip
from app.certificates.wording import code_in, plain_number
from app.core import clock
from app.core.errors import Forbidden, NotFound
from app.core.i18n import gettext as _
from app.core.limiting import hit_here
from app.core.web import Config, Databases, Db, Files, Me, Response, redirect, render

router = APIRouter()

FILE_LIMIT = 2 * 1024 * 1024


def _count_lookup(request: Request, settings: Config) -> None:
    """Nobody walks through codes or names: each address has its share of look-ups."""
    hit_here("verify", settings.verify_limit, request.client.host if request.client else "")


COUNTED = [Depends(_count_lookup)]


@dataclass(frozen=True)
class HolderPage:
    own: OwnCertificate
    verify_url: str
    qr: str


@dataclass(frozen=True)
class DeskPage:
    """The three ways to check, with what was typed; `fields` says what to mend."""

    code: str = ""
    number: str = ""
    name: str = ""
    # What was looked for in vain: code, name or file.
    missed: str = ""
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class VerdictPage:
    certificate: PublicCertificate
    checked_at: datetime
    # The uploaded file is the one that was issued, byte for byte.
    same_file: bool = False

    @property
    def hours(self) -> str:
        return plain_number(self.certificate.hours)

    @property
    def score(self) -> str:
        """Of 100, or nothing for a course without a mark."""
        percent = self.certificate.score_percent
        return "" if percent is None else plain_number(percent)

    @property
    def hash_start(self) -> str:
        """The first four bytes of the PDF's hash, as people compare them: 7f3a 91c0."""
        start = (self.certificate.sha256 or "")[:8]
        return f"{start[:4]} {start[4:]}"


@router.get("/certificates/{code}")
def certificate(request: Request, code: str, db: Db, actor: Me, settings: Config) -> Response:
    own = own_certificate(db, actor.person_id, code)
    if own is None:
        raise NotFound
    url = verify_url(settings.public_url, own.certificate.code)
    page = HolderPage(own, url, qr_data_uri(url))
    return render(request, "certificates/certificate.html", fragment="document", page=page)


@router.get("/certificates/{code}/pdf")
def certificate_pdf(code: str, db: Db, actor: Me, storage: Files) -> Response:
    own = own_certificate(db, actor.person_id, code)
    if own is None:
        raise NotFound
    if own.certificate.state == "revoked":
        raise Forbidden(_("Giấy chứng nhận này đã bị thu hồi nên không tải về được nữa."))
    if own.document is None:
        raise NotFound(_("Bản PDF của giấy chứng nhận này đang được tạo. Hãy thử lại sau ít phút."))
    headers = {
        "content-disposition": f'attachment; filename="{own.document.file_name}"',
        "content-length": str(own.document.size),
        "cache-control": "private, no-store",
    }
    return StreamingResponse(storage.read(own.document.storage_key), media_type="application/pdf", headers=headers)


@router.get("/verify", dependencies=COUNTED)
def desk(request: Request, code: str = "") -> Response:
    if code.strip():
        return redirect(request, f"/verify/{code_in(code)}")
    return render(request, "certificates/desk.html", page=DeskPage())


@router.post("/verify", dependencies=COUNTED)
def verify_by_name(
    request: Request, databases: Databases, number: Annotated[str, Form()] = "", name: Annotated[str, Form()] = ""
) -> Response:
    required = _("Hãy điền mục này.")
    fields = {key: required for key, value in (("number", number), ("name", name)) if not value.strip()}
    if fields:
        return _desk_again(request, 422, DeskPage(number=number, name=name, fields=fields))
    # A look-up only: a reading session, so that checking certificates never waits for a writer.
    with databases.reading() as db:
        found = by_number_and_name(db, number, name)
    if found is None:
        return _desk_again(request, 404, DeskPage(number=number, name=name, missed="name"))
    return redirect(request, f"/verify/{found.code}")


@router.post("/verify/file", dependencies=COUNTED)
def verify_file(request: Request, databases: Databases, file: UploadFile | None = None) -> Response:
    content = file.file.read(FILE_LIMIT + 1) if file else b""
    if len(content) > FILE_LIMIT:
        return _desk_again(
            request, 413, DeskPage(fields={"file": _("Tệp lớn hơn 2 MB. Giấy chứng nhận bản PDF luôn nhỏ hơn.")})
        )
    if not content.startswith(b"%PDF-"):
        return _desk_again(request, 422, DeskPage(fields={"file": _("Hãy chọn tệp PDF của giấy chứng nhận.")}))
    with databases.reading() as db:
        found = by_document(db, hashlib.sha256(content).hexdigest())
    if found is None:
        return _desk_again(request, 200, DeskPage(missed="file"))
    return _verdict(request, found, same_file=True)


@router.get("/verify/{code}", dependencies=COUNTED)
def verify(request: Request, code: str, db: Db) -> Response:
    found = public_certificate(db, code)
    if found is None:
        return _desk_again(request, 404, DeskPage(code=code, missed="code"))
    return _verdict(request, found)


def _desk_again(request: Request, status: int, page: DeskPage) -> Response:
    return render(request, "certificates/desk.html", status=status, page=page)


def _verdict(request: Request, found: PublicCertificate, *, same_file: bool = False) -> Response:
    response = render(request, "certificates/verdict.html", page=VerdictPage(found, clock.now(), same_file))
    # The address is a secret shared by paper: no search engine keeps it, and the state may change at any time.
    response.headers["x-robots-tag"] = "noindex"
    response.headers["cache-control"] = "no-store"
    return response
