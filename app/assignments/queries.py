"""What managers see of assignments, and what a learner has been given."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.assignments import policy
from app.assignments.models import (
    Assignment,
    AssignmentCommitment,
    AssignmentMember,
    AssignmentPick,
    AssignmentRound,
)  # fmt: skip
from app.assignments.rules import Rule
from app.assignments.states import STATES, is_shown, state_on
from app.catalogue.models import Course, CourseVersion
from app.core import clock, jobs
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.text import fold
from app.identity.models import Account, Person
from app.identity.people.people_queries import audience_names
from app.identity.records import holder_of
from app.identity.units.unit_queries import full_names, units_by_id

PER_PAGE = 50


@dataclass(frozen=True)
class Counts:
    """People of a round by state, of the units one may see."""

    by_state: Mapping[str, int]

    @property
    def asked(self) -> int:
        """Who has to do it, done or not."""
        return sum(self.by_state.get(state, 0) for state in ("late", "open", "done"))

    @property
    def done(self) -> int:
        return self.by_state.get("done", 0)

    def __getitem__(self, state: str) -> int:
        return self.by_state.get(state, 0)


@dataclass(frozen=True)
class AssignmentRow:
    """One assignment of the list, at its newest round."""

    id: int
    course_title: str
    unit_name: str
    due_on: date
    is_yearly: bool
    has_ended: bool
    counts: Counts


@dataclass(frozen=True)
class MemberRow:
    id: int
    name: str
    unit_name: str
    state: str
    due_on: date
    done_on: date | None
    note: str
    has_committed: bool


@dataclass(frozen=True)
class MemberPage:
    """One person's place in an assignment, to be changed."""

    assignment_id: int
    course_title: str
    member: MemberRow


@dataclass(frozen=True)
class AssignmentPage:
    """An assignment as its manager sees it. `units` are (name, id, counts), the worst first."""

    id: int
    course_title: str
    course_slug: str
    unit_name: str
    assigned_by: str
    assigned_on: date
    grounds: str
    whom: str
    due_on: date
    is_yearly: bool
    asks_commitment: bool
    has_ended: bool
    is_mine: bool
    is_being_drawn: bool
    counts: Counts
    units: tuple[tuple[str, int, Counts], ...]
    members: tuple[MemberRow, ...]
    total: int
    page: int
    pages: int
    state: str
    unit_id: int
    query: str

    def url(self, **changed: object) -> str:
        """The address with some of what is asked changed."""
        asked = {"state": self.state, "unit": self.unit_id or "", "q": self.query, **changed}
        return f"/assignments/{self.id}?{urlencode({key: value for key, value in asked.items() if value})}"


def assignment_rows(db: Session, actor: Actor) -> list[AssignmentRow]:
    """The newest first, those that have ended last."""
    newest = select(func.max(AssignmentRound.id)).group_by(AssignmentRound.assignment_id)
    rows = db.execute(
        select(AssignmentRound, Assignment, CourseVersion.title)
        .join(Assignment, Assignment.id == AssignmentRound.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(AssignmentRound.id.in_(newest), policy.visible_assignments(actor))
        .order_by(Assignment.ended_at.is_not(None), AssignmentRound.due_on, Assignment.id.desc())
    ).all()
    names = full_names(db, {assignment.unit_id for _round, assignment, _title in rows}, clock.today())
    counts = _counts(
        db, _members(actor).where(AssignmentMember.round_id.in_([row[0].id for row in rows])), AssignmentMember.round_id
    )
    return [
        AssignmentRow(
            assignment.id, title, names[assignment.unit_id], round_.due_on, assignment.is_yearly,
            assignment.ended_at is not None, counts.get(round_.id, Counts({})),
        )
        for round_, assignment, title in rows
    ]  # fmt: skip


def assignment_page(
    db: Session, actor: Actor, assignment_id: int, state: str = "", unit_id: int = 0, query: str = "", page: int = 1
) -> AssignmentPage:
    """Raises NotFound."""
    today = clock.today()
    assignment = policy.visible_assignment(db, actor, assignment_id)
    round_ = assignment.rounds[-1]
    course, title = db.execute(
        select(Course.slug, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Course.id == assignment.course_id)
    ).one()
    mine = _members(actor).where(AssignmentMember.round_id == round_.id)
    found = mine.join(Person, Person.id == holder_of(AssignmentMember.person_id))
    if state in STATES:
        found = found.where(state_on(today) == state)
    if unit_id:
        found = found.where(AssignmentMember.unit_id == unit_id)
    if query:
        found = found.where(Person.folded_name.contains(fold(query), autoescape=True))
    total = db.scalar(select(func.count()).select_from(found.with_only_columns(AssignmentMember.id).subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    members = db.execute(
        found.with_only_columns(AssignmentMember, Person.name, state_on(today))
        .order_by(Person.sort_name, AssignmentMember.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    units = _units(db, mine)
    job = jobs.latest(db, f"assignment:{assignment.id}")
    return AssignmentPage(
        id=assignment.id, course_title=title, course_slug=course,
        unit_name=full_names(db, [assignment.unit_id], today)[assignment.unit_id],
        assigned_by=_name_of(db, assignment.account_id), assigned_on=clock.day_of(assignment.created_at),
        grounds=assignment.grounds, whom=whom(db, assignment), due_on=round_.due_on, is_yearly=assignment.is_yearly,
        asks_commitment=assignment.asks_commitment, has_ended=assignment.ended_at is not None,
        is_mine=policy.is_owner(db, actor, assignment),
        is_being_drawn=job is not None and job.state in ("queued", "running"),
        counts=_counts(db, mine, AssignmentMember.round_id).get(round_.id, Counts({})), units=units,
        members=_member_rows(db, assignment, members), total=total, page=page, pages=pages,
        state=state if state in STATES else "", unit_id=unit_id, query=query,
    )  # fmt: skip


def member_page(db: Session, actor: Actor, assignment_id: int, member_id: int) -> MemberPage:
    """Raises NotFound for anybody outside of the actor's units."""
    member = policy.my_member(db, actor, assignment_id, member_id)
    assignment = member.round.assignment
    row = db.execute(
        select(AssignmentMember, Person.name, state_on(clock.today()))
        .select_from(AssignmentMember)
        .join(Person, Person.id == holder_of(AssignmentMember.person_id))
        .where(AssignmentMember.id == member_id)
    ).one()
    title = db.scalars(
        select(CourseVersion.title)
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(Course.id == assignment.course_id)
    ).one()
    return MemberPage(assignment_id, title, _member_rows(db, assignment, [row])[0])


def members_to_remind(
    db: Session, actor: Actor, assignment: Assignment, state: str = "", unit_id: int = 0
) -> list[AssignmentMember]:
    """Who still has to do it, of the actor's units: all, or only the late, or only of one unit."""
    wanted = ("late",) if state == "late" else ("late", "open")
    here = _members(actor).where(
        AssignmentMember.round_id == assignment.rounds[-1].id, state_on(clock.today()).in_(wanted)
    )
    if unit_id:
        here = here.where(AssignmentMember.unit_id == unit_id)
    return list(db.scalars(here.with_only_columns(AssignmentMember)))


def whom(db: Session, assignment: Assignment) -> str:
    """The rule in words."""
    rule = Rule.of(assignment.rule)
    picked = db.scalar(select(func.count()).where(AssignmentPick.assignment_id == assignment.id))
    parts = []
    if rule.audiences:
        names = audience_names(db)
        unit = full_names(db, [rule.unit_id], clock.today())[rule.unit_id]
        who = ", ".join(names.get(code, code) for code in rule.audiences)
        parts.append(_("%(who)s thuộc %(unit)s", who=who, unit=unit))
        if rule.kinds:
            parts[-1] += " (" + ", ".join(kind_names()[kind] for kind in rule.kinds) + ")"
        if rule.leaders_only:
            parts[-1] += ", " + _("chỉ lãnh đạo, quản lý")
    if picked:
        parts.append(_("%(count)s người được đề cử", count=picked))
    return "; ".join(parts)


def kind_names() -> dict[str, str]:
    """Kinds of units one may narrow a rule to."""
    return {
        "agency": _("sở, ban, ngành"), "commune": _("xã, phường"), "department": _("phòng, đơn vị trực thuộc"),
        "school": _("trường học"), "health": _("cơ sở y tế"), "enterprise": _("doanh nghiệp"),
        "village": _("thôn, tổ dân phố"), "team": _("tổ công nghệ số cộng đồng"),
    }  # fmt: skip


def _members(actor: Actor) -> Select[AssignmentMember]:
    return select(AssignmentMember).where(policy.my_members(actor), is_shown())


def _counts(db: Session, members: Select[AssignmentMember], by: InstrumentedAttribute[int]) -> dict[int, Counts]:
    """Of each round, or each unit."""
    state = state_on(clock.today()).label("state")
    rows = db.execute(members.with_only_columns(by, state, func.count()).group_by(by, state))
    counted: dict[int, Counter[str]] = {}
    for key, name, number in rows:
        counted.setdefault(key, Counter())[name] += number
    return {key: Counts(by_state) for key, by_state in counted.items()}


def _units(db: Session, members: Select[AssignmentMember]) -> tuple[tuple[str, int, Counts], ...]:
    counted = _counts(db, members, AssignmentMember.unit_id)
    units = units_by_id(db, counted, clock.today())
    table = [(units[unit_id].name, unit_id, counts) for unit_id, counts in counted.items()]
    return tuple(sorted(table, key=lambda row: (-row[2]["late"], -row[2]["open"], row[0])))


def _member_rows(
    db: Session, assignment: Assignment, members: Sequence[Row[AssignmentMember, str, str]]
) -> tuple[MemberRow, ...]:
    units = units_by_id(db, {member.unit_id for member, *_rest in members}, clock.today())
    person_ids = [member.person_id for member, *_rest in members]
    picks = db.execute(
        select(AssignmentPick.person_id, AssignmentPick.account_id).where(
            AssignmentPick.assignment_id == assignment.id, AssignmentPick.person_id.in_(person_ids)
        )
    ).all()
    nominated = {person_id: _name_of(db, account_id) for person_id, account_id in picks}
    promised = set(
        db.scalars(
            select(AssignmentCommitment.member_id).where(
                AssignmentCommitment.member_id.in_([member.id for member, *_rest in members])
            )
        )
    )
    return tuple(
        MemberRow(
            id=member.id, name=name, unit_name=units[member.unit_id].name, state=state,
            due_on=member.due_on, done_on=member.done_on, note=_note(member, nominated.get(member.person_id, "")),
            has_committed=member.id in promised,
        )
        for member, name, state in members
    )  # fmt: skip


def _note(member: AssignmentMember, nominated_by: str) -> str:
    said = []
    if nominated_by:
        said.append(_("%(name)s đề cử", name=nominated_by))
    if member.exempt_reason:
        said.append(_("miễn: %(reason)s", reason=member.exempt_reason))
    if member.extension_reason:
        said.append(_("gia hạn: %(reason)s", reason=member.extension_reason))
    if member.left_on and member.completion_id is None:
        said.append(_("từ ngày %(day)s", day=format_date(member.left_on)))
    return "; ".join(said)


def _name_of(db: Session, account_id: int) -> str:
    return db.scalar(select(Person.name).join(Account).where(Account.id == account_id)) or ""
