"""The evidence of one figure: a ZIP from which a stranger recomputes it without the platform.

Entries of the ledger under numbers that mean nothing outside the file, the units of the map, the definition and the
denominator, and a script that adds them up (data/recompute.py).
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.templating import format_date, format_number
from app.coverage.counting import wording
from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import Figure
from app.coverage.counting.sums import units_of_kinds
from app.coverage.indicators.definitions import Definition
from app.coverage.models import CoverageEntry
from app.identity.units import unit_queries

# More are asked for unit by unit: somebody waits for this file.
MOST_ENTRIES = 500_000
_PERMISSIONS = ("export.figures", "coverage.people")
_ENTRY_HEAD = ("measure", "period", "person", "unit", "completion", "sign", "effective_on", "recorded_at", "cause")
_UNIT_HEAD = ("unit", "code", "name", "kind", "is_counted", "nearest_counted")
_SCRIPT = Path(__file__).parent / "data" / "recompute.py"


def may_take_evidence(actor: Actor) -> bool:
    """Somewhere at all; where is for `write_evidence` to say."""
    return any(actor.can(permission) for permission in _PERMISSIONS)


def write_evidence(db: Session, actor: Actor, found: Figure, out: IO[bytes]) -> None:
    """The ZIP of a counted figure. Raises Forbidden for a unit outside the actor's scope, Invalid for what cannot be
    told apart on its map or is too large for one file."""
    _require_scope(db, actor, found)
    if "not_separable" in found.flags:
        raise Invalid(_("Trên bản đồ này con số không tách được khỏi đơn vị khác. Hãy chọn bản đồ hôm nay."))
    entries = _entries(found)
    count = db.scalar(select(func.count()).select_from(entries.subquery())) or 0
    if count > MOST_ENTRIES:
        raise Invalid(
            _("Con số này có %(count)s bút toán, quá nhiều cho một tệp. Hãy tải ở từng đơn vị trực thuộc.",
              count=format_number(count))
        )  # fmt: skip
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(found, count))
        archive.writestr("recompute.py", _SCRIPT.read_bytes())
        archive.writestr("figure.json", _json(_figure(found)))
        archive.writestr("definition.json", _json(_definition(found.definition)))
        _write(archive, "entries.csv", _ENTRY_HEAD, _entry_rows(db, entries))
        _write(archive, "units.csv", _UNIT_HEAD, _unit_rows(db, found))
        _write(archive, "denominator.csv", ("value", "as_of", "recorded_at", "source"), _denominator_rows(found))


def _require_scope(db: Session, actor: Actor, found: Figure) -> None:
    for permission in _PERMISSIONS:
        if actor.can(permission):
            scope = actor.units_with(permission).where(UnitClosure.descendant_id == found.unit_id)
            if db.scalar(scope.limit(1)) is not None:
                return
    raise Forbidden(_("Chứng cứ của một con số chỉ dành cho người phụ trách số liệu của đơn vị ấy."))


def _under(found: Figure) -> tuple[ColumnElement[bool], ...]:
    return UnitClosure.ancestor_id == found.unit_id, closure_on(found.map_on)


def _entries(found: Figure) -> Select[*tuple[Any, ...]]:
    year = str(found.reference_date.year)
    return (
        select(
            CoverageEntry.measure, CoverageEntry.period, CoverageEntry.person_id, CoverageEntry.unit_id,
            CoverageEntry.completion_id, CoverageEntry.sign, CoverageEntry.effective_on, CoverageEntry.recorded_at,
            CoverageEntry.cause,
        )
        .where(CoverageEntry.indicator_version_id == found.definition.version_id)
        .where(CoverageEntry.measure.in_(("roster", "coverage", "output")))
        .where(or_(CoverageEntry.period == "", CoverageEntry.period == year))
        .where(CoverageEntry.effective_on <= found.reference_date)
        .where(CoverageEntry.recorded_at <= found.known_at if found.known_at else true())
        .where(CoverageEntry.unit_id.in_(select(UnitClosure.descendant_id).where(*_under(found))))
        .order_by(CoverageEntry.id)
    )  # fmt: skip


def _entry_rows(db: Session, entries: Select[*tuple[Any, ...]]) -> Iterator[Sequence[object]]:
    """People and completions by the order in which they come up: of no use to find anybody anywhere else."""
    people: dict[int, int] = {}
    completions: dict[int, int] = {}
    for measure, period, person, unit, completion, sign, effective_on, recorded_at, cause in db.execute(
        entries.execution_options(yield_per=5000)
    ):
        alias = f"P{people.setdefault(person, len(people) + 1):06}"
        earned = "" if completion is None else f"C{completions.setdefault(completion, len(completions) + 1):06}"
        yield measure, period, alias, unit, earned, sign, effective_on, recorded_at.isoformat(), cause


def _unit_rows(db: Session, found: Figure) -> Iterator[Sequence[object]]:
    """All that counts under the unit on the map; where units are counted, those that are and the nearest one above."""
    ids = list(db.scalars(select(UnitClosure.descendant_id).where(*_under(found))))
    definition = found.definition
    counted: set[int] = set()
    if definition.measure == "units":
        counted = units_of_kinds(db, definition.unit_kinds, definition.former_province, found.map_on) & set(ids)
    nearest = _nearest(db, ids, found, counted)
    known = unit_queries.units_by_id(db, ids, found.map_on)
    for unit_id in sorted(known):
        unit = known[unit_id]
        yield unit_id, unit.code, unit.name, unit.kind, int(unit_id in counted), nearest.get(unit_id, "")


def _nearest(db: Session, ids: list[int], found: Figure, counted: set[int]) -> dict[int, int]:
    if not counted:
        return {}
    rows = db.execute(
        select(UnitClosure.descendant_id, UnitClosure.ancestor_id)
        .where(UnitClosure.ancestor_id.in_(counted), UnitClosure.descendant_id.in_(ids), closure_on(found.map_on))
        .where(UnitClosure.carried != "before")
        .order_by(UnitClosure.depth.desc())
    )
    # The nearest comes last and stays.
    return dict(rows.all())


def _denominator_rows(found: Figure) -> list[Sequence[object]]:
    of = found.denominator
    if of.kind != "declared" or of.value is None:
        return []
    return [(of.value, of.as_of, of.recorded_at.isoformat() if of.recorded_at else "", of.source)]


def _figure(found: Figure) -> dict[str, Any]:
    computed = found.definition.denominator == "roster" or found.definition.is_computed
    return as_json(found) | {
        "reference_date": found.reference_date.isoformat(),
        # What a survey or a unit declared is no sum of entries; what the platform counted is.
        "recomputable": {
            "numerator": found.numerator if computed else found.output,
            "denominator": found.denominator.value, "output": found.output,
        },
    }  # fmt: skip


def _definition(definition: Definition) -> dict[str, Any]:
    return {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(definition).items()
    }


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"


def _write(archive: zipfile.ZipFile, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with archive.open(name, "w") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _readme(found: Figure, entries: int) -> str:
    said = _(
        "%(code)s, %(unit)s, kỳ %(period)s, tính đến %(day)s, cây đơn vị ngày %(map)s: %(value)s (%(basis)s).",
        code=found.definition.code, unit=found.unit_name, period=found.period.code,
        day=format_date(found.reference_date), map=format_date(found.map_on), value=wording.value_words(found),
        basis=wording.basis_words(found),
    )  # fmt: skip
    lines = (
        _("CHỨNG CỨ CỦA MỘT CON SỐ"), "", said, "",
        _("Tính lại: chạy “python3 recompute.py” trong thư mục này (Python 3, không cần gì thêm)."),
        _("Chương trình ấy cộng lại %(entries)s bút toán và so với con số ở trên; khác nhau thì nó kết thúc với mã 1.",
          entries=format_number(entries)), "",
        _("entries.csv: sổ bút toán, mỗi dòng cộng hoặc trừ một người từ một ngày. roster là danh sách thuộc diện, "
          "coverage là người trong danh sách đã hoàn thành, output là kết quả đào tạo."),
        _("units.csv: mọi đơn vị được tính vào đây trên bản đồ ấy, kể cả đơn vị cũ đã sáp nhập."),
        _("denominator.csv: mẫu số khai báo đang dùng, có ngày và nguồn; trống khi mẫu số là danh sách."),
        _("definition.json: cách tính. figure.json: con số như nền tảng hiện, cả của các đơn vị trực thuộc."), "",
        _("Mã P…, C… chỉ có nghĩa trong tệp này: không tìm ra được ai từ chúng. Tệp vẫn nói về từng người: hãy giữ như "
          "tài liệu nội bộ."),
    )  # fmt: skip
    return "\n".join(lines) + "\n"
