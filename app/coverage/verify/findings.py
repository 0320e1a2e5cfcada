"""What differs, in words somebody can act on."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date, format_number

# What is wrong, by kind; the order is that of the report.
KINDS: dict[str, lazy] = {
    "lost": lazy("thiếu bút toán"),
    "doubled": lazy("bút toán bị ghi lặp"),
    "wrong_sign": lazy("bút toán sai dấu"),
    "wrong_unit": lazy("bút toán sai đơn vị"),
    "wrong_day": lazy("bút toán sai ngày có hiệu lực"),
    "wrong_period": lazy("bút toán sai kỳ"),
    "no_completion": lazy("bút toán cho người không có hoàn thành ấy"),
    "annulled": lazy("hoàn thành đã hủy vẫn được tính"),
    "expired": lazy("hoàn thành đã hết giá trị vẫn được tính"),
    "alias": lazy("hồ sơ đã gộp vẫn được tính riêng, một người bị tính hai lần"),
    "unfounded": lazy("bút toán không có căn cứ"),
    "rollup": lazy("bảng cộng dồn lệch với sổ"),
    "rollup_half_month": lazy("bảng cộng dồn để nhầm nửa tháng"),
    "balance": lazy("số dư của riêng đơn vị lệch với sổ"),
    "balance_subtree": lazy("số dư của đơn vị và cấp dưới lệch với sổ"),
    "balance_month": lazy("số dư cuối tháng không phải số dư cuối cùng của tháng ấy"),
    "merged": lazy("hồ sơ đã gộp chỉ sai người đang hiển thị"),
    "closure_missing": lazy("cây đơn vị thiếu quan hệ"),
    "closure_extra": lazy("cây đơn vị thừa quan hệ"),
    "closure_broken": lazy("đơn vị đứng dưới chính nó"),
    "figure": lazy("con số đang hiện khác với con số tính lại"),
}

MEASURES: dict[str, lazy] = {
    "roster": lazy("danh sách"), "coverage": lazy("bao phủ"), "output": lazy("kết quả đào tạo"),
}  # fmt: skip
# All are counted; so many of each kind are told one by one.
_TOLD = 100


@dataclass(frozen=True)
class Finding:
    """One difference; `stands` is what the tables say, `should` what follows from the facts.

    `person` is the opaque ref. `completion` is the id of the completion an entry names. Empty where it does not apply.
    """

    kind: str
    stands: str
    should: str
    indicator: str = ""
    version: int = 0
    measure: str = ""
    period: str = ""
    person: str = ""
    unit: str = ""
    unit_name: str = ""
    day: date | None = None
    completion: int | None = None

    @property
    def text(self) -> str:
        about = []
        if self.indicator:
            about.append(_("%(indicator)s phiên bản %(version)s", indicator=self.indicator, version=self.version))
        if self.measure:
            about.append(str(MEASURES.get(self.measure, self.measure)))
        if self.period:
            about.append(_("kỳ %(period)s", period=self.period))
        if self.person:
            about.append(_("người %(person)s", person=self.person))
        if self.completion:
            about.append(_("hoàn thành số %(id)s", id=self.completion))
        if self.unit:
            about.append(f"{self.unit} {self.unit_name}")
        if self.day:
            about.append(_("ngày %(day)s", day=format_date(self.day)))
        return _(
            "%(what)s: %(about)s. Đang là %(stands)s, phải là %(should)s.", what=str(KINDS[self.kind]).capitalize(),
            about=", ".join(about), stands=self.stands, should=self.should,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"day": self.day.isoformat() if self.day else None, "text": self.text}


@dataclass
class Report:
    """What a verification looked at and found; of each kind the first hundred are kept, all are counted."""

    people: int = 0
    entries: int = 0
    rollups: int = 0
    balances: int = 0
    closure_rows: int = 0
    figures: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, found: Iterable[Finding]) -> None:
        for finding in found:
            self.counts[finding.kind] += 1
            if self.counts[finding.kind] <= _TOLD:
                self.findings.append(finding)

    @property
    def is_sound(self) -> bool:
        return not self.counts

    def in_order(self) -> list[Finding]:
        """By kind; within a kind as they were found."""
        order = list(KINDS)
        return sorted(self.findings, key=lambda finding: order.index(finding.kind))

    def as_json(self) -> dict[str, Any]:
        return {
            "sound": self.is_sound, "people": self.people, "entries": self.entries, "rollups": self.rollups,
            "balances": self.balances,
            "closure_rows": self.closure_rows, "figures": self.figures,
            "counts": {kind: self.counts[kind] for kind in KINDS if self.counts[kind]},
            "findings": [finding.as_json() for finding in self.in_order()],
        }  # fmt: skip

    def as_text(self) -> str:
        lines = [finding.text for finding in self.in_order()]
        lines += [
            _("… và %(n)s chỗ nữa cùng loại: %(what)s.", n=format_number(count - _TOLD), what=KINDS[kind])
            for kind, count in self.counts.items()
            if count > _TOLD
        ]
        lines.append(
            _(
                "Đã tính lại %(people)s người, %(entries)s bút toán, %(rollups)s dòng cộng dồn, %(balances)s số dư, "
                "%(closure)s quan hệ của cây đơn vị, %(figures)s con số.",
                people=format_number(self.people), entries=format_number(self.entries),
                rollups=format_number(self.rollups), balances=format_number(self.balances),
                closure=format_number(self.closure_rows),
                figures=format_number(self.figures),
            )
        )  # fmt: skip
        lines.append(
            _("Tất cả bằng nhau, đến từng người.")
            if self.is_sound
            else _("%(n)s chỗ không khớp.", n=format_number(self.counts.total()))
        )
        return "\n".join(lines)
