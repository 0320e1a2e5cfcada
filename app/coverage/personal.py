"""What the ledger holds about people."""

from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by
from app.coverage.models import CoverageEntry, CoveragePending
from app.identity.personal import unit_name

PERSONAL = Holding(
    "coverage",
    title=_("Số liệu bao phủ"),
    basis=_("Báo cáo chỉ tiêu của kế hoạch đào tạo cấp tỉnh."),
    kept=_("Lâu dài: số đã báo cáo phải tính lại được."),
    left=_("Bút toán của sổ, dưới mã không tên, để số đã báo cáo không đổi."),
    tables=(
        Held(
            CoverageEntry, _("Bút toán"), by(CoverageEntry.person_id),
            {
                "measure": ("Số đo", CoverageEntry.measure), "period": ("Kỳ", CoverageEntry.period),
                "unit": ("Đơn vị", unit_name(CoverageEntry.unit_id)), "sign": ("Cộng trừ", CoverageEntry.sign),
                "effective_on": ("Từ ngày", CoverageEntry.effective_on), "cause": ("Vì", CoverageEntry.cause),
            },
        ),
        Held(
            CoveragePending, _("Chờ tính"), by(CoveragePending.person_id),
            {"created_at": ("Từ lúc", CoveragePending.created_at)},
        ),
    ),
)  # fmt: skip
