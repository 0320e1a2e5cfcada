"""Accounts with a role that nobody uses: warned, disabled after 45 days, opened again; learners never."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.audit import AuditEntry
from app.core.jobs import Worker
from app.core.settings import get_settings
from app.identity.codes.one_time_codes import issue
from app.identity.models import Account, Consent, RoleGrant, SignInSession
from app.identity.people import consents
from app.identity.sign_in.idling import Unused, ends_on, is_to_be_warned
from app.notices.models import Notice
from app.notices.wording import sentence_of
from tests import factories
from tests.browser import Browser
from tests.identity.test_one_time_codes import NEW, given, use

# Nine in the morning, after the night's work.
START = datetime(2026, 12, 1, 2, tzinfo=UTC)
IDLE = "đã bị khóa vì lâu không dùng"
TODAY = date(2026, 12, 31)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("since", "warned_on", "expected"),
    [
        (ago(37), None, ""),
        (ago(38), None, "warned"),
        # The first night after an upgrade.
        (ago(400), None, "warned"),
        (ago(44), ago(6), ""),
        (ago(45), ago(7), "disabled"),
        (ago(45), ago(6), ""),
        (ago(400), ago(7), "disabled"),
    ],
)
def test_nobody_is_disabled_without_a_week_to_come_back(since: date, warned_on: date | None, expected: str) -> None:
    unused = Unused(since, warned_on)
    is_over = warned_on is not None and ends_on(unused, TODAY, 45) <= TODAY
    assert ("warned" if is_to_be_warned(unused, TODAY, 45) else "disabled" if is_over else "") == expected


@pytest.fixture
def staff(db: Session) -> Account:
    """A unit manager with a post, given the role at START."""
    with clock.frozen(START):
        account = factories.account(db, None, "phutrach", role="unit_manager", at=factories.BAC_GIANG)
        factories.post(db, account.person)
    db.commit()
    return account


@pytest.fixture
def admin(db: Session, new_browser: Callable[[], Browser]) -> Callable[[], Browser]:
    """An administrator who signs in when called, whatever the clock says then."""
    account = factories.account(db, factories.person(db, "Lê Quản Trị"), "quantri", role="province_admin")
    # Never looked at by the night's work: these tests are about somebody else.
    account.is_demo = True
    db.commit()
    return lambda: new_browser().sign_in("quantri")


def night(db: Session, worker: Worker, days: int) -> None:
    """The night's work so many days after START."""
    with clock.frozen(START + timedelta(days=days)):
        jobs.enqueue(db, "identity.disable_idle")
        db.commit()
        worker.run_all()


def acts(db: Session, account: Account) -> list[str]:
    about = AuditEntry.subject_kind == "account", AuditEntry.subject_id == str(account.id)
    actions = db.scalars(select(AuditEntry.action).where(*about).order_by(AuditEntry.id)).all()
    db.commit()
    return [action for action in actions if action.startswith(("account.idle", "account.reopen"))]


def told(db: Session, account: Account) -> list[str]:
    mine = select(Notice).where(Notice.person_id == account.person_id, Notice.category == "account")
    sentences = [sentence_of(notice) for notice in db.scalars(mine.order_by(Notice.id))]
    db.commit()
    return sentences


def disable(db: Session, worker: Worker, account: Account) -> None:
    """Warned on the 38th night, disabled on the 45th."""
    for days in (38, 45):
        night(db, worker, days)
    assert acts(db, account)[-1] == "account.idle_disable"


def test_warned_a_week_before_then_disabled_once(
    db: Session, staff: Account, worker: Worker, new_browser: Callable[[], Browser]
) -> None:
    for days in (37, 38, 39, 44):
        night(db, worker, days)
    assert acts(db, staff) == ["account.idle_warn"]
    assert [text.rsplit(" ", 1)[-1] for text in told(db, staff)] == ["15/01/2027."]
    night(db, worker, 45)
    night(db, worker, 46)
    assert acts(db, staff) == ["account.idle_warn", "account.idle_disable"]
    assert len(told(db, staff)) == 2
    with clock.frozen(START + timedelta(days=46)):
        wrong = new_browser().post("/sign-in", {"name": "phutrach", "password": "không phải"})
        assert wrong.status_code == 422
        assert IDLE not in wrong.text
        right = new_browser().post("/sign-in", {"name": "phutrach", "password": factories.PASSWORD})
    assert right.status_code == 403
    assert IDLE in right.text
    assert "quản trị cấp tỉnh mở lại" in right.text


def test_whoever_comes_after_the_warning_starts_anew(db: Session, staff: Account, worker: Worker) -> None:
    night(db, worker, 38)
    came = START + timedelta(days=38, hours=2)
    db.add(SignInSession(account_id=staff.id, token_hash=b"x" * 32, created_at=came, last_seen_at=came))
    db.commit()
    for days in (45, 38 + 37):
        night(db, worker, days)
    assert acts(db, staff) == ["account.idle_warn"]
    night(db, worker, 38 + 38)
    night(db, worker, 38 + 45)
    assert acts(db, staff) == ["account.idle_warn", "account.idle_warn", "account.idle_disable"]


def test_learners_the_demo_and_roles_that_are_over_or_to_come_are_left_alone(
    db: Session, staff: Account, worker: Worker
) -> None:
    with clock.frozen(START):
        learner, demo, former, coming = (
            factories.account(db, role=role) for role in (None, "instructor", "instructor", "instructor")
        )
    demo.is_demo = True
    days = {"ends_on": date(2026, 12, 5)}, {"starts_on": date(2027, 1, 10)}
    for account, values in zip((former, coming), days, strict=True):
        db.execute(update(RoleGrant).where(RoleGrant.account_id == account.id).values(values))
    db.commit()
    disable(db, worker, staff)
    night(db, worker, 60)
    for account in (learner, demo, former, coming):
        db.refresh(account)
        assert account.idle_warned_at is None
        assert account.disabled_at is None


def test_the_setting_switches_it_off(
    db: Session, staff: Account, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "staff_idle_days", 0)
    night(db, worker, 38)
    night(db, worker, 45)
    assert acts(db, staff) == []


def test_an_administrator_opens_it_again_as_it_was_and_its_sessions_stay_over(
    db: Session, staff: Account, worker: Worker, admin: Callable[[], Browser], new_browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # Longer than anybody may be idle: the session would still be good.
    monkeypatch.setattr(get_settings(), "session_days", 90)
    with clock.frozen(START):
        old = new_browser().sign_in("phutrach")
    disable(db, worker, staff)
    with clock.frozen(START + timedelta(days=46)):
        browser = admin()
        assert "Mở lại tài khoản" in browser.get(f"/people/{staff.person.ref}/account").text
        page = browser.post(f"/people/{staff.person.ref}/account/reopen")
        assert "Đã mở lại tài khoản." in page.text
        assert f"/people/{staff.person.ref}/account/reopen" not in page.text
        assert browser.post(f"/people/{staff.person.ref}/account/reopen").status_code == 409
        assert old.get("/account").url.path == "/sign-in"
        assert new_browser().sign_in("phutrach").get("/account").url.path == "/account"
    assert acts(db, staff)[-1] == "account.reopen"
    assert "Lê Quản Trị đã mở lại tài khoản" in told(db, staff)[-1]
    night(db, worker, 47)
    db.refresh(staff)
    assert staff.disabled_at is None


def test_who_is_reopened_and_does_not_come_has_the_days_again(
    db: Session, staff: Account, worker: Worker, admin: Callable[[], Browser]
) -> None:
    disable(db, worker, staff)
    with clock.frozen(START + timedelta(days=46)):
        admin().post(f"/people/{staff.person.ref}/account/reopen")
    night(db, worker, 46 + 37)
    assert acts(db, staff)[-1] == "account.reopen"
    night(db, worker, 46 + 38)
    assert acts(db, staff)[-1] == "account.idle_warn"


def test_only_who_may_let_staff_in_opens_it(
    db: Session, staff: Account, worker: Worker, new_browser: Callable[[], Browser]
) -> None:
    factories.account(db, None, "dongnghiep", role="unit_manager", at=factories.BAC_GIANG).is_demo = True
    db.commit()
    disable(db, worker, staff)
    with clock.frozen(START + timedelta(days=46)):
        colleague = new_browser().sign_in("dongnghiep")
        page = colleague.get(f"/people/{staff.person.ref}/account").text
        assert "khóa vì lâu không dùng" in page
        assert "/account/reopen" not in page
        assert colleague.post(f"/people/{staff.person.ref}/account/reopen").status_code == 403
    db.refresh(staff)
    assert staff.disabled_at is not None


def test_a_code_of_an_administrator_opens_it_and_one_of_a_letter_does_not(
    db: Session, staff: Account, worker: Worker, admin: Callable[[], Browser], new_browser: Callable[[], Browser]
) -> None:
    disable(db, worker, staff)
    with clock.frozen(START + timedelta(days=46)):
        letter = issue(db, [staff.id], "email", None)[staff.id]
        db.commit()
        assert IDLE in use(new_browser(), letter)
        code = given(admin(), staff)
        assert "Lần sau hãy đăng nhập bằng tên phutrach" in use(new_browser(), code)
        new_browser().sign_in("phutrach", NEW)
    assert acts(db, staff)[-1] == "account.reopen"


def test_the_last_administrator_is_let_in_by_a_command(
    db: Session, worker: Worker, command: Callable[..., int], new_browser: Callable[[], Browser]
) -> None:
    with clock.frozen(START):
        account = factories.account(db, username="quantri", role="province_admin")
    db.commit()
    assert command("admin", "reopen", "quantri") == 2
    assert command("admin", "reopen", "khong-co") == 2
    disable(db, worker, account)
    assert command("admin", "reopen", "Quantri") == 0
    new_browser().sign_in("quantri")


def test_who_withdrew_their_consent_stays_away(
    db: Session, staff: Account, worker: Worker, admin: Callable[[], Browser], new_browser: Callable[[], Browser]
) -> None:
    disable(db, worker, staff)
    consent = Consent(person_id=staff.person_id, purpose="account", wording="Tôi đồng ý", given_at=START)
    db.add(consent)
    consents.withdraw(db, consent)
    db.commit()
    with clock.frozen(START + timedelta(days=46)):
        browser = admin()
        assert browser.post(f"/people/{staff.person.ref}/account/reopen").status_code == 409
        assert "Tài khoản này đang bị khóa." in use(new_browser(), given(browser, staff))
