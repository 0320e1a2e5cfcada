"""Roles by their days, who may give and end them, and the pages that say who may do what where and why."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.errors import Conflict, Invalid
from app.core.settings import get_settings
from app.identity.models import Account, RoleGrant
from app.identity.policy import ROLES, WORDS
from app.identity.roles import grants
from app.identity.sign_in import accounts
from tests import factories
from tests.browser import Browser

KINH_BAC = "09187"
DAY = timedelta(days=1)


@pytest.fixture
def admin(db: Session) -> Account:
    return factories.account(db, factories.person(db, "Đỗ Thu Thủy"), "quantri", role="province_admin")


def actor(db: Session, account: Account) -> accounts.Actor:
    found = accounts.actor_of(db, account.id)
    assert found is not None
    return found


def give(
    db: Session, by: Account, to: Account, role: str = "unit_manager", at: str = factories.BAC_GIANG,
    starts_on: date | None = None, ends_on: date | None = None,
) -> RoleGrant:  # fmt: skip
    unit_id = factories.unit_id(db, at)
    return grants.give(db, actor(db, by), to, role, unit_id, starts_on or clock.today(), ends_on)


# --- days ---------------------------------------------------------------------------------------------------------


def test_a_role_counts_on_its_first_and_last_day_and_on_no_other(
    db: Session, admin: Account, new_browser: Callable[[], Browser]
) -> None:
    holder = factories.civil_servant(db, "canbo")
    today = clock.today()
    give(db, admin, holder, starts_on=today + DAY, ends_on=today + 2 * DAY)
    db.commit()
    browser = new_browser().sign_in("canbo")
    seen = {}
    for days in range(4):
        with clock.frozen(clock.end_of_day(today + days * DAY)):
            seen[days] = (browser.get("/people").status_code, actor(db, holder).can("people.view"))
            db.rollback()
    assert seen == {0: (403, False), 1: (200, True), 2: (200, True), 3: (403, False)}


def test_an_ended_role_is_kept_and_can_be_given_again(db: Session, admin: Account) -> None:
    holder = factories.civil_servant(db, "canbo")
    first = give(db, admin, holder)
    with pytest.raises(Invalid, match="Có chỗ"):
        give(db, admin, holder)
    grants.end(db, actor(db, admin), first, clock.today() - DAY)
    assert not actor(db, holder).can("people.view")
    assert not grants.is_staff(db, holder.id)
    give(db, admin, holder)
    assert actor(db, holder).can("people.view")
    kept = db.scalars(select(RoleGrant).where(RoleGrant.account_id == holder.id).order_by(RoleGrant.id)).all()
    assert [(grant.granted_by, grant.ended_by) for grant in kept] == [(admin.id, admin.id), (admin.id, None)]
    with pytest.raises(Conflict):
        grants.end(db, actor(db, admin), first, clock.today())
    said = db.scalars(select(AuditEntry).where(AuditEntry.subject_id == str(holder.id)).order_by(AuditEntry.id))
    acts = [(entry.action, entry.account_id) for entry in said if entry.subject_kind == "account"]
    assert acts == [("role.grant", admin.id), ("role.end", admin.id), ("role.grant", admin.id)]


def test_days_of_the_past_stay_as_they_were(db: Session, admin: Account) -> None:
    holder = factories.civil_servant(db, "canbo")
    today = clock.today()
    with pytest.raises(Invalid) as early:
        give(db, admin, holder, starts_on=today - DAY)
    assert "starts_on" in early.value.fields
    grant = give(db, admin, holder, ends_on=today + DAY)
    for day in (today - 2 * DAY, today + 2 * DAY):
        with pytest.raises(Invalid) as refused:
            grants.end(db, actor(db, admin), grant, day)
        assert "ends_on" in refused.value.fields


# --- who may ------------------------------------------------------------------------------------------------------


def test_nobody_gives_more_than_they_hold_nor_beyond_their_units(db: Session, admin: Account) -> None:
    manager = factories.account(db, role="unit_manager", at=factories.BAC_GIANG)
    holder = factories.civil_servant(db, "canbo")
    for role, at in (
        ("unit_manager", KINH_BAC), ("unit_manager", "24"), ("instructor", factories.BAC_GIANG),
        ("province_admin", factories.BAC_GIANG), ("operator", "24"), ("no_role", factories.BAC_GIANG),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            give(db, manager, holder, role, at)
    with pytest.raises(Invalid):
        give(db, admin, holder, "operator", factories.BAC_GIANG)
    assert give(db, manager, holder, "unit_manager").granted_by == manager.id
    assert give(db, manager, holder, "reporter").granted_by == manager.id
    assert give(db, admin, holder, "operator", get_settings().province_code).granted_by == admin.id


def test_nobody_changes_their_own_roles(db: Session, admin: Account) -> None:
    own = db.scalars(select(RoleGrant).where(RoleGrant.account_id == admin.id)).one()
    with pytest.raises(grants.OwnRoles):
        give(db, admin, admin, "instructor")
    with pytest.raises(grants.OwnRoles):
        grants.end(db, actor(db, admin), own, clock.today())


def test_every_permission_has_words() -> None:
    assert set(WORDS) == set().union(*(role.permissions for role in ROLES.values()))


# --- pages --------------------------------------------------------------------------------------------------------


def test_a_manager_gives_a_role_and_ends_it(db: Session, new_browser: Callable[[], Browser]) -> None:
    factories.account(db, factories.person(db, "Phạm Văn Quang"), "quanly", role="unit_manager", at=factories.BAC_GIANG)
    url = f"/people/{factories.civil_servant(db, 'canbo').person.ref}/roles"
    db.commit()
    browser = new_browser().sign_in("quanly")
    assert f'href="{url}"' in browser.get(url.removesuffix("/roles")).text
    assert "chỉ là người học" in browser.get(url).text
    wrong = browser.post(url, {"role": "reporter", "unit": "Kinh Bắc", "starts_on": "31/02/2026"})
    assert wrong.status_code == 422
    assert 'value="Kinh Bắc"' in wrong.text
    assert "Không có đơn vị nào như vậy trong phạm vi" in wrong.text
    assert "không phải là ngày" in wrong.text
    assert '<option value="reporter" selected>' in wrong.text
    given = browser.post(url, {"role": "reporter", "unit": "phuong bac giang"})
    assert "Xuất bảng số liệu bao phủ, không có tên người" in given.text
    assert "Phạm Văn Quang giao ngày" in given.text
    here = browser.get(f"/units/{factories.BAC_GIANG}/roles").text
    assert "Trần Văn Mẫu" in here
    assert f'href="/units/{factories.BAC_GIANG}/roles"' in browser.get(f"/units/{factories.BAC_GIANG}").text
    grant = db.scalars(select(RoleGrant).where(RoleGrant.role == "reporter")).one()
    db.commit()
    late = browser.post(f"{url}/{grant.id}/end", {"ends_on": "1/1/2020"})
    assert late.status_code == 422
    assert "Ngày đã qua không sửa được nữa" in late.text
    ended = browser.post(f"{url}/{grant.id}/end", {"at_once": "1"})
    assert "thu lại ngay trong ngày giao" in ended.text
    assert "chỉ là người học" in ended.text


def test_people_and_units_of_another_commune_are_not_there(db: Session, new_browser: Callable[[], Browser]) -> None:
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    stranger = factories.civil_servant(db, "nguoikhac", KINH_BAC)
    grants.grant_role(db, stranger, "instructor", factories.unit_id(db, KINH_BAC))
    neighbour = factories.civil_servant(db, "canbo")
    grants.grant_role(db, neighbour, "instructor", factories.unit_id(db, KINH_BAC))
    db.commit()
    browser = new_browser().sign_in("quanly")
    assert browser.get(f"/people/{stranger.person.ref}/roles").status_code == 404
    assert browser.get(f"/units/{KINH_BAC}/roles").status_code == 404
    seen = browser.get(f"/people/{neighbour.person.ref}/roles").text
    assert "Còn 1 vai trò ở đơn vị ngoài phạm vi" in seen
    assert "Giảng viên" not in seen


def test_a_unit_names_who_holds_a_role_above_it(
    db: Session, admin: Account, new_browser: Callable[[], Browser]
) -> None:
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    page = new_browser().sign_in("quanly").get(f"/units/{factories.BAC_GIANG}/roles").text
    above = page.partition('id="above"')[2]
    assert "Đỗ Thu Thủy" in above
    assert f"/people/{admin.person.ref}/roles" not in above


def test_a_reporter_exports_figures_and_no_names(db: Session, new_browser: Callable[[], Browser]) -> None:
    factories.account(db, username="solieu", role="reporter", at=factories.BAC_GIANG)
    db.commit()
    browser = new_browser().sign_in("solieu")
    page = browser.get("/exports?what=completions").text
    assert 'name="what" value="coverage"' in page
    assert "what=completions" not in page
    assert browser.post("/exports", {"what": "completions", "format": "csv"}).status_code == 403


def test_a_reviewer_reads_a_course_in_the_studio_and_changes_nothing(
    db: Session, new_browser: Callable[[], Browser]
) -> None:
    factories.course(db)
    factories.account(db, username="thamdinh", role="reviewer")
    db.commit()
    browser = new_browser().sign_in("thamdinh")
    assert "/studio/thu01" in browser.get("/studio").text
    page = browser.get("/studio/thu01").text
    assert "không sửa được" in page
    assert "/lessons/new" not in page
    assert browser.get("/studio/thu01/lessons/new").status_code == 403
