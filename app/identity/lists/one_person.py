"""Adding one new person by hand: what somebody typed goes through the checks of a list of people, as its only row."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.tables import cell_text
from app.identity import sealing
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_import_service import Settled, open_books, settle_rows
from app.identity.lists.people_matching import NEW
from app.identity.lists.people_report import Candidate, RowReport
from app.identity.lists.people_sheet import SheetRow
from app.identity.models import Person
from app.identity.policy import POSTS, visible_people

# Who may bring in lists may also give a post to somebody known who holds none, as a list does.
IMPORT = "people.import"


@dataclass(frozen=True)
class NewPerson:
    """What somebody typed, by column of the template of lists; `choice` and `confirmed` as in a row of a list."""

    cells: Sequence[str]
    choice: str = ""
    confirmed: bool = False

    @property
    def row(self) -> SheetRow:
        assert len(self.cells) == len(COLUMNS), "a cell for every column"
        return SheetRow(1, list(self.cells), confirmed=self.confirmed, choice=self.choice)


class NotAdded(Exception):
    """Nothing was written. `about`: what is wrong, by column; `said`: what else there is to say.

    `confirmable` if it can be right as it is. `known`: people it may mean whom the actor sees, to be opened;
    `without_post`: those an importer may give this post instead; `may_be_new` if it may also be somebody nobody knows.
    """

    def __init__(
        self, report: RowReport, said: Sequence[str], *, known: Sequence[Candidate] = (),
        without_post: Sequence[Candidate] = (), may_be_new: bool = False,
    ) -> None:  # fmt: skip
        self.about = report.about
        self.said = tuple(said)
        self.confirmable = report.confirmable
        self.known = tuple(known)
        self.without_post = tuple(without_post)
        self.may_be_new = may_be_new
        super().__init__(*said)


def add_one(db: Session, actor: Actor, typed: NewPerson) -> RowReport:
    """The person with their first post and an account, where the actor keeps posts; what was added, and repaired.

    Raises NotAdded where a list would refuse the row or ask somebody, and for anybody the register knows already.
    """
    units = set(db.scalars(actor.units_with(POSTS)))
    if typed.choice != NEW and not actor.can(IMPORT):
        typed = replace(typed, choice="")
    books = open_books(db, is_offices_own=False)
    read = books.read(typed.row)
    (tried,) = settle_rows(db, books, [read], allowed_units=units, dry_run=True)
    if tried.report.outcome in ("refused", "needs_confirmation"):
        raise _refused(db, actor, tried.report)
    if tried.known_id is not None:
        person = db.get_one(Person, tried.known_id)
        if typed.choice != person.ref or _seen(db, actor, [person.ref]):
            raise _known(db, actor, tried, person)
    (done,) = settle_rows(db, books, [read], allowed_units=units, dry_run=False)
    assert done.wrote is not None, "the same row in the same transaction"
    audit.record(
        db, "person.add" if done.wrote.is_new else "post.add", "person", done.wrote.person_id,
        account_id=actor.account_id, post=done.wrote.post_id,
    )  # fmt: skip
    db.flush()
    return done.report


def _refused(db: Session, actor: Actor, report: RowReport) -> NotAdded:
    said = [one for one in report.messages if one not in " ".join(report.about.values())]
    if report.problem == "scope":
        return NotAdded(report, [_nobody_here()])
    seen = _seen(db, actor, [one.key for one in report.candidates])
    known = [one for one in report.candidates if one.key in seen]
    hidden = [one for one in report.candidates if one.key not in seen]
    if hidden and not actor.can(IMPORT):
        # The reason names whom the register means.
        return NotAdded(report, [_nobody_here()])
    return NotAdded(report, said, known=known, without_post=hidden, may_be_new=report.may_be_new)


def _known(db: Session, actor: Actor, tried: Settled, person: Person) -> NotAdded:
    fields = sealing.unseal(person)
    one = Candidate(person.ref, person.name, cell_text(fields.birth_date or fields.birth_year), "")
    if _seen(db, actor, [person.ref]):
        return NotAdded(tried.report, [_("Hệ thống đã có người này nên không thêm lần nữa.")], known=[one])
    if not actor.can(IMPORT):
        return NotAdded(tried.report, [_nobody_here()])
    said = _("Hệ thống đã có người này, hiện không giữ vị trí nào.")
    return NotAdded(tried.report, [said], without_post=[one])


def _seen(db: Session, actor: Actor, refs: Collection[str]) -> set[str]:
    """Those of these people the actor sees anyway."""
    return set(db.scalars(select(Person.ref).where(Person.ref.in_(refs), visible_people(actor))))


def _nobody_here() -> str:
    # Who works elsewhere is not to be learnt from a form (DESIGN 9).
    return _(
        "Chưa thêm được. Thông tin này có thể trùng với hồ sơ ngoài phạm vi của anh/chị; hãy nhờ quản trị viên cấp "
        "tỉnh chuyển hoặc gộp hồ sơ."
    )
