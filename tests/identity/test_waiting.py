"""People of a split unit whom the act did not name wait at the parent until an administrator assigns them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import Session
from app.identity.models import Affiliation, UnitAct
from app.identity.units.reorganising import carry_out, undo
from app.identity.units.wishes import Draft, Split
from tests import factories
from tests.browser import Browser

DAY = date(2026, 11, 10)
NAMES = ("Lê Thị Chờ", "Phạm Văn Đợi", "Trần Thị Sang")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


@pytest.fixture
def act_id(db: Session) -> int:
    """Two of three people of a ward wait since it was split."""
    people = [factories.person(db, name) for name in NAMES]
    for person in people:
        factories.post(db, person, "07210")
    factories.account(db, factories.person(db), "quantri", role="province_admin")
    province = factories.unit_id(db, "24")
    parts = tuple(Draft(code, f"Phường {code}", "commune", "Phường", province) for code in ("T1", "T2"))
    wish = Split(factories.unit_id(db, "07210"), parts, (None, None), people={people[2].id: 1})
    act_id = carry_out(db, wish, DAY, "15/NQ-HĐND", account_id=None).id
    db.commit()
    return act_id


@pytest.fixture
def admin(browser: Browser, act_id: int) -> Browser:
    browser.sign_in("quantri")
    return browser


def at(db: Session, code: str) -> set[str]:
    """Who came to the unit on the day of the split."""
    db.rollback()
    posts = select(Affiliation).where(Affiliation.unit_id == factories.unit_id(db, code), Affiliation.started_on == DAY)
    return {post.person.name for post in db.scalars(posts)}


def ids(db: Session) -> tuple[dict[str, int], dict[str, str]]:
    """The new posts by name, and the parts by code."""
    posts = {post.person.name: post.id for post in db.scalars(select(Affiliation).where(Affiliation.started_on == DAY))}
    parts = {code: str(factories.unit_id(db, code)) for code in ("T1", "T2", "07228")}
    # On SQLite whoever has begun to read keeps the server from writing.
    db.rollback()
    return posts, parts


def test_who_waits_is_assigned_from_the_list_of_acts(db: Session, admin: Browser, act_id: int) -> None:
    assert "2 người, phân về đơn vị mới" in admin.get("/units/acts").text
    page = admin.get(f"/units/acts/{act_id}/waiting").text
    assert NAMES[0] in page
    assert NAMES[1] in page
    assert NAMES[2] not in page
    posts, parts = ids(db)
    form = {"post": [posts[NAMES[0]], posts[NAMES[1]]], "part": [parts["T1"], ""]}
    done = admin.post(f"/units/acts/{act_id}/waiting", form)
    assert "Đã phân 1 người, còn 1 người chờ." in done.text
    rest = admin.post(f"/units/acts/{act_id}/waiting", {"post": [posts[NAMES[1]]], "part": [""], "rest": parts["T2"]})
    assert "còn 0 người chờ" in rest.text
    assert at(db, "T1") == {NAMES[0]}
    assert at(db, "T2") == {NAMES[1], NAMES[2]}
    assert at(db, "24") == set()


def test_a_name_is_found_without_its_marks(admin: Browser, act_id: int) -> None:
    page = admin.get(f"/units/acts/{act_id}/waiting?q=doi").text
    assert "1 người, trong 2 người đang chờ." in page
    assert NAMES[0] not in page


def test_what_cannot_be_done_is_explained_and_what_was_chosen_stays(db: Session, admin: Browser, act_id: int) -> None:
    posts, parts = ids(db)
    first, one = posts[NAMES[0]], parts["T1"]
    nothing = admin.post(f"/units/acts/{act_id}/waiting", {"post": [first], "part": [""]})
    assert nothing.status_code == 422
    assert "Chưa chọn đơn vị cho ai" in nothing.text
    strange = admin.post(f"/units/acts/{act_id}/waiting", {"post": [first], "part": [parts["07228"]]})
    assert strange.status_code == 409
    gone = admin.post(f"/units/acts/{act_id}/waiting", {"post": [first, posts[NAMES[2]]], "part": [one, one]})
    assert gone.status_code == 409
    assert f'value="{one}" selected' in gone.text


def test_the_act_can_still_be_undone(db: Session, admin: Browser, act_id: int) -> None:
    posts, parts = ids(db)
    done = admin.post(f"/units/acts/{act_id}/waiting", {"post": [posts[NAMES[0]]], "part": [parts["T1"]]})
    assert done.status_code == 200
    undo(db, db.get_one(UnitAct, act_id), account_id=None)
    posts = db.scalars(select(Affiliation).where(Affiliation.unit_id == factories.unit_id(db, "07210"))).all()
    assert sorted(post.person.name for post in posts if post.ended_on is None) == sorted(NAMES)
