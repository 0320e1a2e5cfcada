"""Issuing: once, numbered without gaps, saying what was true on the day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.certificates import handlers, service
from app.certificates.forms import form_on
from app.certificates.models import Certificate
from app.core import clock
from app.core.db import Database
from app.core.errors import Conflict
from app.core.jobs import Job
from app.identity import sealing
from app.learning import completions
from app.learning.events import CompletionAnnulled, CoursesCompleted
from app.learning.models import Completion, CompletionAnnulment
from tests import factories
from tests.certificates import making

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


def test_a_completion_announced_twice_brings_one_certificate_and_one_job(db: Session) -> None:
    holder = factories.person(db)
    made = making.completion(db, holder)
    for _time in range(2):
        handlers.issue_on_completion(db, CoursesCompleted((made.id,), (holder.id,)))
    assert db.scalar(select(func.count()).select_from(Certificate)) == 1
    assert db.scalar(select(func.count()).where(Job.kind == "certificates.render_pdf")) == 1


def test_a_course_without_certificate_brings_none(db: Session) -> None:
    holder = factories.person(db)
    version = making.course_version(db)
    version.certificate_rule, version.certificate_title = "none", ""
    made = making.completion(db, holder, version)
    handlers.issue_on_completion(db, CoursesCompleted((made.id,), (holder.id,)))
    assert db.scalar(select(func.count()).select_from(Certificate)) == 0


def test_a_certificate_says_who_what_and_when(db: Session) -> None:
    with clock.frozen(NOON):
        holder = factories.person(db, "Đặng Thị Hạnh", birth_date=date(1985, 3, 2))
        factories.post(db, holder, title="Chuyên viên")
        issued = making.certificate(db, holder, on=date(2026, 11, 20))
    assert issued.holder_name == "Đặng Thị Hạnh"
    assert issued.folded_holder_name == "dang thi hanh"
    assert sealing.unseal_text(holder, issued.sealed_birth_date) == "1985-03-02"
    assert (issued.holder_title, issued.unit_name) == ("Chuyên viên", "Phường Bắc Giang, Thành phố Bắc Ninh")
    assert (issued.course_title, issued.course_version_number, issued.hours) == (making.COURSE_TITLE, 3, 6.0)
    assert issued.score_percent == 92.0
    assert (issued.completed_on, issued.issued_on) == (date(2026, 11, 20), date(2026, 11, 21))
    assert (issued.superior_name, issued.issuer_name) == ("UBND thành phố Bắc Ninh", "Sở Khoa học và Công nghệ")
    assert (issued.signer_title, issued.signer_name) == ("Giám đốc", "")
    assert issued.title == "Giấy chứng nhận hoàn thành khóa học"
    assert issued.number == "00001/2026/HS-SKHCN"
    assert len(issued.code) >= 27


def test_the_unit_is_named_as_on_the_day_of_completion(db: Session) -> None:
    holder = factories.person(db)
    factories.post(db, holder, started_on=date(2025, 7, 1))
    before = making.certificate(db, holder, on=date(2026, 9, 19))
    after = making.certificate(db, holder, on=date(2026, 9, 20))
    assert before.unit_name == "Phường Bắc Giang, Tỉnh Bắc Ninh"
    assert after.unit_name == "Phường Bắc Giang, Thành phố Bắc Ninh"


def test_of_two_posts_the_primary_one_is_named(db: Session) -> None:
    holder = factories.person(db)
    factories.post(db, holder, started_on=date(2025, 8, 1), title="Ủy viên", is_primary=False)
    factories.post(db, holder, started_on=date(2026, 2, 1), title="Phó Chủ tịch")
    assert making.certificate(db, holder).holder_title == "Phó Chủ tịch"


def test_somebody_without_a_post_gets_a_certificate_without_a_unit(db: Session) -> None:
    issued = making.certificate(db, factories.person(db))
    assert (issued.unit_id, issued.unit_name, issued.holder_title) == (None, "", "")
    assert issued.sealed_birth_date is None


def test_a_known_year_of_birth_is_kept_as_a_year(db: Session) -> None:
    holder = factories.person(db)
    sealing.seal(holder, sealing.SealedFields(birth_year=1979))
    assert sealing.unseal_text(holder, making.certificate(db, holder).sealed_birth_date) == "1979"


def test_numbers_begin_again_each_year_in_vietnam(db: Session) -> None:
    with clock.frozen(datetime(2026, 12, 31, 16, 59, tzinfo=UTC)):
        old = [making.certificate(db, factories.person(db)).number for _time in range(2)]
    with clock.frozen(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)):
        new = making.certificate(db, factories.person(db)).number
    assert old == ["00001/2026/HS-SKHCN", "00002/2026/HS-SKHCN"]
    assert new == "00001/2027/HS-SKHCN"


def test_a_rolled_back_issue_leaves_no_gap(database: Database) -> None:
    with database.writing() as db:
        first = making.completion(db, factories.person(db)).id
        second = making.completion(db, factories.person(db)).id
    lost = database.open(write=True)
    service.issue(lost, [first])
    lost.rollback()
    lost.close()
    with database.writing() as db:
        assert service.issue(db, [second])[0].number.startswith("00001/")


def test_certificates_issued_at_the_same_time_have_neither_gaps_nor_doubles(database: Database) -> None:
    with database.writing() as db:
        version = making.course_version(db)
        made = [making.completion(db, factories.person(db), version).id for _time in range(24)]

    def issue(completion_id: int) -> str:
        with database.writing() as db:
            return service.issue(db, [completion_id])[0].number

    with ThreadPoolExecutor(8) as threads:
        # Each completion is issued by two threads.
        numbers = list(threads.map(issue, made + made))
    assert numbers[:24] == numbers[24:]
    assert sorted(int(number[:5]) for number in set(numbers)) == list(range(1, 25))


def test_an_annulled_completion_gets_no_certificate(db: Session) -> None:
    made = making.completion(db, factories.person(db))
    completions.annul_completion(db, made, None, "Ghi nhầm người", fraud=False)
    with pytest.raises(Conflict):
        service.issue(db, [made.id])


def test_revoking_for_fraud_annuls_the_completion_and_a_clerical_error_does_not(db: Session) -> None:
    clerical, fraud = making.certificate(db, factories.person(db)), making.certificate(db, factories.person(db))
    service.revoke(db, clerical, "clerical", "Sai tên khóa học", None)
    service.revoke(db, fraud, "fraud", "Nhờ người thi hộ", None)
    annulled = set(db.scalars(select(CompletionAnnulment.completion_id)))
    assert annulled == {fraud.completion_id}
    assert (clerical.state, fraud.state) == ("revoked", "revoked")


def test_revoking_twice_keeps_the_first_reason(db: Session) -> None:
    issued = making.certificate(db, factories.person(db))
    first = service.revoke(db, issued, "clerical", "Sai tên", None)
    assert service.revoke(db, issued, "fraud", "Khác", None) is first
    assert first.kind == "clerical"


def test_an_annulment_takes_the_certificate_with_it(db: Session) -> None:
    issued = making.certificate(db, factories.person(db))
    made = db.get_one(Completion, issued.completion_id)
    completions.annul_completion(db, made, None, "Thi hộ", fraud=True)
    handlers.revoke_on_annulment(db, CompletionAnnulled(made.id, made.person_id, fraud=True))
    db.refresh(issued)
    assert issued.revocation is not None
    assert issued.revocation.kind == "fraud"


@pytest.mark.parametrize(
    ("day", "superior", "name", "symbol"),
    [
        (date(2024, 5, 1), "UBND tỉnh Bắc Giang", "Sở Thông tin và Truyền thông", "HS-STTTT"),
        (date(2025, 2, 28), "UBND tỉnh Bắc Giang", "Sở Thông tin và Truyền thông", "HS-STTTT"),
        (date(2025, 3, 1), "UBND tỉnh Bắc Giang", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
        (date(2025, 7, 1), "UBND tỉnh Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
        (date(2026, 9, 19), "UBND tỉnh Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
        (date(2026, 9, 20), "UBND thành phố Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
    ],
)
def test_the_issuer_is_called_as_on_the_day(db: Session, day: date, superior: str, name: str, symbol: str) -> None:
    form = form_on(db, day)
    assert (form.superior_name, form.issuer_name, form.symbol) == (superior, name, symbol)
