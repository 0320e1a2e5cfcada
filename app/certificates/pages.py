"""The holder's page of a certificate, and the PDF."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from app.certificates.pdf import qr_data_uri, verify_url
from app.certificates.queries import OwnCertificate, own_certificate
from app.core.attachments import PDF
from app.core.errors import Forbidden, NotFound
from app.core.i18n import gettext as _
from app.core.web import Config, Db, Files, Me, Response, render

router = APIRouter()


@dataclass(frozen=True)
class HolderPage:
    own: OwnCertificate
    verify_url: str
    qr: str


@router.get("/certificates/{code}")
def certificate(request: Request, code: str, db: Db, actor: Me, settings: Config) -> Response:
    own = own_certificate(db, actor.person_id, code)
    if own is None:
        raise NotFound
    url = verify_url(settings.public_url, own.certificate.code)
    page = HolderPage(own, url, qr_data_uri(settings.public_url, own.statement))
    return render(request, "certificates/certificate.html", fragment="document", page=page)


@router.get("/certificates/{code}/pdf")
def certificate_pdf(code: str, db: Db, actor: Me, storage: Files) -> Response:
    own = own_certificate(db, actor.person_id, code)
    if own is None:
        raise NotFound
    if own.certificate.state == "replaced":
        raise Forbidden(_("Giấy chứng nhận này đã được thay bằng giấy khác. Hãy tải giấy mới."))
    if own.certificate.state == "revoked":
        raise Forbidden(_("Giấy chứng nhận này đã bị thu hồi nên không tải về được nữa."))
    if own.document is None:
        raise NotFound(_("Bản PDF của giấy chứng nhận này đang được tạo. Hãy thử lại sau ít phút."))
    headers = {
        "content-disposition": f'attachment; filename="{own.document.file_name}"',
        "content-length": str(own.document.size),
        "cache-control": "private, no-store",
    }
    return StreamingResponse(storage.read(own.document.storage_key), media_type=PDF, headers=headers)
