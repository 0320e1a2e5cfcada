"""A unit's life told in sentences."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.identity.units.unit_history import NamedVersion, Relation, UnitHistory

_FEW = 3


@dataclass(frozen=True)
class Moment:
    """One entry for ui.history: when, what, and in smaller letters why; state is a colour of the look."""

    at: str
    title: str
    text: str
    state: str


def stretch(first: date, last: date | None) -> str:
    """A stretch of time in words; both days count."""
    if last is None:
        return _("từ %(day)s", day=format_date(first))
    return _("từ %(first)s đến %(last)s", first=format_date(first), last=format_date(last))


def timeline(history: UnitHistory, first_day: date | None) -> list[Moment]:
    """Names and places of the unit, what it absorbed and how it ended, in order of time."""
    moments = [(version.unit.valid_from, _named(version, history, first_day)) for version in history.versions]
    absorbed: dict[date, list[Relation]] = defaultdict(list)
    for relation in history.predecessors:
        if relation.on > history.versions[0].unit.valid_from:
            absorbed[relation.on].append(relation)
    moments += [(on, _absorbed(on, relations)) for on, relations in absorbed.items()]
    ceded: dict[date, list[Relation]] = defaultdict(list)
    for relation in history.successors:
        if relation.is_part:
            ceded[relation.on].append(relation)
    moments += [
        (on, _happened(on, _("Tách một phần sang %(units)s", units=_units(to)), to)) for on, to in ceded.items()
    ]
    moments.sort(key=lambda moment: moment[0])
    told = [moment for _on, moment in moments]
    return [*told, _ended(history)] if history.ended_on else told


def _named(version: NamedVersion, history: UnitHistory, first_day: date | None) -> Moment:
    unit, is_first = version.unit, version is history.versions[0]
    sentences = []
    if is_first and unit.valid_from == first_day:
        sentences.append(_("Bảng dữ liệu bắt đầu từ ngày này."))
    made_of = [relation for relation in history.predecessors if relation.on == unit.valid_from]
    if is_first and made_of:
        if all(relation.is_part for relation in made_of):
            sentences.append(_("Hình thành từ một phần của %(units)s.", units=_units(made_of)))
        else:
            sentences.append(_("Hình thành từ %(units)s.", units=_units(made_of)))
    if version.parent:
        sentences.append(_("Thuộc %(parent)s.", parent=version.parent.name))
    if version.resolution:
        sentences.append(_("Theo %(act)s.", act=version.resolution))
    state = "ok" if unit == history.unit else ""
    return Moment(stretch(unit.valid_from, unit.last_day), unit.name, " ".join(sentences), state)


def _absorbed(on: date, relations: Sequence[Relation]) -> Moment:
    if all(relation.is_part for relation in relations):
        return _happened(on, _("Nhận một phần của %(units)s", units=_units(relations)), relations)
    return _happened(on, _("Nhận thêm %(units)s", units=_units(relations)), relations)


def _happened(on: date, title: str, relations: Sequence[Relation]) -> Moment:
    acts = dict.fromkeys(_("Theo %(act)s.", act=other.resolution) for other in relations if other.resolution)
    return Moment(format_date(on), title, " ".join(acts), "mid")


def _units(relations: Sequence[Relation]) -> str:
    """Their names, or how many they are when the names are too many or the same."""
    names = [relation.unit.name for relation in relations]
    if len(names) > _FEW or len(set(names)) < len(names):
        return _("%(count)s đơn vị", count=len(names))
    return ", ".join(names)


def _ended(history: UnitHistory) -> Moment:
    heirs = [relation.unit.name for relation in history.successors if relation.on > (history.ended_on or relation.on)]
    last_parent = history.versions[-1].parent
    if len(heirs) == 1:
        text = _("Nhập vào %(heir)s.", heir=heirs[0])
    elif heirs:
        text = _("Chia cho %(heirs)s.", heirs=", ".join(heirs))
    elif last_parent:
        text = _("Không có đơn vị kế thừa; số liệu dồn về %(parent)s.", parent=last_parent.name)
    else:
        text = _("Không có đơn vị kế thừa.")
    if history.ended_by:
        text += " " + _("Theo %(act)s.", act=history.ended_by)
    return Moment(format_date(history.ended_on), _("Kết thúc"), text, "due")
