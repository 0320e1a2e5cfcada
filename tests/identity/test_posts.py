"""Posts as managers keep them: several at once, changed from a day on, ended, put right; and their page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid
from app.identity.models import Affiliation, Person
from app.identity.people import posts
from app.identity.people.posts import PostWish
from app.identity.sign_in import accounts
from tests import factories
from tests.browser import Browser

KINH_BAC = "09187"
START = date(2026, 1, 1)
Told = tuple[str, str, bool, date, date | None]


@pytest.fixture
def manager(db: Session) -> Actor:
    """Of Phường Bắc Giang."""
    account = factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    actor = accounts.actor_of(db, account.id)
    assert actor is not None
    return actor


@pytest.fixture
def admin(db: Session) -> Actor:
    actor = accounts.actor_of(db, factories.account(db, username="quantri", role="province_admin").id)
    assert actor is not None
    return actor


@pytest.fixture
def holder(db: Session) -> Person:
    """A specialist at Phường Bắc Giang since the first of January."""
    person = factories.person(db, "Trần Văn Giữ")
    factories.post(db, person)
    return person


def wish(db: Session, code: str = factories.BAC_GIANG, title: str = "Tổ trưởng", **more: object) -> PostWish:
    made = PostWish(factories.unit_id(db, code), title, False, False, ("CBCC",), date(2026, 7, 1))
    return replace(made, **more)  # type: ignore[arg-type]


def told(db: Session, person: Person) -> list[Told]:
    """The person's posts: title, unit code, primary or not, first and last day."""
    codes = {factories.unit_id(db, code): code for code in (factories.BAC_GIANG, KINH_BAC)}
    found = db.scalars(
        select(Affiliation).where(Affiliation.person_id == person.id).order_by(Affiliation.started_on, Affiliation.id)
    )
    return [(one.title, codes[one.unit_id], one.is_primary, one.started_on, one.ended_on) for one in found]


def only_post(db: Session, person: Person) -> Affiliation:
    return db.scalars(select(Affiliation).where(Affiliation.person_id == person.id)).one()


def test_of_several_posts_one_is_primary_and_the_days_before_stay_as_they_were(
    db: Session, admin: Actor, holder: Person
) -> None:
    posts.add_post(db, admin, holder, wish(db))
    assert told(db, holder) == [
        ("Chuyên viên", "07210", True, START, None),
        ("Tổ trưởng", "07210", False, date(2026, 7, 1), None),
    ]
    posts.add_post(db, admin, holder, wish(db, KINH_BAC, "Phó phòng", is_primary=True, starts_on=date(2026, 9, 1)))
    assert told(db, holder) == [
        ("Chuyên viên", "07210", True, START, date(2026, 8, 31)),
        ("Tổ trưởng", "07210", False, date(2026, 7, 1), None),
        ("Chuyên viên", "07210", False, date(2026, 9, 1), None),
        ("Phó phòng", "09187", True, date(2026, 9, 1), None),
    ]


def test_the_only_post_is_the_primary_one_whatever_was_ticked(db: Session, admin: Actor) -> None:
    person = factories.person(db)
    assert posts.add_post(db, admin, person, wish(db)).is_primary


def test_a_transfer_keeps_what_was(db: Session, admin: Actor, holder: Person) -> None:
    posts.change_post(db, admin, only_post(db, holder), wish(db, KINH_BAC, is_primary=True))
    assert told(db, holder) == [
        ("Chuyên viên", "07210", True, START, date(2026, 6, 30)),
        ("Tổ trưởng", "09187", True, date(2026, 7, 1), None),
    ]


def test_a_new_title_at_the_same_unit_carries_the_post_on(db: Session, manager: Actor, holder: Person) -> None:
    before = only_post(db, holder)
    after = posts.change_post(db, manager, before, wish(db, audiences=("CBCC", "LANHDAO"), is_primary=True))
    assert after.continues_id == before.id
    assert {one.audience_code for one in after.audiences} == {"CBCC", "LANHDAO"}
    assert told(db, holder)[0] == ("Chuyên viên", "07210", True, START, date(2026, 6, 30))
    with pytest.raises(Conflict):
        posts.correct_post(db, manager, after, wish(db, starts_on=START))


def test_a_mistake_is_put_right_for_all_days(db: Session, admin: Actor, holder: Person) -> None:
    starts_on = date(2025, 9, 1)
    posts.correct_post(db, admin, only_post(db, holder), wish(db, KINH_BAC, "Văn thư", starts_on=starts_on))
    assert told(db, holder) == [("Văn thư", "09187", True, starts_on, None)]


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("starts_on", {"starts_on": START}),
        ("ends_on", {"ends_on": date(2026, 6, 1)}),
        ("starts_on", {"starts_on": date(2020, 1, 1)}),
    ],
)
def test_a_change_that_cannot_be_is_refused_at_its_field(
    db: Session, admin: Actor, holder: Person, field: str, changed: dict[str, date]
) -> None:
    before = told(db, holder)
    with pytest.raises(Invalid) as refused:
        posts.change_post(db, admin, only_post(db, holder), wish(db, **changed))
    assert field in refused.value.fields
    assert told(db, holder) == before


def test_the_same_post_twice_and_a_day_before_the_unit_are_refused(db: Session, admin: Actor, holder: Person) -> None:
    with pytest.raises(Invalid) as refused:
        posts.add_post(db, admin, holder, wish(db, title="chuyên viên"))
    assert "unit" in refused.value.fields
    with pytest.raises(Invalid) as refused:
        posts.add_post(db, admin, holder, wish(db, starts_on=date(2025, 6, 30)))
    assert "01/07/2025" in refused.value.fields["starts_on"]


def test_a_manager_does_not_make_another_units_post_a_side_post(db: Session, manager: Actor, holder: Person) -> None:
    elsewhere = factories.person(db, "Trần Văn Hai Nơi")
    factories.post(db, elsewhere, KINH_BAC)
    with pytest.raises(Invalid) as refused:
        posts.add_post(db, manager, elsewhere, wish(db, is_primary=True))
    assert "primary" in refused.value.fields
    assert not posts.add_post(db, manager, elsewhere, wish(db)).is_primary


def test_a_manager_keeps_posts_in_the_browser(
    db: Session, manager: Actor, holder: Person, new_browser: Callable[[], Browser]
) -> None:
    other = factories.person(db, "Trần Văn Ngoài")
    secret = factories.post(db, holder, KINH_BAC, title="Cộng tác viên", is_primary=False)
    theirs = f"/people/{other.ref}/posts/{factories.post(db, other, KINH_BAC).id}/change"
    url, post = f"/people/{holder.ref}", secret.id - 1
    hidden = (f"/people/{other.ref}", theirs, f"{url}/posts/{secret.id}/change")
    db.commit()
    browser = new_browser().sign_in("quanly")
    page = browser.get(url)
    assert "Chuyên viên · Phường Bắc Giang" in page.text
    assert "Còn 1 vị trí ở đơn vị ngoài phạm vi" in page.text
    assert f'href="{url}/roles"' in page.text
    assert f'href="{url}/account"' not in page.text, "they have no account"
    assert "Cộng tác viên" not in page.text
    assert [browser.get(one).status_code for one in hidden] == [404, 404, 404]

    # What is wrong comes back at its field, with all that was typed.
    form = {
        "unit": "phuong bac giang",
        "title": "Trưởng phòng",
        "starts_on": "hôm nay",
        "audience": ["CBCC"],
        "leader": "1",
    }
    wrong = browser.post(f"{url}/posts/{post}/change", form)
    assert wrong.status_code == 422
    assert "không phải là ngày" in wrong.text
    assert 'value="Trưởng phòng"' in wrong.text
    done = browser.post(f"{url}/posts/{post}/change", form | {"starts_on": "01/07/2026"})
    assert "Đã ghi thay đổi từ ngày 01/07/2026." in done.text
    assert "Trưởng phòng · Phường Bắc Giang" in done.text
    assert "từ 01/01/2026 đến hết 30/06/2026" in done.text

    # Once the last post here has ended the person is no longer theirs to see.
    present = db.scalars(select(Affiliation.id).where(Affiliation.title == "Trưởng phòng")).one()
    db.rollback()
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    assert browser.post(f"{url}/posts/{present}/end", {"ends_on": ""}).status_code == 422
    ended = browser.post(f"{url}/posts/{present}/end", {"ends_on": yesterday})
    assert ended.url.path == "/people"
    assert browser.get(url).status_code == 404
