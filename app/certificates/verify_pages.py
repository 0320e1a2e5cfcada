"""The public desk where anybody checks a certificate: by code, by QR code, by number and name, or by the file."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from starlette.responses import JSONResponse

from app.certificates import statement
from app.certificates.examine import Finding, examine, paper_certificates
from app.certificates.keys import statement_keys
from app.certificates.offline import ended_list
from app.certificates.queries import PublicCertificate, by_document, by_number_and_name, public_certificate
from app.certificates.statement import BadStatement
from app.certificates.wording import code_in, plain_number, statement_in
from app.core import clock
from app.core.i18n import gettext as _
from app.core.limiting import hit_here
from app.core.templating import static_bytes
from app.core.web import Config, Databases, Db, Response, redirect, render

router = APIRouter()

FILE_LIMIT = 2 * 1024 * 1024


def _count_lookup(request: Request, settings: Config) -> None:
    """Nobody walks through codes or names: each address has its share of look-ups."""
    hit_here("verify", settings.verify_limit, request.client.host if request.client else "")


COUNTED = [Depends(_count_lookup)]


@dataclass(frozen=True)
class DeskPage:
    """The ways to check, with what was typed; `fields` says what to mend."""

    code: str = ""
    number: str = ""
    name: str = ""
    # What was looked for in vain: code, name, statement or file.
    missed: str = ""
    # Why a QR code proves nothing; what a file turned out to be.
    reason: str = ""
    finding: Finding | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class VerdictPage:
    certificate: PublicCertificate
    checked_at: datetime
    # What else was proved: "file" is the one that was issued, byte for byte; "statement" is signed by us.
    proved: str = ""

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


@dataclass(frozen=True)
class OfflinePage:
    """Public keys by id, base64: what a browser needs to check a QR code by itself."""

    keys: dict[str, str]


@router.get("/verify", dependencies=COUNTED)
def desk(request: Request, code: str = "") -> Response:
    if signed := statement_in(code):
        return redirect(request, f"/verify/q/{signed}")
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
        certificates = [] if found else paper_certificates(db)
    if found is None:
        return _desk_again(request, 200, DeskPage(missed="file", finding=examine(content, certificates)))
    return _verdict(request, found, proved="file")


@router.get("/verify/offline")
def offline(request: Request, db: Db) -> Response:
    """A page that goes on working without a network (static/js/verify-offline.js)."""
    keys = {key: base64.b64encode(public).decode() for key, public in statement_keys(db).items()}
    return render(request, "certificates/offline.html", page=OfflinePage(keys))


@router.get("/verify/offline/list.json", dependencies=COUNTED)
def ended(db: Db) -> Response:
    return JSONResponse(ended_list(db), headers={"cache-control": "no-store"})


@router.get("/verify/worker.js")
def worker() -> Response:
    """Under /verify/, since a worker serves the folder it lies in."""
    content = static_bytes("js/verify-worker.js")
    return Response(content, media_type="text/javascript", headers={"cache-control": "no-cache"})


@router.get("/verify/q/{signed}", dependencies=COUNTED)
def verify_statement(request: Request, signed: str, db: Db) -> Response:
    """Where a paper's QR code leads: what it says is checked first, then whether it still holds."""
    try:
        said = statement.read(signed, statement_keys(db))
    except BadStatement as error:
        return _desk_again(request, 422, DeskPage(missed="statement", reason=error.message))
    found = public_certificate(db, said.code)
    if found is None:
        reason = _("Chữ ký trong mã QR đúng, nhưng giấy số %(number)s không có trong sổ.", number=said.number)
        return _desk_again(request, 404, DeskPage(missed="statement", reason=reason))
    return _verdict(request, found, proved="statement")


@router.get("/verify/{code}", dependencies=COUNTED)
def verify(request: Request, code: str, db: Db) -> Response:
    found = public_certificate(db, code)
    if found is None:
        return _desk_again(request, 404, DeskPage(code=code, missed="code"))
    return _verdict(request, found)


def _desk_again(request: Request, status: int, page: DeskPage) -> Response:
    return render(request, "certificates/desk.html", status=status, page=page)


def _verdict(request: Request, found: PublicCertificate, *, proved: str = "") -> Response:
    response = render(request, "certificates/verdict.html", page=VerdictPage(found, clock.now(), proved))
    # The address is a secret shared by paper: no search engine keeps it, and the state may change at any time.
    response.headers["x-robots-tag"] = "noindex"
    response.headers["cache-control"] = "no-store"
    return response
