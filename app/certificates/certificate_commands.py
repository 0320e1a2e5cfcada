"""`certificates verify`: is a paper, a file or a scanned code one of ours, and does it still hold? And keys."""

import argparse
import hashlib
import json
from pathlib import Path

from app.certificates import statement
from app.certificates.examine import examine, paper_certificates
from app.certificates.keys import rotate_statement_key, statement_keys
from app.certificates.queries import PublicCertificate, by_document, public_certificate
from app.certificates.statement import BadStatement
from app.certificates.wording import statement_in
from app.core import clock
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    certificates = commands.add_parser("certificates", help="giấy chứng nhận / certificates")
    verbs = certificates.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    verify = verbs.add_parser(
        "verify",
        help="kiểm tra một giấy; thoát 0 còn hiệu lực, 1 thu hồi hoặc không có / check one; exit 0 valid, 1 not",
    )
    verify.add_argument(
        "what", metavar="MÃ|TỆP.pdf|QR", help="mã, tệp PDF, hoặc nội dung mã QR / code, PDF file or QR text"
    )
    verify.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")
    verify.set_defaults(func=_verify)
    rotate = verbs.add_parser(
        "rotate-key", help="khóa mới cho mã QR; giấy cũ vẫn kiểm được / a new key for QR codes; old papers stay valid"
    )
    rotate.set_defaults(func=_rotate_key)


def _verify(args: argparse.Namespace, runtime: Runtime) -> int:
    found, reason = _looked_up(args.what, runtime)
    print(json.dumps(as_json(found, reason), ensure_ascii=False, indent=2) if args.json else _as_text(found, reason))
    return 0 if found and found.state == "valid" else 1


def _looked_up(what: str, runtime: Runtime) -> tuple[PublicCertificate | None, str]:
    """The certificate, or none and the reason."""
    with runtime.database.reading() as db:
        # A file is judged by its bytes alone: what a changed copy says about itself proves nothing.
        if what.lower().endswith(".pdf"):
            content = _content(Path(what))
            found = by_document(db, hashlib.sha256(content).hexdigest())
            return found, "" if found else examine(content, paper_certificates(db))
        if signed := statement_in(what):
            try:
                return public_certificate(db, statement.read(signed, statement_keys(db)).code), "unlisted"
            except BadStatement as error:
                return None, error.message
        return public_certificate(db, what), "unlisted"


def _rotate_key(args: argparse.Namespace, runtime: Runtime) -> int:
    with runtime.database.writing() as db:
        new = rotate_statement_key(db)
    print(_("Từ lần khởi động tới, mã QR mới được ký bằng khóa %(key)s; mã đã in vẫn kiểm được.", key=new))
    return 0


def as_json(found: PublicCertificate | None, reason: str = "") -> dict[str, object]:
    """The stable document `--json` prints: what the public page shows; `state` is valid, revoked, replaced or unknown.

    `reason` says why nothing was found: unlisted, what examine.Finding names for a file, or a sentence for a QR code.
    """
    checked_at = clock.now().isoformat()
    if found is None:
        return {"state": "unknown", "reason": reason, "checked_at": checked_at}
    revocation = {"kind": found.revocation_kind, "at": found.revoked_at.isoformat()} if found.revoked_at else None
    return {
        "state": found.state,
        "checked_at": checked_at,
        "code": found.code,
        "number": found.number,
        "title": found.title,
        "holder_name": found.holder_name,
        "birth_date": found.birth_date,
        "is_erased": found.is_erased,
        "unit": found.unit_name,
        "course": {"title": found.course_title, "version": found.course_version_number, "hours": found.hours},
        "score_percent": found.score_percent,
        "completed_on": found.completed_on.isoformat(),
        "valid_until": found.valid_until.isoformat() if found.valid_until else None,
        "issued_on": found.issued_on.isoformat(),
        "issuer": found.issuer_name,
        "revocation": revocation,
        "replaced_by": found.replacement.number if found.replacement else None,
        "pdf_sha256": found.sha256,
    }


def _as_text(found: PublicCertificate | None, reason: str) -> str:
    if found is None:
        return f"{_('Không có giấy chứng nhận nào khớp.')} ({reason})"
    state = _("Còn hiệu lực")
    if found.revoked_at:
        state = _("Đã thu hồi ngày %(day)s", day=format_date(found.revoked_at))
    elif found.replacement:
        state = _("Đã được thay bằng giấy số %(number)s", number=found.replacement.number)
    elif found.valid_until and found.has_expired:
        state = _("Giấy thật, đã hết giá trị từ sau ngày %(day)s", day=format_date(found.valid_until))
    return "\n".join(
        (
            f"{state}: {found.title}",
            _("Số: %(number)s", number=found.number),
            _("Họ và tên: %(name)s", name=found.holder_name or _("đã xóa theo yêu cầu")),
            _("Đơn vị khi hoàn thành: %(unit)s", unit=found.unit_name or "–"),
            _(
                "Khóa học: %(title)s (phiên bản %(version)s)",
                title=found.course_title,
                version=found.course_version_number,
            ),
            _("Ngày cấp: %(day)s", day=format_date(found.issued_on)),
        )
    )


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandFailed(_("Không đọc được tệp %(path)s."), path=path) from error
    if not content.startswith(b"%PDF-"):
        raise CommandFailed(_("Tệp %(path)s không phải tệp PDF."), path=path)
    return content
