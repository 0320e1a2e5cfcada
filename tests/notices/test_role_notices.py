"""Whoever is given a role, or whose role ends, is told: which role, where, on which days, and by which office."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.templating import format_date
from app.identity.models import Account, RoleGrant
from app.identity.roles import grants
from app.identity.sign_in.accounts import actor_of
from app.notices.models import Notice
from app.notices.wording import sentence_of
from tests import factories
from tests.browser import Browser


@pytest.fixture
def admin(db: Session) -> Actor:
    account = factories.civil_servant(db, "quantri", name="Lê Quản Trị")
    grants.grant_role(db, account, "province_admin", factories.unit_id(db, "24"))
    actor = actor_of(db, account.id)
    assert actor is not None
    return actor


def told(db: Session, account: Account) -> list[str]:
    mine = select(Notice).where(Notice.person_id == account.person_id).order_by(Notice.id)
    return [sentence_of(notice) for notice in db.scalars(mine)]


def test_role_and_unit_and_days_and_office_are_named(db: Session, admin: Actor) -> None:
    account = factories.civil_servant(db, "hanh")
    unit_id, today = factories.unit_id(db), clock.today()
    grant = grants.give(db, admin, account, "instructor", unit_id, today, None)
    grants.end(db, admin, grant, today + timedelta(days=9))
    grants.end(db, admin, grant, today - timedelta(days=1))
    until = today + timedelta(days=30)
    grants.give(db, admin, account, "unit_manager", unit_id, today, until)
    first, ends, ended, second = told(db, account)
    start, place = format_date(today), "Phường Bắc Giang"
    assert first.startswith(place)
    assert f"giao anh/chị vai trò Giảng viên tại {place}" in first
    assert first.endswith(f"từ {start}.")
    assert ends.endswith(f"ngày cuối cùng còn hiệu lực là {format_date(today + timedelta(days=9))}.")
    assert "đã kết thúc vai trò Giảng viên của anh/chị" in ended
    assert second.endswith(f"từ {start} đến hết {format_date(until)}.")


def test_what_a_command_gives_is_told_by_whoever_types_it(db: Session) -> None:
    account = factories.account(db, role="province_admin")
    assert told(db, account) == []


def test_the_notice_leads_to_what_one_may_do(db: Session, admin: Actor, browser: Browser) -> None:
    account = factories.civil_servant(db, "hanh")
    grants.give(db, admin, account, "reviewer", factories.unit_id(db), clock.today() + timedelta(days=3), None)
    db.commit()
    notice = db.scalars(select(Notice).where(Notice.person_id == account.person_id)).one()
    assert notice.url == "/account#roles"
    db.rollback()
    browser.sign_in("hanh")
    page = browser.get("/account").text
    assert 'id="roles"' in page
    assert "Đọc khóa học của đơn vị trước khi công bố" in page
    assert "chưa đến ngày" in page


def test_a_role_ends_and_goes_on_with_its_unit(db: Session, admin: Actor) -> None:
    account = factories.civil_servant(db, "hanh")
    grant = grants.give(db, admin, account, "instructor", factories.unit_id(db), clock.today(), None)
    was = grants.end_with_unit(db, [grant.id], clock.today() + timedelta(days=5), admin.account_id)
    grants.take_up_again(db, was, admin.account_id)
    assert "tiếp tục như trước" in told(db, account)[-1]
    assert db.get_one(RoleGrant, grant.id).ends_on is None
