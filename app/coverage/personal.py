"""What the ledger holds about people."""

from sqlalchemy import select

from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by
from app.coverage.models import CoverageEntry, CoveragePending
from app.coverage.planning.models import Expert, PlanNomination, PlanYear
from app.coverage.reports.models import ReportRecipient
from app.identity.personal import unit_name

_YEAR = select(PlanYear.year).where(PlanYear.id == PlanNomination.plan_id).scalar_subquery()

PERSONAL = Holding(
    "coverage",
    title=_("Số liệu bao phủ, kế hoạch năm"),
    basis=_("Báo cáo chỉ tiêu và kế hoạch đào tạo hằng năm cấp tỉnh."),
    kept=_("Lâu dài: số đã báo cáo phải tính lại được."),
    left=_("Bút toán của sổ, lần được cử, dòng của sổ chuyên gia, dưới mã không tên, để số đã báo cáo không đổi."),
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
        Held(
            PlanNomination, _("Được cử theo kế hoạch năm"), by(PlanNomination.person_id),
            {
                "year": ("Năm", _YEAR), "programme": ("Nhiệm vụ", PlanNomination.programme_code),
                "unit": ("Đơn vị", unit_name(PlanNomination.unit_id)),
                "nominated_at": ("Lúc", PlanNomination.nominated_at),
                "withdrawn_at": ("Thôi lúc", PlanNomination.withdrawn_at), "reason": ("Lý do", PlanNomination.reason),
            },
            empties={"reason": ""},
        ),
        Held(
            ReportRecipient, _("Nhận báo cáo tự lập"), by(ReportRecipient.person_id),
            {"schedule": ("Lịch số", ReportRecipient.schedule_id)}, is_deleted=True,
        ),
        Held(
            Expert, _("Sổ chuyên gia"), by(Expert.person_id),
            {
                "field": ("Lĩnh vực", Expert.field), "workplace": ("Nơi công tác", Expert.workplace),
                "programme": ("Nhiệm vụ giảng dạy", Expert.programme_code), "source": ("Văn bản", Expert.source),
                "started_on": ("Từ ngày", Expert.started_on), "ended_on": ("Đến ngày", Expert.ended_on),
            },
            empties={"workplace": ""},
        ),
    ),
)  # fmt: skip
