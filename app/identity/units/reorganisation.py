"""What an act on the unit tree would change, as pure computation: the plan that is shown is the plan that is applied.

DESIGN 5, "Closed unit" and "Maps", says where posts go: they end the day before and reopen in the successor; without
one successor their holders wait at the parent.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from app.core.i18n import gettext as _
from app.identity.units.plans import Facts, NewEdge, NewVersion, Plan, PostMove
from app.identity.units.unit_queries import UnitOnDay, holds, version_for
from app.identity.units.wishes import (
    Absorb,
    Cede,
    Close,
    Create,
    Draft,
    Found,
    Merge,
    Move,
    Rename,
    Retype,
    Split,
    Wish,
)

_SHARES_MAY_MISS_BY = 1e-6


def plan(wish: Wish, on: date, known: Facts) -> Plan:
    """Everything the act would write, and in `problems` why it cannot be done; such a plan is never applied."""
    made = _Planner(on, known)
    match wish:
        case Create(unit):
            made.make(unit, former=made.former_of([unit.parent_id]))
        case Found(units):
            for unit in units:
                made.make(unit, former=made.former_of([unit.parent_id]))
        case Rename(unit_id, code, name):
            made.alter(unit_id, code=code, name=name)
            made.edges.append(NewEdge(unit_id, unit_id, "renamed", 1.0))
        case Retype(unit_id, name, kind, type_name):
            made.alter(unit_id, name=name, kind=kind, type_name=type_name)
            made.edges.append(NewEdge(unit_id, unit_id, "type_changed", 1.0))
        case Move(unit_id, parent_id):
            made.alter(unit_id, parent_id=parent_id)
            made.stand_under(unit_id, parent_id)
            made.edges.append(NewEdge(unit_id, unit_id, "moved", 1.0))
        case Merge(unit_ids, into):
            if len(set(unit_ids)) < 2:
                made.problems.append(_("Hợp nhất cần ít nhất hai đơn vị khác nhau."))
            new_id = made.make(into, former=made.former_of(unit_ids), replacing=unit_ids)
            for unit_id in dict.fromkeys(unit_ids):
                made.give_over(unit_id, new_id, "merged|renamed")
        case Absorb(unit_ids, into_id):
            if into_id in unit_ids:
                made.problems.append(_("Đơn vị nhận không thể nằm trong số các đơn vị nhập vào."))
            made.lives_then(into_id)
            for unit_id in dict.fromkeys(unit_ids):
                made.give_over(unit_id, into_id, "merged")
            made.edges.append(NewEdge(into_id, into_id, "absorbed", 1.0))
        case Split():
            _plan_split(wish, made)
        case Cede():
            _plan_cede(wish, made)
        case Close(unit_id):
            made.end(unit_id)
            made.edges.append(NewEdge(unit_id, None, "dissolved", 1.0))
            made.leave_no_child(unit_id, placed=())
            made.wait_above(unit_id)
    return made.plan(type(wish).__name__.lower())


def _plan_split(wish: Split, made: "_Planner") -> None:
    if len(wish.parts) < 2:
        made.problems.append(_("Chia tách cần ít nhất hai đơn vị mới."))
    given = _given(wish.shares, made)
    if given and (abs(sum(given) - 1) > _SHARES_MAY_MISS_BY or min(given) <= 0):
        made.problems.append(_("Tỷ lệ của các phần phải lớn hơn 0 và cộng lại bằng 1."))
    made.end(wish.unit_id)
    former = made.former_of([wish.unit_id])
    new_ids = [made.make(part, former=former, replacing=[wish.unit_id]) for part in wish.parts]
    made.divide(wish, new_ids)
    made.leave_no_child(wish.unit_id, placed=wish.children)
    made.wait_above(wish.unit_id, placed=wish.people)


def _plan_cede(wish: Cede, made: "_Planner") -> None:
    if not wish.parts:
        made.problems.append(_("Hãy cho biết phần tách ra đi về đâu."))
    given = _given(wish.shares, made)
    if given and (sum(given) >= 1 or min(given) <= 0):
        made.problems.append(_("Tỷ lệ của mỗi phần tách ra phải lớn hơn 0, và tổng nhỏ hơn 1: phần còn lại ở lại."))
    made.lives_then(wish.unit_id)
    made.gives(wish.unit_id)
    former = made.former_of([wish.unit_id])
    part_ids = [made.receive(wish.unit_id, part, former) for part in wish.parts]
    if len(set(part_ids)) < len(part_ids):
        made.problems.append(_("Mỗi đơn vị chỉ nhận một phần: hãy gộp các dòng của cùng một đơn vị."))
    made.edges.append(NewEdge(wish.unit_id, wish.unit_id, "split", round(1 - sum(given), 9) if given else None))
    made.divide(wish, part_ids)


def _given(shares: Sequence[float | None], made: "_Planner") -> list[float]:
    """The shares, if every part has one."""
    given = [share for share in shares if share is not None]
    if given and len(given) < len(shares):
        made.problems.append(_("Hãy ghi tỷ lệ cho mọi phần, hoặc để trống tất cả."))
        return []
    return given


class _Planner:
    """Collects what is to be written; every step says what stands against it."""

    def __init__(self, on: date, known: Facts) -> None:
        self.on = on
        self.known = known
        self.ends: list[int] = []
        self.begins: list[NewVersion] = []
        self.edges: list[NewEdge] = []
        self.moves: list[PostMove] = []
        self.grants: list[int] = []
        self.problems: list[str] = []
        self._new: dict[int, NewVersion] = {}

    def plan(self, verb: str) -> Plan:
        closed = set(self.ends) - {version.unit_id for version in self.begins}
        borne = Counter(version.code for version in self.begins)
        for version in self.begins:
            if version.parent_id in closed:
                self.problems.append(
                    _("%(unit)s không thể thuộc một đơn vị kết thúc trong chính lần sắp xếp này.", unit=version.name)
                )
            self._bears_alone(version, borne)
        return Plan(
            verb, self.on, tuple(self.ends), tuple(self.begins), tuple(self.edges), tuple(self.moves),
            tuple(self.grants), tuple(dict.fromkeys(self.problems)),
        )  # fmt: skip

    def make(self, draft: Draft, *, former: str | None, replacing: Iterable[int] = ()) -> int:
        new_id = -1 - len(self._new)
        if draft.parent_id not in replacing and draft.parent_id not in self._new:
            self._can_be_parent(draft.parent_id)
        made = NewVersion(new_id, draft.code, draft.name, draft.kind, draft.type_name, draft.parent_id, former)
        self._new[new_id] = made
        self.begins.append(made)
        return new_id

    def alter(self, unit_id: int, **changes: object) -> None:
        """The unit lives on, otherwise."""
        self.end(unit_id, closes=False)
        now = self._now(unit_id)
        before = NewVersion(
            unit_id, now.code, now.name, now.kind, now.type_name, now.parent_id, now.former_province_code
        )
        after = replace(before, **changes)  # type: ignore[arg-type]
        if after == before:
            self.problems.append(_("%(unit)s: không có gì thay đổi.", unit=now.name))
        self.begins.append(after)

    def end(self, unit_id: int, *, closes: bool = True) -> None:
        self.lives_then(unit_id)
        self.ends.append(unit_id)
        if closes:
            self.gives(unit_id)
            self.grants += self.known.grants.get(unit_id, ())

    def give_over(self, unit_id: int, heir_id: int, flags: str) -> None:
        """The unit ends; its people, and what stands under it, go to the heir."""
        self.end(unit_id)
        self.edges.append(NewEdge(unit_id, heir_id, flags, 1.0))
        self.moves += [PostMove(post, heir_id) for post in self.known.posts.get(unit_id, ())]
        for child in self.known.children.get(unit_id, ()):
            if child.unit_id == heir_id:
                self.problems.append(
                    _("%(unit)s không thể nhập vào đơn vị trực thuộc của nó.", unit=self._name(unit_id))
                )
            elif child.unit_id not in self.ends:
                self.alter(child.unit_id, parent_id=heir_id)

    def receive(self, unit_id: int, part: Draft | int, former: str | None) -> int:
        """What takes a part of the unit: made, or there already and living on."""
        if isinstance(part, Draft):
            return self.make(part, former=former)
        self.lives_then(part)
        if unit_id in self._line_of(part) or part in self._line_of(unit_id):
            self.problems.append(
                _("%(heir)s và %(unit)s đang là cấp trên, cấp dưới của nhau, nên không nhận được một phần của nhau.",
                  heir=self._name(part), unit=self._name(unit_id))
            )  # fmt: skip
        return part

    def divide(self, wish: Split | Cede, part_ids: Sequence[int]) -> None:
        """Lineage to each part; the units below and the people that were named go to theirs."""
        for part_id, share in zip(part_ids, wish.shares, strict=True):
            self.edges.append(NewEdge(wish.unit_id, part_id, "split", share))
        below = {child.unit_id for child in self.known.children.get(wish.unit_id, ())}
        for child_id, part in wish.children.items():
            if child_id not in below:
                self.problems.append(
                    _("%(child)s không trực thuộc %(unit)s.", child=self._name(child_id), unit=self._name(wish.unit_id))
                )
            self.alter(child_id, parent_id=part_ids[part])
        posts = self.known.posts.get(wish.unit_id, ())
        self.moves += [PostMove(post, part_ids[wish.people[post.person_id]]) for post in posts
                       if post.person_id in wish.people]  # fmt: skip
        if strangers := wish.people.keys() - {post.person_id for post in posts}:
            self.problems.append(
                _("%(count)s người được ghi không có vị trí công tác ở %(unit)s vào ngày hiệu lực.",
                  count=len(strangers), unit=self._name(wish.unit_id))
            )  # fmt: skip

    def wait_above(self, unit_id: int, placed: Container[int] = ()) -> None:
        parent_id = self._now(unit_id).parent_id
        posts = self.known.posts.get(unit_id, ())
        self.moves += [PostMove(post, parent_id) for post in posts if post.person_id not in placed]

    def leave_no_child(self, unit_id: int, placed: Iterable[int]) -> None:
        left = [child for child in self.known.children.get(unit_id, ()) if child.unit_id not in set(placed)]
        if left:
            few = ", ".join(f"{child.name} ({child.code})" for child in left[:5])
            self.problems.append(
                _("Còn %(count)s đơn vị trực thuộc chưa có cấp trên mới: %(units)s.", count=len(left), units=few)
            )

    def stand_under(self, unit_id: int, parent_id: int) -> None:
        """A parent that lives on and does not stand under the unit itself."""
        self._can_be_parent(parent_id)
        if unit_id in self._line_of(parent_id):
            self.problems.append(
                _("%(parent)s đang thuộc %(unit)s, nên không thể là cấp trên của nó.",
                  parent=self._name(parent_id), unit=self._name(unit_id))
            )  # fmt: skip

    def lives_then(self, unit_id: int) -> None:
        """It began before the day, and nothing later is known of it."""
        name, life = self._name(unit_id), self.known.lives[unit_id]
        if life[0].valid_from >= self.on:
            self.problems.append(
                _(
                    "%(unit)s bắt đầu ngày %(day)s; ngày hiệu lực phải sau ngày ấy.",
                    unit=name,
                    day=_day(life[0].valid_from),
                )
            )
        elif life[-1].valid_from >= self.on or unit_id in self.known.passed_later:
            self.problems.append(
                _(
                    "%(unit)s đã có thay đổi từ ngày hiệu lực trở đi. Hãy chọn ngày sau đó, hoặc hoàn tác trước.",
                    unit=name,
                )
            )
        elif life[-1].valid_to is not None:
            self.problems.append(_("%(unit)s đã kết thúc ngày %(day)s.", unit=name, day=_day(life[-1].last_day)))

    def gives(self, unit_id: int) -> None:
        """What it gave away on a day on which it received something could not be told apart."""
        if unit_id in self.known.received:
            self.problems.append(
                _("%(unit)s nhận đơn vị khác hoặc một phần đơn vị khác trong chính ngày ấy. Hãy chọn ngày sau đó.",
                  unit=self._name(unit_id))
            )  # fmt: skip

    def former_of(self, unit_ids: Iterable[int]) -> str | None:
        """The former province all of them came from; None where that cannot be told."""
        codes = {(self._new.get(unit_id) or self._now(unit_id)).former_province_code for unit_id in unit_ids}
        return codes.pop() if len(codes) == 1 else None

    def _can_be_parent(self, unit_id: int) -> None:
        last = self.known.lives[unit_id][-1]
        if last.valid_to is not None or not any(holds(version, self.on) for version in self.known.lives[unit_id]):
            self.problems.append(_("%(unit)s không còn hoặc chưa có vào ngày hiệu lực.", unit=last.name))

    def _bears_alone(self, version: NewVersion, borne: Mapping[str, int]) -> None:
        others = {
            bearer.unit_id for bearer in self.known.bearers.get(version.code, ()) if bearer.unit_id not in self.ends
        }
        if others or borne[version.code] > 1:
            self.problems.append(_("Mã %(code)s đã có đơn vị khác dùng từ ngày hiệu lực.", code=version.code))

    def _line_of(self, unit_id: int) -> list[int]:
        """The unit and all above it on the day, as it would be without the act."""
        line: list[int] = []
        above: int | None = unit_id
        while above is not None:
            line.append(above)
            above = version_for(self.known.lives[above], self.on).parent_id
        return line

    def _now(self, unit_id: int) -> UnitOnDay:
        return version_for(self.known.lives[unit_id], self.on - timedelta(days=1))

    def _name(self, unit_id: int) -> str:
        return self._now(unit_id).name


def _day(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""
