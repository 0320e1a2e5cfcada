"""What an administrator typed about a reorganisation, read into a wish; every sentence stands at its field."""

from collections.abc import Iterator
from datetime import date, timedelta

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.text import nfc
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.policy import REORGANISE, is_within
from app.identity.units.unit_queries import KINDS, UnitOnDay, unit_on
from app.identity.units.wishes import Absorb, Cede, Close, Create, Draft, Merge, Move, Rename, Retype, Split, Wish

MOST_PEOPLE = 500
LONGEST = {"code": 40, "name": 200, "type_name": 40, "decision": 120}


class ActForm(BaseModel):
    """All fields of all verbs; `unit` is the code of the unit whose page it began on.

    `others`: codes, one a line. `parts`: one unit a line, code; name; type; share for a new one, code; share for one
    that is there. `children`: one a line, the code of a unit below; the code of its part. `people`: likewise, the user
    name, phone or email of somebody; the code of their part.
    """

    verb: str = ""
    unit: str = ""
    on: str = ""
    decision: str = ""
    code: str = ""
    name: str = ""
    kind: str = ""
    type_name: str = ""
    parent: str = ""
    others: str = ""
    parts: str = ""
    children: str = ""
    people: str = ""


def unit_of(db: Session, actor: Actor, form: ActForm) -> UnitOnDay:
    """The unit the act is about, as it was on the eve; raises NotFound outside the actor's scope."""
    on = clock.parse_day(form.on) or clock.today()
    found = unit_on(db, form.unit, on - timedelta(days=1)) or unit_on(db, form.unit, on)
    if found is None or not is_within(db, actor, {found.unit_id}):
        raise NotFound
    return found


def read(db: Session, actor: Actor, form: ActForm, unit: UnitOnDay) -> tuple[Wish, date, str]:
    """The wish, its day and the number of the decision. Raises Invalid with a sentence for each wrong field."""
    reader = _Reader(db, actor, form)
    wish = reader.wish(unit)
    if reader.errors or wish is None or reader.on is None:
        raise Invalid(fields=reader.errors)
    return wish, reader.on, nfc(form.decision)


class _Reader:
    def __init__(self, db: Session, actor: Actor, form: ActForm) -> None:
        self.db = db
        self.actor = actor
        self.form = form
        self.errors: dict[str, str] = {}
        self.reach = set(db.scalars(actor.units_with(REORGANISE)))
        self.on = clock.parse_day(form.on)
        if self.on is None:
            self.errors["on"] = _("Hãy ghi ngày/tháng/năm, ví dụ 01/07/2025.")
        self._text("decision")

    def wish(self, unit: UnitOnDay) -> Wish | None:
        """None when a field it needs is wrong."""
        made: Wish | None = None
        match self.form.verb:
            case "create":
                made = Create(self._draft(unit.unit_id))
            case "rename":
                made = Rename(unit.unit_id, self._text("code"), self._text("name"))
            case "retype":
                made = Retype(unit.unit_id, self._text("name"), self._kind(), self._text("type_name"))
            case "move":
                parent = self._unit("parent", self.form.parent, eve=False)
                made = Move(unit.unit_id, parent.unit_id) if parent else None
            case "merge":
                parent = self._unit("parent", self.form.parent, eve=False)
                draft = self._draft(parent.unit_id if parent else 0)
                made = Merge((unit.unit_id, *self._others()), draft)
            case "absorb":
                made = Absorb(tuple(self._others()), unit.unit_id)
            case "split":
                made = self._split(unit)
            case "cede":
                made = self._cede(unit)
            case "close":
                made = Close(unit.unit_id)
            case _:
                raise NotFound
        return made

    def _split(self, unit: UnitOnDay) -> Split | None:
        drafts, shares = [], []
        for code, name, type_name, share in _lines(self.form.parts, 4):
            if not (code and name and type_name) or unit.parent_id is None:
                self.errors["parts"] = _("Mỗi dòng cần: mã; tên; loại; tỷ lệ (có thể để trống).")
                return None
            drafts.append(Draft(code, name, unit.kind, type_name, unit.parent_id))
            shares.append(self._share(share))
        if not drafts:
            self.errors["parts"] = _("Hãy ghi các đơn vị mới, mỗi đơn vị một dòng.")
        codes = [draft.code for draft in drafts]
        return Split(unit.unit_id, tuple(drafts), tuple(shares), self._children(codes), self._people(codes))

    def _cede(self, unit: UnitOnDay) -> Cede:
        """A line with a type names a new unit, any other one that is there."""
        parts: list[Draft | int] = []
        shares, codes = [], []
        for code, *rest in _lines(self.form.parts, 4):
            name, type_name, share = rest
            if not type_name:
                share = name
                heir = self._unit("parts", code)
                parts += [heir.unit_id] if heir else []
            elif not (code and name) or unit.parent_id is None:
                self.errors["parts"] = _("Đơn vị mới cần: mã; tên; loại; tỷ lệ. Đơn vị đang có: mã; tỷ lệ.")
            else:
                parts.append(Draft(code, name, unit.kind, type_name, unit.parent_id))
            codes.append(code)
            shares.append(self._share(share))
        if not codes:
            self.errors["parts"] = _("Hãy ghi phần tách ra đi về đâu, mỗi đơn vị nhận một dòng.")
        return Cede(unit.unit_id, tuple(parts), tuple(shares), self._children(codes), self._people(codes))

    def _children(self, codes: list[str]) -> dict[int, int]:
        """Which part each unit below goes to."""
        children = {}
        for child_code, part_code in _lines(self.form.children, 2):
            child = self._unit("children", child_code)
            if child and (part := self._part("children", part_code, codes)) is not None:
                children[child.unit_id] = part
        return children

    def _people(self, codes: list[str]) -> dict[int, int]:
        """Which part each of the people named goes to."""
        typed: dict[int, list[str]] = {}
        for who, part_code in _lines(self.form.people, 2):
            if (part := self._part("people", part_code, codes)) is not None:
                typed.setdefault(part, []).append(who)
        try:
            return {
                person_id: part
                for part, lines in typed.items()
                for person_id in people_named(self.db, self.actor, REORGANISE, "\n".join(lines), MOST_PEOPLE)
            }
        except UnknownPeople as error:
            self.errors["people"] = str(error)
            return {}

    def _part(self, field: str, code: str, codes: list[str]) -> int | None:
        if code in codes:
            return codes.index(code)
        self.errors[field] = _("Không có phần nào mang mã %(code)s.", code=code)
        return None

    def _share(self, text: str) -> float | None:
        if not text:
            return None
        try:
            return float(text.rstrip("%").replace(",", ".")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.errors["parts"] = _("“%(text)s” không phải là tỷ lệ. Ví dụ đúng: 0,4 hoặc 40%%.", text=text[:20])
            return None

    def _others(self) -> list[int]:
        found = [self._unit("others", line[0]) for line in _lines(self.form.others, 1)]
        if not found:
            self.errors["others"] = _("Hãy ghi mã của ít nhất một đơn vị, mỗi mã một dòng.")
        return [unit.unit_id for unit in found if unit]

    def _draft(self, parent_id: int) -> Draft:
        return Draft(self._text("code"), self._text("name"), self._kind(), self._text("type_name"), parent_id)

    def _kind(self) -> str:
        if self.form.kind not in KINDS:
            self.errors["kind"] = _("Hãy chọn một nhóm.")
        return self.form.kind

    def _text(self, field: str) -> str:
        text = nfc(" ".join(getattr(self.form, field).split()))
        if not text:
            self.errors[field] = _("Ô này không được để trống.")
        elif len(text) > LONGEST[field]:
            self.errors[field] = _("Dài nhất %(most)s ký tự.", most=LONGEST[field])
        elif field == "code" and any(sign in text for sign in "/;?#"):
            self.errors[field] = _("Mã không có các dấu / ; ? #.")
        return text

    def _unit(self, field: str, code: str, *, eve: bool = True) -> UnitOnDay | None:
        """What bears the code on the eve, or on the day itself for a unit that is to be a parent."""
        on = (self.on or clock.today()) - timedelta(days=int(eve))
        found = unit_on(self.db, nfc(code.strip()), on)
        if found is None or found.unit_id not in self.reach:
            self.errors[field] = _(
                "Ngày %(day)s không có đơn vị nào mang mã %(code)s trong phạm vi của anh/chị.",
                day=on.strftime("%d/%m/%Y"), code=code.strip()[:40],
            )  # fmt: skip
            return None
        return found


def _lines(text: str, width: int) -> Iterator[list[str]]:
    """The cells of each line that is not empty, padded to `width`."""
    for line in text.splitlines():
        if line.strip():
            cells = [nfc(cell.strip()) for cell in line.split(";")]
            yield (cells + [""] * width)[:width]
