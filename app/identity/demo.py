"""Made-up people for a trial (DEMO=1): one account per persona, and colleagues so that a roster has somebody in it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.events import emit
from app.core.i18n import lazy
from app.core.i18n import lazy as _
from app.core.settings import get_settings
from app.identity.events import AffiliationsChanged
from app.identity.identifiers import Sex
from app.identity.models import Account, Person
from app.identity.people.people import DEMO, new_affiliation, new_person
from app.identity.roles.grants import grant_role
from app.identity.sealing import SealedFields
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import actor_of, new_account
from app.identity.units.unit_queries import unit_on

# Known to everybody who reads this file: settings refuse DEMO=1 on any address but a loopback one.
DEMO_PASSWORD = "hoc-so-dung-thu"  # noqa: S105

_BAC_GIANG, _SKHCN, _PROVINCE = "07210", "SKHCN", ""


@dataclass(frozen=True)
class Persona:
    """Somebody to sign in as; `role` at unit code `at`, "" for the province."""

    username: str
    title: lazy
    name: str
    sex: Sex
    birth_date: date
    unit: str
    post: str
    audiences: tuple[str, ...] = ("CBCC",)
    role: str | None = None
    at: str = _PROVINCE


PERSONAS = (
    Persona(
        "hanh", _("Công chức đi học"), "Nguyễn Thị Hạnh", "female", date(1990, 3, 8), _BAC_GIANG,
        "Công chức Văn phòng - thống kê",
    ),
    Persona(
        "quanly", _("Phụ trách đơn vị (phường Bắc Giang)"), "Phạm Văn Quang", "male", date(1978, 11, 20), _BAC_GIANG,
        "Phó Chủ tịch UBND phường", ("CBCC", "LANHDAO"), "unit_manager", _BAC_GIANG,
    ),
    Persona(
        "soanbai", _("Người soạn bài"), "Lê Minh Tâm", "male", date(1986, 6, 1), _SKHCN, "Chuyên viên",
        ("CBCC", "CNTT"), "author",
    ),
    Persona(
        "quantri", _("Quản trị cấp tỉnh"), "Đỗ Thu Thủy", "female", date(1983, 9, 15), _SKHCN, "Trưởng phòng",
        ("CBCC", "LANHDAO"), "province_admin",
    ),
    Persona(
        "vanhanh", _("Người vận hành"), "Hoàng Đức Vinh", "male", date(1992, 1, 27), _SKHCN, "Chuyên viên",
        ("CBCC", "CNTT"), "operator",
    ),
)  # fmt: skip

# (unit code, number of colleagues): eight places of former Bắc Giang, three of former Bắc Ninh, two departments.
_COLLEAGUES = (
    ("07210", 6), ("07228", 3), ("07525", 3), ("07681", 3), ("07777", 4), ("07375", 3), ("07339", 2), ("07615", 2),
    ("09187", 4), ("09367", 3), ("09208", 2), ("SKHCN", 3), ("SNV", 2),
)  # fmt: skip
_FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Ngô", "Dương", "Đào", "Giáp", "Thân")
_WOMEN = ("Ánh", "Bích", "Cúc", "Dung", "Giang", "Hiền", "Hoa", "Lan", "Mai", "Ngọc", "Oanh", "Phượng", "Thảo", "Yến")
_MEN = ("An", "Bình", "Cường", "Dũng", "Đức", "Hải", "Hùng", "Khánh", "Long", "Nam", "Phúc", "Sơn", "Tuấn", "Việt")
_POSTS = (
    "Chuyên viên", "Công chức Tư pháp - hộ tịch", "Công chức Tài chính - kế toán", "Công chức Địa chính - xây dựng",
)  # fmt: skip
_STARTS = (date(2025, 7, 1), date(2025, 9, 1), date(2026, 1, 5))


def seed_demo(db: Session) -> None:
    """All the people of this file, once; the caller makes sure that this is a trial."""
    if db.scalar(select(Account.id).where(Account.username == PERSONAS[0].username)):
        return
    # One hash for all: they share one published password, so a salt of their own would protect nothing.
    password_hash = passwords.hash_password(DEMO_PASSWORD)
    people = []
    for persona in PERSONAS:
        fields = SealedFields(persona.birth_date, persona.birth_date.year, email=f"{persona.username}@vidu.example")
        person = new_person(persona.name, persona.sex, fields, DEMO)
        db.add(
            new_affiliation(
                person, _unit_id(db, persona.unit), title=persona.post, audiences=persona.audiences,
                is_leader="LANHDAO" in persona.audiences, started_on=_STARTS[0],
            )
        )  # fmt: skip
        account = new_account(person, persona.username, password_hash, must_change=False, is_demo=True)
        db.add(account)
        db.flush()
        if persona.role:
            grant_role(db, account, persona.role, _unit_id(db, persona.at))
        people.append(person)
    people += _add_colleagues(db)
    db.flush()
    emit(db, AffiliationsChanged(tuple(person.id for person in people)))


def demo_actor(db: Session, username: str) -> Actor | None:
    """A persona as who does something; None where the trial has lost it."""
    account_id = db.scalar(select(Account.id).where(Account.username == username, Account.is_demo.is_(True)))
    return actor_of(db, account_id) if account_id else None


def _add_colleagues(db: Session) -> list[Person]:
    people: list[Person] = []
    for code, count in _COLLEAGUES:
        unit_id = _unit_id(db, code)
        for _number in range(count):
            at = len(people)
            sex: Sex = "male" if at % 2 else "female"
            given = (_MEN if at % 2 else _WOMEN)[at * 5 % 14]
            name = f"{_FAMILIES[at * 7 % 13]} {'Văn' if at % 2 else 'Thị'} {given}"
            birth_date = date(1972 + at * 11 % 28, 1 + at * 5 % 12, 1 + at * 13 % 28)
            person = new_person(name, sex, SealedFields(birth_date, birth_date.year), DEMO)
            title = _POSTS[0] if code.startswith("S") else _POSTS[at % len(_POSTS)]
            db.add(
                new_affiliation(
                    person, unit_id, title=title, audiences=["CBCC"], is_leader=False,
                    started_on=_STARTS[at % len(_STARTS)],
                )
            )  # fmt: skip
            people.append(person)
    return people


def _unit_id(db: Session, code: str) -> int:
    unit = unit_on(db, code or get_settings().province_code, clock.today())
    if unit is None:
        raise LookupError(f"no unit bears the code {code!r} today")
    return unit.unit_id
