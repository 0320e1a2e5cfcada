"""Finding people and units while typing: without marks, by any words, number or code, and only within one's scope."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.identity.people.people_queries import people_in_scope
from app.identity.policy import POSTS
from app.identity.sign_in import accounts
from app.identity.units.units_named import units_like
from tests import factories
from tests.browser import Browser

KINH_BAC = "09187"


def actor(db: Session, username: str, role: str, at: str) -> Actor:
    found = accounts.actor_of(db, factories.account(db, username=username, role=role, at=at).id)
    assert found is not None
    return found


@pytest.fixture
def manager(db: Session) -> Actor:
    return actor(db, "quanly", "unit_manager", factories.BAC_GIANG)


@pytest.fixture
def admin(db: Session) -> Actor:
    return actor(db, "quantri", "province_admin", "24")


@pytest.mark.parametrize(
    "typed", ["hanh nguyen", "Nguyễn Hạnh", "thi  hanh", "0912345678", "+84 912 345 678", "hanh.nt", "HANH.NT"]
)
def test_a_person_is_found_by_words_in_any_order_by_number_and_by_user_name(
    db: Session, manager: Actor, typed: str
) -> None:
    holder = factories.person(db, "Nguyễn Thị Hạnh", phone="0912345678")
    factories.post(db, holder)
    factories.account(db, holder, "hanh.nt")
    factories.civil_servant(db, "khac", name="Nguyễn Thị Hoa")
    factories.civil_servant(db, "ngoai", KINH_BAC, name="Nguyễn Thị Hạnh")
    assert [row.name for row in people_in_scope(db, manager, typed).rows] == ["Nguyễn Thị Hạnh"]


@pytest.mark.parametrize("typed", ["hanh hoa", "'", "%", "0912"])
def test_what_fits_nobody_finds_nobody(db: Session, manager: Actor, typed: str) -> None:
    factories.civil_servant(db, "mot", name="Nguyễn Thị Hạnh")
    assert people_in_scope(db, manager, typed).rows == []


def test_a_unit_is_offered_by_any_of_its_names_its_code_and_the_names_of_what_went_into_it(
    db: Session, admin: Actor, manager: Actor
) -> None:
    assert units_like(db, admin, POSTS, "phuong bac giang")[0].code == factories.BAC_GIANG
    assert [one.code for one in units_like(db, admin, POSTS, KINH_BAC)] == [KINH_BAC]
    (heir,) = units_like(db, manager, POSTS, "dinh tri")
    assert (heir.code, heir.formerly) == (factories.BAC_GIANG, "Phường Dĩnh Trì")


def test_only_units_of_one_s_scope_are_offered(db: Session, manager: Actor) -> None:
    assert not units_like(db, manager, POSTS, "kinh bac")
    assert {one.code for one in units_like(db, manager, POSTS, "bac")} == {factories.BAC_GIANG}


def test_units_are_offered_while_typing_and_after_an_error(
    db: Session, manager: Actor, new_browser: Callable[[], Browser]
) -> None:
    holder = factories.civil_servant(db, "canbo").person
    url = f"/people/{holder.ref}/posts/new"
    db.commit()
    browser = new_browser().sign_in("quanly")
    offered = browser.get("/units/named", params={"may": POSTS, "unit": "dinh tri"}).text
    assert "<html" not in offered
    assert f'value="{factories.BAC_GIANG}"' in offered
    assert browser.get("/units/named", params={"may": "people.import", "unit": "x"}).status_code == 404

    form = {"unit": "bắc", "title": "Tổ trưởng", "starts_on": "01/07/2026"}
    wrong = browser.post(url, form)
    assert wrong.status_code == 422
    assert f'name="unit_code" value="{factories.BAC_GIANG}"' in wrong.text
    assert "Đã ghi vị trí mới." in browser.post(url, form | {"unit_code": factories.BAC_GIANG}).text
