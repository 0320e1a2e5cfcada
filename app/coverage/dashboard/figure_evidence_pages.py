"""The evidence of a figure as a file to take away."""

import tempfile

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.core.attachments import attachment
from app.core.errors import Forbidden, NotFound
from app.core.i18n import gettext as _
from app.core.web import Config, Db, Me
from app.coverage.counting.figures import figure
from app.coverage.dashboard.choosing import Here
from app.coverage.dashboard.evidence import may_take_evidence, write_evidence

router = APIRouter()


@router.get("/coverage/{indicator}/evidence.zip")
def evidence(request: Request, db: Db, actor: Me, config: Config, asked: Here, indicator: str) -> Response:
    """Entries, units, definition, denominator and the script that adds them up; for who answers for the unit."""
    if not may_take_evidence(actor):
        raise Forbidden
    found = figure(db, asked.question(indicator, config.province_code))
    if not found.definition.is_counted:
        raise NotFound(_("Con số này do người khai báo, không cộng từ bút toán nào; nguồn của nó ở trang Cách tính."))
    with tempfile.TemporaryFile() as file:
        write_evidence(db, actor, found, file)
        file.seek(0)
        content = file.read()
    name = f"chung-cu-{found.definition.code}-{found.unit_code}-{found.reference_date.isoformat()}.zip"
    return attachment(content, name, "application/zip")
