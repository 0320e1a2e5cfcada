"""What certificates hold about people. Erased, a paper stays true and names nobody (DESIGN 9)."""

from app.certificates.models import Certificate, CertificateDocument, CertificateReplacement, CertificateRevocation
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through

_MINE = by(Certificate.person_id)

PERSONAL = Holding(
    "certificates",
    title=_("Giấy chứng nhận"),
    basis=_("Cần để cấp giấy chứng nhận và để người cầm giấy chứng minh giấy là thật."),
    kept=_("Lâu dài, như sổ cấp."),
    left=_(
        "Số, mã tra cứu, khóa học, ngày cấp và giá trị của giấy; họ tên, ngày sinh, chức vụ và tệp PDF bị xóa, trang"
        " tra cứu ghi “đã xóa theo yêu cầu”. Những bản in, bản sao đã có từ trước không thu hồi được."
    ),
    tables=(
        Held(
            CertificateDocument, _("Tệp PDF của giấy"),
            through(CertificateDocument.certificate_id, Certificate.id, _MINE),
            {
                "certificate": ("Mã giấy", CertificateDocument.certificate_id),
                "sha256": ("Mã băm SHA-256", CertificateDocument.sha256),
                "made_at": ("Lập lúc", CertificateDocument.made_at),
            },
            files=CertificateDocument.storage_key,
        ),
        Held(
            CertificateRevocation, _("Giấy bị thu hồi"),
            through(CertificateRevocation.certificate_id, Certificate.id, _MINE),
            {
                "certificate": ("Mã giấy", CertificateRevocation.certificate_id),
                "revoked_at": ("Lúc", CertificateRevocation.revoked_at),
                "reason": ("Lý do", CertificateRevocation.reason),
            },
        ),
        Held(
            CertificateReplacement, _("Giấy được thay"),
            through(CertificateReplacement.certificate_id, Certificate.id, _MINE),
            {
                "certificate": ("Mã giấy", CertificateReplacement.certificate_id),
                "replaced_at": ("Lúc", CertificateReplacement.replaced_at),
                "reason": ("Lý do", CertificateReplacement.reason),
            },
        ),
        Held(
            Certificate, _("Giấy đã cấp"), _MINE,
            {
                "certificate": ("Mã giấy", Certificate.id), "number": ("Số", Certificate.number),
                "code": ("Mã tra cứu", Certificate.code), "holder_name": ("Cấp cho", Certificate.holder_name),
                "holder_title": ("Chức vụ", Certificate.holder_title), "unit": ("Đơn vị", Certificate.unit_name),
                "course": ("Khóa học", Certificate.course_title), "hours": ("Giờ học", Certificate.hours),
                "completed_on": ("Hoàn thành ngày", Certificate.completed_on),
                "issued_on": ("Cấp ngày", Certificate.issued_on),
            },
            empties={"holder_name": "", "folded_holder_name": "", "holder_title": ""},
        ),
    ),
)  # fmt: skip
