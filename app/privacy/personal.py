"""What the requests themselves hold about people."""

from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by
from app.privacy.models import PrivacyRequest

PERSONAL = Holding(
    "privacy",
    title=_("Yêu cầu về dữ liệu cá nhân"),
    basis=_("Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15: phải chứng minh được là đã trả lời đúng hạn."),
    kept=_("Lâu dài, làm bằng chứng."),
    left=_("Loại yêu cầu và ngày giờ, dưới mã không tên; lời yêu cầu và lời trả lời bị xóa."),
    tables=(
        Held(
            PrivacyRequest, _("Yêu cầu đã gửi"), by(PrivacyRequest.person_id),
            {
                "kind": ("Loại", PrivacyRequest.kind), "text": ("Lời yêu cầu", PrivacyRequest.text),
                "asked_at": ("Lúc", PrivacyRequest.asked_at), "state": ("Tình trạng", PrivacyRequest.state),
                "answer": ("Trả lời", PrivacyRequest.answer),
                "answered_at": ("Trả lời lúc", PrivacyRequest.answered_at),
                "done_at": ("Xong lúc", PrivacyRequest.done_at),
            },
            empties={"text": "", "answer": ""},
        ),
    ),
)  # fmt: skip
