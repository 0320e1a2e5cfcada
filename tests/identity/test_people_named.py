"""People typed into a field: found by what is theirs alone, within one's scope, each once."""

import pytest
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.sign_in import accounts
from tests import factories

PERMISSION = "people.view"


@pytest.fixture
def actor(db: Session) -> Actor:
    account = factories.account(db, role="unit_manager", at=factories.BAC_GIANG)
    found = accounts.actor_of(db, account.id)
    assert found
    return found


def named(db: Session, actor: Actor, text: str) -> tuple[int, ...]:
    return people_named(db, actor, PERMISSION, text, most=5)


def test_a_person_is_found_by_each_of_their_names_and_counted_once(db: Session, actor: Actor) -> None:
    one, two = (factories.person(db, name, phone=phone, email=email) for name, phone, email in (
        ("Lê Văn An", "+84912345678", "an@mau.test"), ("Đỗ Thị Bình", "", "binh@mau.test"),
    ))  # fmt: skip
    for holder in (one, two):
        factories.post(db, holder)
    factories.account(db, one, "le.an")
    assert named(db, actor, " Le.An \n\nbinh@mau.test\n0912 345 678\nAN@mau.test") == (one.id, two.id)


def test_nobody_beyond_the_scope_and_nobody_who_only_says_so_is_found(db: Session, actor: Actor) -> None:
    factories.civil_servant(db, "nguoi-xa", "09187")
    # Signed up by themselves with a phone that may be somebody else's.
    stranger = factories.person(db, "Trần Tự Đăng", phone="+84987654321")
    factories.post(db, stranger)
    stranger.signed_up_at = clock.now()
    db.flush()
    with pytest.raises(UnknownPeople, match="nguoi-xa; khong-co; 0987654321"):
        named(db, actor, "nguoi-xa\nkhong-co\n0987654321")
    with pytest.raises(UnknownPeople, match="Tối đa 5 người"):
        named(db, actor, "\n".join(f"nguoi-{number}" for number in range(6)))
