"""A reviewer comments on blocks of a lesson; the comments find their place in later versions."""

import re
from collections.abc import Callable

import pytest
from markupsafe import Markup
from sqlalchemy import select

from app.authoring.review.passages import find, passages
from app.catalogue.lesson_docs import LessonDoc
from app.catalogue.render import HtmlBlock
from app.core.db import Database, Session
from app.learning.models import Enrolment
from tests import factories
from tests.authoring.conftest import BODY, StudioCourse
from tests.authoring.test_studio import send
from tests.browser import Browser

LESSON = "/studio/ky-so/lessons/KS01.1.1"
PREVIEW, COMMENTS, EDIT = f"{LESSON}/preview", f"{LESSON}/comments", f"{LESSON}/edit"
FIRST = "Chị Hoa cần ký số một công văn."


def doc(html: str, quiz: dict[str, object] | None = None) -> LessonDoc:
    return LessonDoc(
        version_id=1, key="A.1.1", title="Bài", minutes=5, is_required=True, objectives=(), role="", sources=(),
        blocks=(HtmlBlock(Markup(html)),), quiz=quiz, module_title="", module_position=1, module_count=1,
        lesson_number=1, lesson_count=1, previous_key=None, next_key=None,
    )  # fmt: skip


def test_a_lesson_is_cut_at_its_outermost_blocks_and_its_questions() -> None:
    html = (
        '<h2 id="a">Đề mục</h2>\n<p>Một <b>đoạn</b>\nvăn &lt;a&gt;.</p>\n<ul><li>một</li><li>hai</li></ul>\n'
        '<figure><img src="/x.png" alt="Hình con dấu"><figcaption>Con dấu</figcaption></figure>'
    )
    found = passages(doc(html, {"questions": [{"id": "q1", "text": "Ký ở đâu?"}]}))
    assert [one.quote for one in found] == [
        "Đề mục", "Một đoạn văn <a>.", "một hai", "Con dấu Hình con dấu", "Ký ở đâu?",
    ]  # fmt: skip
    shown = [str(one.doc.blocks[0].html) for one in found if one.doc and isinstance(one.doc.blocks[0], HtmlBlock)]
    assert shown[1] == "<p>Một <b>đoạn</b>\nvăn &lt;a&gt;.</p>"
    assert [one.number for one in found] == [1, 2, 3, 4, 5]


def test_a_comment_follows_its_words_and_a_question_its_id() -> None:
    before = passages(doc("<p>Một.</p><p>Hai.</p>", {"questions": [{"id": "q1", "text": "Cũ?"}]}))
    after = passages(doc("<p>Mới.</p><p>Một.</p><p>Hai rưỡi.</p>", {"questions": [{"id": "q1", "text": "Mới?"}]}))
    places = [find(after, one.place, one.quote) for one in before]
    assert [one.number if one else None for one in places] == [2, None, 4]


@pytest.fixture
def reviewer(new_browser: Callable[[], Browser], db: Session, studio_course: StudioCourse) -> Browser:
    factories.account(db, username="thamdinh", role="reviewer", at="24")
    db.commit()
    return new_browser().sign_in("thamdinh")


def place_of(page: str, text: str) -> int:
    """The number of the block that says this."""
    before = page[: page.index(text)]
    return int(re.findall(r'id="p(\d+)"', before)[-1])


def test_a_reviewer_comments_and_the_author_answers_and_settles(
    author: Browser, reviewer: Browser, database: Database
) -> None:
    number = place_of(reviewer.get(PREVIEW).text, FIRST)
    assert "Gửi góp ý" in reviewer.get(f"{PREVIEW}?say={number}").text
    empty = reviewer.post(COMMENTS, {"number": "1", "passage": str(number), "text": " "})
    assert empty.status_code == 422
    assert "Hãy viết góp ý." in empty.text
    said = reviewer.post(COMMENTS, {"number": "1", "passage": str(number), "text": "Công văn nào?"})
    assert place_of(said.text, "Công văn nào?") == number
    comment = int(re.findall(r'id="c(\d+)"', said.text)[0])

    assert "1 góp ý chưa xử lý" in author.get("/studio/ky-so").text
    form = author.get(EDIT).text
    assert "Công văn nào?" in form
    assert FIRST in form
    answered = author.post(f"{COMMENTS}/{comment}/answer", {"text": "Công văn trả lời dân."})
    assert "Công văn trả lời dân." in answered.text
    settled = author.post(f"{COMMENTS}/{comment}/settle", {})
    assert "1 góp ý đã xử lý" in settled.text
    assert "góp ý chưa xử lý" not in author.get("/studio/ky-so").text
    assert author.post(f"{COMMENTS}/{comment}/answer", {"text": "Nữa."}).status_code == 409
    reviewer.post(f"{COMMENTS}/{comment}/settle", {"settled": "false"})
    assert "1 góp ý chưa xử lý" in author.get("/studio/ky-so").text
    assert "trả lời góp ý của anh/chị" in reviewer.get("/notices").text


def test_a_comment_finds_its_block_in_a_later_version_or_says_it_was_changed(
    author: Browser, reviewer: Browser
) -> None:
    number = place_of(reviewer.get(PREVIEW).text, FIRST)
    reviewer.post(COMMENTS, {"number": "1", "passage": str(number), "text": "Công văn nào?"})
    send(author, EDIT, {"body": BODY.replace("## Chuyện", "Mở đầu mới.\n\n## Chuyện")})
    assert place_of(author.get(PREVIEW).text, "Công văn nào?") == number + 1
    send(author, EDIT, {"body": BODY.replace(FIRST, "Chị Hoa cần ký số công văn trả lời dân.")})
    page = author.get(PREVIEW).text
    assert "đoạn này đã sửa" in page
    assert place_of(page, "Công văn nào?") == 0
    assert f"<q>{FIRST}</q>" in page


def test_an_error_leaves_every_link_of_the_page_working(reviewer: Browser) -> None:
    """It is told at the address the form was sent to, where no page is."""
    refused = reviewer.post(COMMENTS, {"number": "1", "passage": "1", "text": " "})
    assert refused.status_code == 422
    assert f'href="{PREVIEW}?say=2#p2"' in refused.text
    assert 'href="?' not in refused.text


def test_a_comment_on_nothing_is_not_found(reviewer: Browser) -> None:
    assert reviewer.post(COMMENTS, {"number": "1", "passage": "99", "text": "Gì?"}).status_code == 404
    assert reviewer.post(COMMENTS, {"number": "7", "passage": "1", "text": "Gì?"}).status_code == 404
    assert reviewer.post(f"{COMMENTS}/12345/settle", {}).status_code == 404
    assert reviewer.post(COMMENTS, {"number": "1", "passage": "0", "text": "Bài hay."}).status_code == 200


def test_a_reviewer_sees_the_learners_page_of_a_draft_and_nothing_of_it_runs(
    author: Browser, reviewer: Browser, database: Database
) -> None:
    send(author, EDIT, {"title": "Tên trong bản nháp"})
    assert f'src="{LESSON}/learner"' in reviewer.get(f"{LESSON}/as-learner?view=desktop").text
    shown = reviewer.get(f"{LESSON}/learner")
    assert "Tên trong bản nháp" in shown.text
    assert "Tôi đã đọc xong" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "script-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "frame-ancestors 'none'" in reviewer.get(PREVIEW).headers["content-security-policy"]
    with database.reading() as db:
        assert list(db.scalars(select(Enrolment.id))) == []
