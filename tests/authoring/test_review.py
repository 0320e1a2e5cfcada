"""A course is sent, reviewed by somebody else, approved in exactly one version and published."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.assignments.models import Assignment
from app.authoring.review.models import CourseReview
from app.catalogue.models import Course, CourseVersion
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.learning.service import enrol
from app.notices.models import Notice
from tests import factories
from tests.authoring.conftest import StudioCourse
from tests.authoring.test_studio import NEW, lesson_titles, send
from tests.browser import Browser

PAGE, REVIEW, DECISION, PUBLISH = (f"/studio/ky-so{end}" for end in ("", "/review", "/review/decision", "/publish"))


@pytest.fixture
def reviewer(new_browser: Callable[[], Browser], db: Session, studio_course: StudioCourse) -> Browser:
    factories.account(db, username="thamdinh", role="reviewer", at="24")
    db.commit()
    return new_browser().sign_in("thamdinh")


def told(database: Database) -> list[str]:
    with database.reading() as db:
        return list(db.scalars(select(Notice.sentence).order_by(Notice.id)))


def published_number(database: Database) -> int | None:
    with database.reading() as db:
        return db.scalar(
            select(CourseVersion.number).join(Course, Course.published_version_id == CourseVersion.id)
            .where(Course.slug == "ky-so")
        )  # fmt: skip


def test_a_course_is_sent_approved_and_published(
    author: Browser, reviewer: Browser, publisher: Browser, database: Database
) -> None:
    send(author, NEW)
    assert 'action="/studio/ky-so/review"' in author.get(PAGE).text
    sent = author.post(REVIEW, {"note": "Xem giúp bài mới."})
    assert "Đang chờ thẩm định" in sent.text
    assert "đã gửi khóa học này nên người khác" in author.get(REVIEW).text
    assert author.post(DECISION, {"number": "2", "decision": "approve"}).status_code == 403

    waiting = reviewer.get("/studio").text
    assert "Chờ thẩm định" in waiting
    assert "hôm nay" in waiting
    page = reviewer.get(REVIEW).text
    assert "Xem giúp bài mới." in page
    assert "Ký số trên điện thoại" in page
    decided = reviewer.post(DECISION, {"number": "2", "decision": "approve"})
    assert "Đã duyệt bản 2" in decided.text
    assert "Chờ thẩm định" not in decided.text

    assert "chờ công bố" in publisher.get("/studio").text
    assert "Đã công bố bản 2" in publisher.post(PUBLISH, {"number": "2"}).text
    assert lesson_titles(database) == ["Chữ ký số là gì", "Ký số trên điện thoại"]
    said = told(database)
    # The content administrator may review, too, and is the one to publish.
    assert sum("để thẩm định" in one for one in said) == 2
    assert sum("đã duyệt khóa học" in one for one in said) == 1
    assert sum("chờ anh/chị công bố" in one for one in said) == 1
    assert sum("đã được công bố" in one for one in said) == 1


def test_changes_asked_for_come_with_a_reason_and_stay_until_it_is_sent_again(
    author: Browser, reviewer: Browser, database: Database
) -> None:
    send(author, NEW)
    author.post(REVIEW, {})
    refused = reviewer.post(DECISION, {"number": "2", "decision": "changes", "reason": "  "})
    assert refused.status_code == 422
    assert "Hãy ghi cần sửa gì" in refused.text
    reviewer.post(DECISION, {"number": "2", "decision": "changes", "reason": "Bài 2 thiếu bước ký."})
    assert "Bài 2 thiếu bước ký." in author.get(PAGE).text
    send(author, "/studio/ky-so/lessons/KS01.1.2/edit", {"title": "Ký số, đủ bước"})
    assert "Được đề nghị sửa" in author.get(PAGE).text, "mending it does not settle it"
    assert "Đang chờ thẩm định" in author.post(REVIEW, {}).text
    with database.reading() as db:
        assert list(db.scalars(select(CourseReview.state).order_by(CourseReview.id))) == ["changes", "waiting"]


def test_a_save_while_it_waits_is_shown_and_an_approval_is_of_one_version(
    author: Browser, reviewer: Browser, publisher: Browser, database: Database
) -> None:
    send(author, NEW)
    author.post(REVIEW, {})
    edit = "/studio/ky-so/lessons/KS01.1.2/edit"
    send(author, edit, {"title": "Đổi tên trong lúc chờ"})
    late = reviewer.post(DECISION, {"number": "2", "decision": "approve"})
    assert late.status_code == 409
    assert "sửa sau khi gửi" in late.text
    assert "Đổi tên trong lúc chờ" in late.text
    reviewer.post(DECISION, {"number": "3", "decision": "approve"})
    send(author, edit, {"title": "Đổi tên sau khi duyệt"})
    assert "khóa học đã sửa sau đó" in author.get(PAGE).text
    assert publisher.post(PUBLISH, {"number": "4"}).status_code == 422
    assert published_number(database) == 1


def test_who_wrote_at_what_waits_does_not_approve_it(author: Browser, reviewer: Browser, publisher: Browser) -> None:
    send(author, NEW)
    author.post(REVIEW, {})
    assert 'value="approve"' in publisher.get(REVIEW).text
    send(publisher, "/studio/ky-so/lessons/KS01.1.2/edit", {"title": "Người duyệt sửa luôn"})
    assert "đã sửa bản đang chờ thẩm định" in publisher.get(REVIEW).text
    refused = publisher.post(DECISION, {"number": "3", "decision": "approve"})
    assert refused.status_code == 403
    assert "người khác quyết định" in refused.text
    assert "Đã duyệt bản 3" in reviewer.post(DECISION, {"number": "3", "decision": "approve"}).text


def test_a_module_without_a_lesson_is_not_published(author: Browser, publisher: Browser, database: Database) -> None:
    send(author, NEW)
    author.post(f"{PAGE}/modules", {"title": "Nâng cao", "objective": "Ký hàng loạt"})
    page = publisher.get(PUBLISH).text
    assert "Học phần “Nâng cao” chưa có bài nào" in page
    assert 'href="/studio/ky-so#module-02-nang-cao"' in page
    assert 'name="reason"' not in page
    assert publisher.post(PUBLISH, {"number": "3", "reason": "Cần ngay."}).status_code == 409
    assert published_number(database) == 1


def test_who_may_publish_does_so_without_a_review_only_for_a_reason_that_is_kept(
    author: Browser, publisher: Browser, database: Database
) -> None:
    send(author, NEW)
    refused = publisher.post(PUBLISH, {"number": "2"})
    assert refused.status_code == 422
    assert "Hãy ghi vì sao công bố" in refused.text
    assert "Đã công bố bản 2" in publisher.post(PUBLISH, {"number": "2", "reason": "Phòng chỉ có một người."}).text
    with database.reading() as db:
        kept = db.scalars(select(AuditEntry).where(AuditEntry.action == "course.publish")).all()[-1]
        assert kept.details == {"version": 2, "without_review": "Phòng chỉ có một người."}


def test_pressing_twice_sends_once_and_nothing_new_is_not_sent(author: Browser, database: Database) -> None:
    assert author.post(REVIEW, {}).status_code == 409
    send(author, NEW)
    author.post(REVIEW, {})
    author.post(REVIEW, {})
    with database.reading() as db:
        assert len(db.scalars(select(CourseReview.id)).all()) == 1


def test_publishing_says_what_changes_for_whom(
    author: Browser, publisher: Browser, db: Session, studio_course: StudioCourse
) -> None:
    learner = factories.person(db, "Lê Thị Mới")
    enrol(db, learner.id, studio_course.course_id)
    db.commit()
    send(author, NEW)
    page = publisher.get(PUBLISH).text
    assert "1 người đang học bản 1" in page
    assert "1 bài mới, 0 bài đã sửa, 0 bài bỏ đi" in page


def test_a_retired_course_takes_nobody_new_and_lets_its_learners_finish(
    publisher: Browser, new_browser: Callable[[], Browser], database: Database
) -> None:
    learner, late = new_browser().sign_in("nguoihoc"), new_browser()
    learner.post("/courses/ky-so/enrol", {})
    assert "1 người đang học vẫn học tiếp" in publisher.get(f"{PAGE}/retire").text
    assert "không còn trong danh mục" in publisher.post(f"{PAGE}/retire", {}).text
    assert "Ký số trong công việc" not in late.get("/courses").text
    assert "Ký số trong công việc" not in late.get("/courses?q=ky+so").text
    closed = late.get("/courses/ky-so").text
    assert "ngừng nhận người học mới từ ngày" in closed
    assert "Học ngay" not in closed
    assert "ngừng nhận người học mới từ ngày" in late.get("/learn/ky-so/KS01.1.1").text
    assert publisher.post("/courses/ky-so/enrol", {}).status_code == 409
    assert "Tôi đã đọc xong" in learner.get("/learn/ky-so/KS01.1.1").text
    publisher.post(f"{PAGE}/bring-back", {})
    assert "Ký số trong công việc" in late.get("/courses").text
    with database.reading() as db:
        acts = db.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "course").order_by(AuditEntry.id))
        assert [one for one in acts if one != "course.publish"] == ["course.retire", "course.bring_back"]


def test_a_course_that_is_assigned_is_not_retired(
    author: Browser, publisher: Browser, db: Session, studio_course: StudioCourse
) -> None:
    db.add(
        Assignment(
            course_id=studio_course.course_id, unit_id=factories.unit_id(db, "24"), rule={}, grounds="", due_month=12,
            account_id=factories.account(db, username="giao").id, is_yearly=False, due_day=31, counts_programme=False,
            asks_commitment=False, grace_days=0, created_at=clock.now(),
        )
    )  # fmt: skip
    db.commit()
    refused = publisher.post(f"{PAGE}/retire", {})
    assert refused.status_code == 409
    assert "Còn 1 lần giao học đang mở" in refused.text
    assert author.post(f"{PAGE}/retire", {}).status_code == 403


def test_the_list_before_publishing_says_what_where_why_and_how_to_mend(author: Browser, publisher: Browser) -> None:
    send(author, NEW, {"body": "Xem [bài cũ](/courses/khong-co) và [dưới](#khong-co).\n\n[Hãy kể một tình huống.]"})
    page = publisher.get(PUBLISH).text
    for said in (
        "Chỗ còn để trống của dàn ý", "Thiếu các bước làm", "Sửa thế nào?", "trỏ tới một khóa học chưa công bố",
        "trỏ tới một đề mục bài này không có", "Bài bắt buộc cần một bài kiểm tra", "Độ dài của bài",
        '<a href="/studio/ky-so/lessons/KS01.1.2/edit">Ký số trên điện thoại</a>',
    ):  # fmt: skip
        assert said in page, said
    assert "KS01.1.1/edit" not in page, "the lesson learners have already was looked at before"
