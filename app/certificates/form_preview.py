"""What a form would look like: a paper of somebody plainly made up, with a code that no register holds."""

from datetime import timedelta

from app.certificates.models import Certificate, CertificateForm
from app.certificates.papers import statement_of
from app.certificates.pdf import Sheet, render
from app.certificates.service import contents
from app.core.settings import Settings


def preview(form: CertificateForm, signature: bytes | None, settings: Settings) -> bytes:
    """The PDF of a sample; nothing is kept."""
    day = form.valid_from
    certificate = Certificate(
        code="XEMTRUOC" + "2" * 19,
        **contents(
            form=form, serial=0, issued_on=day, holder_name="Nguyễn Văn Mẫu", holder_title="Chuyên viên", unit_id=None,
            unit_name="Đơn vị mẫu", certificate_title="", course_title="Tên khóa học mẫu để xem trước",
            course_version_number=1, hours=6.0, score_percent=90.0, completed_on=day - timedelta(days=1),
            valid_until=None, signer_name=settings.signer_name, signer_title=settings.signer_title,
        ),
    )  # fmt: skip
    label = "Bản xem trước: không có giá trị"
    sheet = Sheet(certificate, form, "1985-03-02", statement_of(certificate), signature, label)
    return render([sheet], settings.public_url)
