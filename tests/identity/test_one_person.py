"""Adding one person by hand: checked as a list is, never a second time, and nothing typed is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.jobs import Worker
from app.identity import sealing
from app.identity.codes.models import SlipSheet
from app.identity.models import Account, Affiliation, Person
from app.identity.people.posts import end_post
from app.identity.sign_in.accounts import Candidate, actor_of, sign_in
from tests import factories
from tests.browser import Browser

KINH_BAC = "09187"
TYPED = {
    "name": "Phạm Thị Mới", "birth": "03/04/1991", "sex": "Nữ", "unit": "Phường Bắc Giang", "title": "Văn thư",
    "leader": "1", "audience": ["CBCC", "LANHDAO"], "phone": "0912 345 670", "email": "moi@example.vn",
    "starts_on": "2026-02-01",
}  # fmt: skip


@pytest.fixture
def manager(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    return new_browser().sign_in("quanly")


@pytest.fixture
def admin(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    factories.account(db, username="quantri", role="province_admin")
    db.commit()
    return new_browser().sign_in("quantri")


def called(db: Session, name: str) -> list[Person]:
    db.rollback()
    return list(db.scalars(select(Person).where(Person.name == name)))


def test_a_manager_adds_somebody_and_has_a_slip_made(db: Session, manager: Browser, worker: Worker) -> None:
    assert 'href="/people/new"' in manager.get("/people").text
    unit = manager.get(f"/units/{factories.BAC_GIANG}").text
    assert f'href="/people/new?unit={factories.BAC_GIANG}"' in unit
    assert f'value="{factories.BAC_GIANG}"' in manager.get(f"/people/new?unit={factories.BAC_GIANG}").text
    page = manager.post("/people/new", TYPED)
    (person,) = called(db, "Phạm Thị Mới")
    assert str(page.url).endswith(f"/people/{person.ref}")
    assert "Đã thêm Phạm Thị Mới." in page.text
    assert f'action="/people/{person.ref}/slip"' in page.text
    fields = sealing.unseal(person)
    assert (person.sex, fields.phone, fields.email) == ("female", "+84912345670", "moi@example.vn")
    post = db.scalars(select(Affiliation).where(Affiliation.person_id == person.id)).one()
    assert (post.title, post.is_leader, post.started_on.isoformat()) == ("Văn thư", True, "2026-02-01")
    assert {one.audience_code for one in post.audiences} == {"CBCC", "LANHDAO"}
    added = db.scalars(select(AuditEntry).where(AuditEntry.action == "person.add")).one()
    assert added.subject_id == str(person.id)
    db.commit()
    made = manager.post(f"/people/{person.ref}/slip")
    assert "Đang làm phiếu" in made.text
    worker.run_all()
    assert db.scalars(select(SlipSheet.count)).one() == 1
    account = db.scalars(select(Account).where(Account.person_id == person.id)).one()
    assert account.must_change_password
    # Signed in with the first password, which was kept: no slip is made any more, and none offered.
    sign_in(db, Candidate(account.id, account.password_hash, must_change_password=True))
    db.commit()
    page = manager.get(f"/people/{person.ref}")
    assert "chưa đổi mật khẩu đầu" in page.text
    assert "/slip" not in page.text


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(db: Session, manager: Browser) -> None:
    page = manager.post(
        "/people/new", TYPED | {"birth": "45/45/1991", "phone": "12", "email": "không phải", "unit": "Sao Hỏa"}
    )
    assert page.status_code == 422
    for said in ("45/45/1991” không đọc được", "Số điện thoại “12” không đúng", "Không có đơn vị nào như vậy"):
        assert said in page.text
    for kept in ('value="Phạm Thị Mới"', 'value="Văn thư"', 'value="Sao Hỏa"', 'value="45/45/1991"'):
        assert kept in page.text
    assert "Thiếu mã đơn vị" not in page.text
    assert called(db, "Phạm Thị Mới") == []


def test_a_doubt_is_confirmed(db: Session, manager: Browser) -> None:
    typed = TYPED | {"identity": "024091000123", "sex": "Nữ"}
    asked = manager.post("/people/new", typed)
    assert "Giới tính không khớp với số CCCD" in asked.text
    assert 'name="confirmed"' in asked.text
    manager.post("/people/new", typed | {"confirmed": "1"})
    assert len(called(db, "Phạm Thị Mới")) == 1


def test_whoever_is_known_here_is_shown_instead(db: Session, manager: Browser) -> None:
    known = factories.person(db, "Phạm Thị Mới", phone="0912345670")
    factories.post(db, known)
    db.commit()
    page = manager.post("/people/new", TYPED | {"choice": known.ref})
    assert page.status_code == 422
    assert f'href="/people/{known.ref}"' in page.text
    assert 'value="Văn thư"' in page.text
    assert len(called(db, "Phạm Thị Mới")) == 1
    assert db.scalars(select(Affiliation.title).where(Affiliation.person_id == known.id)).all() == ["Chuyên viên"]


def test_somebody_elsewhere_is_not_told_of(db: Session, manager: Browser) -> None:
    known = factories.person(db, "Lê Ở Xa", phone="0912345670")
    factories.post(db, known, KINH_BAC)
    db.commit()
    page = manager.post("/people/new", TYPED | {"choice": "new"})
    assert page.status_code == 422
    assert "nhờ quản trị viên cấp tỉnh" in page.text
    assert "Lê Ở Xa" not in page.text
    assert known.ref not in page.text
    assert called(db, "Phạm Thị Mới") == []


def test_a_namesake_may_be_somebody_new(db: Session, manager: Browser) -> None:
    factories.post(db, factories.person(db, "Phạm Thị Mới"))
    db.commit()
    asked = manager.post("/people/new", TYPED)
    assert "Đơn vị đã có người cùng tên" in asked.text
    manager.post("/people/new", TYPED | {"choice": "new"})
    assert len(called(db, "Phạm Thị Mới")) == 2


def test_only_an_administrator_takes_up_somebody_who_holds_no_post(
    db: Session, manager: Browser, admin: Browser
) -> None:
    known = factories.person(db, "Phạm Thị Mới", phone="0912345670")
    post = factories.post(db, known)
    actor = actor_of(db, db.scalars(select(Account.id).where(Account.username == "quantri")).one())
    assert actor is not None
    end_post(db, actor, post, clock.today() - timedelta(days=30))
    db.commit()
    typed = TYPED | {"starts_on": clock.today().isoformat()}
    refused = manager.post("/people/new", typed | {"choice": known.ref})
    assert "nhờ quản trị viên cấp tỉnh" in refused.text
    assert known.ref not in refused.text
    asked = admin.post("/people/new", typed)
    assert f'value="{known.ref}"' in asked.text
    page = admin.post("/people/new", typed | {"choice": known.ref})
    assert str(page.url).endswith(f"/people/{known.ref}")
    assert len(called(db, "Phạm Thị Mới")) == 1
