"""My own page: what to learn, what is under way, what was achieved; put together from learning and certificates."""

from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.certificates.queries import CertificateCard, certificates_of
from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.memory import A_MINUTE, remembered
from app.identity.models import Person
from app.identity.unit_queries import full_names
from app.learning.my_queries import MyLearning, my_learning

_PERSON = cast(Table, Person.__table__)
_SEX = select(_PERSON.c.sex).where(_PERSON.c.id == bindparam("person_id"))


@dataclass(frozen=True)
class MyPage:
    """`posts`: title and unit of each post of today, in words."""

    greeting: str
    posts: tuple[str, ...]
    learning: MyLearning
    certificates: tuple[CertificateCard, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing assigned, nothing begun, nothing achieved."""
        learning = self.learning
        return not (learning.required or learning.in_progress or learning.completed or self.certificates)


def my_page(db: Session, actor: Actor) -> MyPage:
    learning = my_learning(db, actor.person_id)
    posts = ((title, _unit_name(db, unit_id, clock.today())) for title, unit_id in learning.posts)
    return MyPage(
        greeting=_greeting(db.connection().scalar(_SEX, {"person_id": actor.person_id}), actor.short_name),
        posts=tuple(f"{title} · {unit}" if title else unit for title, unit in posts),
        learning=learning,
        certificates=tuple(certificates_of(db, actor.person_id)),
    )


def _unit_name(db: Session, unit_id: int, day: date) -> str:
    def find() -> str:
        return full_names(db, [unit_id], day)[unit_id]

    return remembered(db, ("full name", unit_id, day), find, for_s=A_MINUTE)


def _greeting(sex: str | None, name: str) -> str:
    if sex == "female":
        return _("Chào chị %(name)s", name=name)
    if sex == "male":
        return _("Chào anh %(name)s", name=name)
    return _("Chào anh/chị %(name)s", name=name)
