"""The desk: late ones first, an answer with a reason, a correction, what came on paper."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database
from app.identity import sealing
from app.identity.models import Person
from app.privacy import service
from app.privacy.subjects import Subjects
from tests import factories
from tests.browser import Browser

MONDAY = datetime(2026, 11, 23, 3, tzinfo=UTC)


@pytest.fixture
def desk(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    factories.account(db, username="vanhanh", role="operator")
    db.commit()
    return new_browser().sign_in("vanhanh")


def test_late_ones_come_first_and_a_refusal_is_read_with_its_reason(
    db: Session, desk: Browser, new_browser: Callable[[], Browser]
) -> None:
    hanh, binh = (factories.civil_servant(db, user, name=name) for user, name in
                  (("hanh", "Nguyễn Thị Hạnh"), ("binh", "Trần Văn Bình")))  # fmt: skip
    with clock.frozen(MONDAY - timedelta(days=7)):
        asked = service.ask(db, hanh.person_id, "erase", "")
    with clock.frozen(MONDAY):
        service.ask(db, binh.person_id, "see", "Giữ gì về tôi?")
        db.commit()
        page = desk.get("/admin/privacy").text
        assert "1 yêu cầu đã quá hạn" in page
        assert page.index("Nguyễn Thị Hạnh") < page.index("Trần Văn Bình")
        assert "quá hạn trả lời từ sau ngày 18/11/2026" in page
        assert "trả lời trước hết ngày 25/11/2026" in page
        place = f"/admin/privacy/{asked.id}"
        wordless = desk.post(f"{place}/answer", {"answer": " ", "act": "refuse"})
        assert wordless.status_code == 422
        assert "từ chối thì ghi rõ lý do" in wordless.text
        desk.post(f"{place}/answer", {"answer": "Hồ sơ đào tạo phải giữ theo luật.", "act": "refuse"})
        assert desk.post(f"{place}/answer", {"answer": "Lần nữa", "act": "grant"}).status_code == 409
        assert desk.post(f"{place}/erase").status_code == 409
        mine = new_browser().sign_in("hanh")
        assert "Yêu cầu về dữ liệu cá nhân của anh/chị đã có trả lời." in mine.get("/notices").text
        assert "Hồ sơ đào tạo phải giữ theo luật." in mine.get("/my/data").text


def test_a_correction_is_written_and_told(db: Session, database: Database, desk: Browser) -> None:
    holder = factories.person(db, "Nguyễn Thị Hạn", phone="0912345678", identity="024185000123")
    factories.person(db, "Trần Văn Bình", phone="0987654321")
    place = f"/admin/privacy/{service.ask(db, holder.id, 'correct', 'Tên tôi là Hạnh').id}"
    db.commit()
    assert 'value="0912 345 678"' in desk.get(place).text
    taken = desk.post(f"{place}/correct", {"name": "Nguyễn Thị Hạnh", "phone": "0987654321"})
    assert taken.status_code == 422
    assert "Đã có người khác dùng thông tin này." in taken.text
    assert desk.post(f"{place}/correct", {"name": "Nguyễn Thị Hạnh", "birth": "hôm qua"}).status_code == 422
    right = {"name": "Nguyễn Thị Hạnh", "sex": "female", "birth": "02/03/1986", "phone": "0912345678"}
    assert "Đã sửa" in desk.post(f"{place}/correct", right).text
    with database.reading() as reader:
        person = reader.get_one(Person, holder.id)
        fields = sealing.unseal(person)
        assert (person.name, person.sex, fields.birth_date) == ("Nguyễn Thị Hạnh", "female", date(1986, 3, 2))
        assert fields.identity == "024185000123"
        noted = reader.scalars(select(AuditEntry).where(AuditEntry.action == "privacy.correct")).one()
        assert noted.details == {"fields": ["birth_date", "birth_year", "name", "sex"]}


def test_the_clock_of_a_letter_runs_from_the_day_it_came(db: Session, desk: Browser) -> None:
    factories.person(db, "Nguyễn Thị Hạnh", identity="024185000123")
    db.commit()
    letter = {"who": "024185000123", "kind": "erase", "received": "2026-11-16", "text": "Đơn ngày 14/11"}
    with clock.frozen(MONDAY):
        unknown = desk.post("/admin/privacy", letter | {"who": "khongco", "received": "2026-12-01"})
        assert unknown.status_code == 422
        assert "Không tìm thấy ai" in unknown.text
        assert "không sau hôm nay" in unknown.text
        assert "quá hạn trả lời từ sau ngày 18/11/2026" in desk.post("/admin/privacy", letter).text


@pytest.mark.parametrize(
    ("people", "watched", "level"), [(99_999, 9_999, 2), (100_000, 0, 3), (10_000, 10_000, 3)]
)  # fmt: skip
def test_the_level_follows_the_people_and_those_who_were_watched(people: int, watched: int, level: int) -> None:
    assert Subjects(people, watched).level == level
