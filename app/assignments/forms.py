"""The form that assigns, from its fields to an order, and back with what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.policy import PERMISSION, assigning_unit
from app.assignments.rules import Rule
from app.assignments.service import LATEST_GRACE_DAYS, Order
from app.catalogue.models import Course
from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.text import whole
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.people.people_queries import audience_names
from app.identity.units.unit_queries import KINDS

MOST_PEOPLE = 500


@dataclass
class AssignForm:
    """What was typed, and sentences at the fields that cannot be taken."""

    course: str = ""
    unit: str = ""
    audience: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    leaders: bool = False
    people: str = ""
    repeat: str = "once"
    due: str = ""
    grounds: str = ""
    programme: bool = True
    commitment: bool = False
    grace: str = "30"
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: Mapping[str, Sequence[str]]) -> "AssignForm":
        def one(name: str) -> str:
            return next(iter(fields.get(name, ())), "").strip()

        return cls(
            course=one("course"), unit=one("unit"), audience=list(fields.get("audience", ())),
            kind=list(fields.get("kind", ())), leaders=one("leaders") == "1", people=one("people"),
            repeat=one("repeat") or "once", due=one("due"), grounds=one("grounds")[:300],
            programme=one("programme") == "1", commitment=one("commitment") == "1", grace=one("grace") or "0",
        )  # fmt: skip

    def order(self, db: Session, actor: Actor) -> Order | None:
        """What is asked for, or None with `errors` filled. Raises NotFound for a unit that is not the actor's."""
        self.errors = {}
        course_id = db.scalar(
            select(Course.id).where(
                Course.slug == self.course, Course.published_version_id.is_not(None), Course.retired_at.is_(None)
            )
        )
        if course_id is None:
            self.errors["course"] = _("Hãy chọn một khóa học đã công bố.")
        unit_id = whole(self.unit)
        unit = None if unit_id is None else assigning_unit(db, actor, unit_id)
        if unit is None:
            self.errors["unit"] = _("Hãy chọn đơn vị.")
        audiences = tuple(code for code in self.audience if code in audience_names(db))
        person_ids = self._people(db, actor)
        if not audiences and not self.people:
            self.errors["audience"] = _("Hãy chọn ít nhất một nhóm đối tượng, hoặc đề cử từng người.")
        due_on = clock.parse_day(self.due)
        if due_on is None:
            self.errors["due"] = _("Hãy nhập ngày, ví dụ 30/11/2026.")
        elif due_on < clock.today():
            self.errors["due"] = _("Hạn phải từ hôm nay trở đi.")
        grace = whole(self.grace)
        if grace is None or grace > LATEST_GRACE_DAYS:
            self.errors["grace"] = _("Hãy nhập số ngày từ 0 đến %(most)s.", most=LATEST_GRACE_DAYS)
        if self.errors or course_id is None or unit is None or due_on is None or grace is None:
            return None
        rule = Rule(unit.unit_id, audiences, tuple(kind for kind in self.kind if kind in KINDS), self.leaders)
        return Order(
            course_id=course_id, rule=rule, due_on=due_on, is_yearly=self.repeat == "yearly", grounds=self.grounds,
            counts_programme=self.programme, asks_commitment=self.commitment, grace_days=grace,
            person_ids=person_ids,
        )  # fmt: skip

    def _people(self, db: Session, actor: Actor) -> tuple[int, ...]:
        try:
            return people_named(db, actor, PERMISSION, self.people, MOST_PEOPLE)
        except UnknownPeople as error:
            self.errors["people"] = str(error)
            return ()
