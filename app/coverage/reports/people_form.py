"""B05: who got certificates of a course in some days. It names people, so it is made for who asks and never kept."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.certificates import register
from app.certificates.models import Certificate
from app.certificates.register import MANAGE, Choice
from app.certificates.wording import masked_birth_date
from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.coverage.reports.forms import PEOPLE_FORM, forms
from app.coverage.reports.frames import Basis, Cell, Report, Table
from app.coverage.reports.letterheads import letterhead_on, signer_on
from app.identity import sealing
from app.identity.models import Person
from app.identity.people.people_queries import ERASED_NAME
from app.identity.units.unit_queries import UnitOnDay

# A list to be signed on paper; the register takes more away as a workbook.
MOST_PEOPLE = 2_000
NOTES = (
    "Giấy còn hiệu lực, cấp trong những ngày ghi trên; chức vụ, đơn vị, điểm ghi theo giấy, là của ngày cấp. Ngày sinh"
    " hiện đủ với người quản lý giấy chứng nhận, với người khác chỉ hiện năm.",
)
_SEXES = {"male": "Nam", "female": "Nữ"}


@dataclass(frozen=True)
class PeopleWish:
    """Whose papers: of a course, issued from one day to another, of people of a class or exam where `group` names one
    (register.Choice), in the unit and below.
    """

    course: str
    first: date
    last: date
    group: str = ""


def people_report(db: Session, actor: Actor, unit: UnitOnDay, wish: PeopleWish) -> Report:
    """A report of the one annex; raises Invalid for days out of order and for more people than fit a list."""
    if wish.first > wish.last:
        raise Invalid(fields={"last": _("Ngày cuối phải sau ngày đầu.")})
    query = register.chosen(db, actor, Choice(course=wish.course, unit=unit.code, state="valid", group=wish.group))
    query = query.where(Certificate.issued_on >= wish.first, Certificate.issued_on <= wish.last)
    if (total := register.count(db, query)) > MOST_PEOPLE:
        said = _("Có %(total)s giấy, nhiều hơn một danh sách (%(most)s). Hãy chọn khoảng ngày ngắn hơn.", total=total,
                 most=MOST_PEOPLE)  # fmt: skip
        raise Invalid(fields={"last": said})
    rows = db.execute(
        query.add_columns(Person).join(Person, Person.id == Certificate.person_id)
        .order_by(None).order_by(Person.sort_name, Certificate.id)
    ).all()  # fmt: skip
    in_full, form, today = actor.can(MANAGE), forms()[PEOPLE_FORM], clock.today()
    cells = tuple(
        _cells(number, certificate, person, in_full=in_full)
        for number, (certificate, person) in enumerate(rows, start=1)
    )
    words = (
        f"Khóa {wish.course}; giấy cấp từ ngày {format_date(wish.first)} đến ngày {format_date(wish.last)};"
        f" {unit.name} và cấp dưới; {len(cells)} người."
    )
    basis = Basis(
        period=f"{wish.first}..{wish.last}", period_name="", first=wish.first, last=wish.last, as_of=today,
        unit_code=unit.code, unit_name=unit.name, map_on=today, read_at=clock.now().isoformat(), words=words,
    )  # fmt: skip
    return Report(
        subject=form.title, letterhead=letterhead_on(db, unit, today), number="", dated_on=None, addressee="", bases=(),
        sections=(), annexes=(Table(PEOPLE_FORM, form.title, form.columns, cells, NOTES),), basis=basis, sources=(),
        signer=signer_on(db, unit, today), recipients=(),
    )  # fmt: skip


def _cells(number: int, certificate: Certificate, person: Person, *, in_full: bool) -> tuple[Cell, ...]:
    """What the paper says, in the columns of the form; whoever was erased has no name to print."""
    born = sealing.unseal_text(person, certificate.sealed_birth_date)
    name = "" if person.erased_at else certificate.holder_name
    return (
        number, name or f"({ERASED_NAME})", (born if in_full else masked_birth_date(born)) if born else None,
        _SEXES.get(person.sex or ""), certificate.holder_title or None, certificate.unit_name or None,
        certificate.course_title, certificate.score_percent, certificate.completed_on.isoformat(), certificate.number,
        None,
    )  # fmt: skip
