"""Versions of courses: what is kept, what is published, and that nothing published is ever changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalogue import lesson_docs, queries
from app.catalogue.events import CourseVersionPublished
from app.catalogue.models import Course, CourseVersion, LessonVersion, Programme
from app.catalogue.programmes import seed_programmes, shipped_codes
from app.catalogue.render import VideoBlock
from app.catalogue.service import publish, save_version
from app.catalogue.source import ExtraFile, FileSource, edited_lesson, free_name, next_key, next_stem, with_lesson
from app.catalogue.stored import source_of
from app.core import events
from app.core.audit import AuditEntry
from app.core.errors import Conflict, Invalid, NotFound
from app.core.storage import Storage
from app.media.models import Asset
from tests import factories
from tests.catalogue import making


@pytest.fixture
def unit_id(db: Session) -> int:
    return factories.unit_id(db, "24")


def test_a_saved_course_is_a_draft_with_all_it_was_given(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path
) -> None:
    drawing = making.picture(tmp_path)
    lesson = making.lesson(markdown='## Mở đầu\n\n![Sơ đồ](hinh.svg "Ví dụ")\n', files=(drawing,))
    version = save_version(db, storage, making.course(lesson, cover=drawing), unit_id, by=None)
    assert (version.number, version.state, version.folded_text) == (1, "draft", "thu khoa hoc thu de kiem thu.")
    outline = queries.outline(db, version.id)
    assert [(one.key, one.has_quiz, one.has_video, one.question_count) for one in outline.lessons] == [
        ("THU.1.1", True, False, 2)
    ]
    doc = lesson_docs.lesson(db, version.id, "THU.1.1")
    assert doc.blocks[0].kind == "html"
    assert '<img src="/media/' in doc.blocks[0].html
    assert (doc.module_title, doc.lesson_number, doc.previous_key, doc.next_key) == ("Học phần mở đầu", 1, None, None)
    assert doc.sources[0].ref == "30/2020/NĐ-CP"


def test_saving_the_same_again_makes_no_new_version(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path
) -> None:
    source = making.course(making.lesson(markdown="![Sơ đồ](hinh.svg)\n", files=(making.picture(tmp_path),)))
    first = save_version(db, storage, source, unit_id, by=None)
    assert save_version(db, storage, source, unit_id, by=None) is first
    assert save_version(db, storage, source_of(db, first.id), unit_id, by=None) is first


def test_a_course_without_skills_keeps_the_sum_it_had_before_there_were_any(
    db: Session, storage: Storage, unit_id: int
) -> None:
    version = save_version(db, storage, making.course(), unit_id, by=None)
    # As written on 23/11/2026 before courses named skills: a new sum would make every loaded course a new draft.
    assert version.checksum == "10fc596a9fc3370fa42cb5d4a1a62fb4db84f7aa8aa5dc515073d21a9cbccc9b"
    named = save_version(db, storage, making.course(skills=("KNS1",)), unit_id, by=None)
    assert (named.number, named.skills, source_of(db, named.id).skills) == (2, ["KNS1"], ("KNS1",))


def test_a_change_makes_the_next_draft_and_leaves_the_first(db: Session, storage: Storage, unit_id: int) -> None:
    first = publish(db, save_version(db, storage, making.course(), unit_id, by=None), by=None)
    source = source_of(db, first.id)
    changed = with_lesson(source, "01-mo-dau", edited_lesson(source.lesson("THU.1.1")[1], title="Ký số là việc gì"))
    second = save_version(db, storage, changed, None, by=None)
    assert (second.number, second.state) == (2, "draft")
    assert lesson_docs.lesson(db, first.id, "THU.1.1").title == "Ký số là gì"
    assert lesson_docs.lesson(db, second.id, "THU.1.1").title == "Ký số là việc gì"
    assert queries.course_by_slug(db, "khoa-thu").version_id == first.id


def test_publishing_tells_who_when_and_everybody(db: Session, storage: Storage, unit_id: int) -> None:
    heard: list[CourseVersionPublished] = []
    events.wire([(CourseVersionPublished, lambda _db, event: heard.append(event))])
    version = save_version(db, storage, making.course(), unit_id, by=None)
    publish(db, version, by=7)
    publish(db, version, by=8)
    assert (version.state, version.published_by) == ("published", 7)
    assert heard == [CourseVersionPublished(version.course_id, version.id)]
    acts = db.scalars(select(AuditEntry.account_id).where(AuditEntry.action == "course.publish")).all()
    assert acts == [7]


def test_publishing_makes_what_learners_fetch_public(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path
) -> None:
    shown, kept = making.picture(tmp_path), making.picture(tmp_path, "nguon.svg", making.SVG.replace("Hình", "Nguồn"))
    lesson = making.lesson(markdown="![Sơ đồ](hinh.svg)\n", files=(shown,))
    source = making.course(lesson, extra_files=(ExtraFile("01-mo-dau/nguon.svg", file=kept),))
    publish(db, save_version(db, storage, source, unit_id, by=None), by=None)
    db.expire_all()
    assert dict(db.execute(select(Asset.file_name, Asset.is_public)).all()) == {"hinh.svg": True, "nguon.svg": False}


def test_an_older_draft_cannot_take_the_place_of_a_newer_published_version(
    db: Session, storage: Storage, unit_id: int
) -> None:
    old = save_version(db, storage, making.course(), unit_id, by=None)
    publish(db, save_version(db, storage, making.course(title="Bản mới"), None, by=None), by=None)
    with pytest.raises(Conflict):
        publish(db, old, by=None)


def test_a_course_without_lessons_or_with_a_broken_video_is_not_published(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path
) -> None:
    empty = making.course()
    empty = replace(empty, modules=(replace(empty.modules[0], lessons=()),))
    with pytest.raises(Invalid, match="chưa có bài học"):
        publish(db, save_version(db, storage, empty, unit_id, by=None), by=None)
    lesson = making.lesson(markdown="![Sơ đồ](hinh.svg)\n", files=(making.picture(tmp_path),))
    version = save_version(db, storage, making.course(lesson), unit_id, by=None)
    db.scalars(select(Asset)).one().state = "failed"
    with pytest.raises(Invalid) as caught:
        publish(db, version, by=None)
    assert "hinh.svg" in caught.value.message


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE course_version SET title = 'khác'",
        "UPDATE course_version SET state = 'draft'",
        "DELETE FROM course_version",
        "UPDATE module_version SET title = 'khác'",
        "DELETE FROM module_version",
        "INSERT INTO module_version (course_version_id, position, folder, title, objective) "
        "SELECT id, 9, 'x', 'x', '' FROM course_version",
        "UPDATE lesson_version SET minutes = 1",
        "DELETE FROM lesson_version",
        "UPDATE lesson_file SET name = 'khac.svg'",
        "DELETE FROM lesson_file",
        "INSERT INTO lesson_file (lesson_version_id, name, asset_id) "
        "SELECT lesson_version_id, 'y.svg', asset_id FROM lesson_file",
        "UPDATE course_file SET text = 'khác'",
        "DELETE FROM course_file",
        "INSERT INTO course_file (course_version_id, path) SELECT id, 'z' FROM course_version",
    ],
)
def test_the_database_refuses_any_change_of_a_published_version(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path, statement: str
) -> None:
    lesson = making.lesson(markdown="![Sơ đồ](hinh.svg)\n", files=(making.picture(tmp_path),))
    source = making.course(lesson, extra_files=(ExtraFile("01-mo-dau/x.slides.yaml", text="title: x\n"),))
    version = save_version(db, storage, source, unit_id, by=None)
    publish(db, version, by=None)
    with pytest.raises(IntegrityError, match="a published course version cannot be changed"):
        db.execute(text(statement))


def test_a_draft_may_still_change_and_go(db: Session, storage: Storage, unit_id: int) -> None:
    version = save_version(db, storage, making.course(), unit_id, by=None)
    db.execute(text("UPDATE lesson_version SET minutes = 12"))
    db.execute(text("DELETE FROM lesson_version"))
    db.execute(text("DELETE FROM module_version"))
    db.execute(text("DELETE FROM course_version"))
    db.expunge(version)
    assert db.scalars(select(CourseVersion.id)).all() == []


def test_another_course_of_the_same_code_is_refused(db: Session, storage: Storage, unit_id: int) -> None:
    save_version(db, storage, making.course(), unit_id, by=None)
    with pytest.raises(Conflict, match="khoa-thu"):
        save_version(db, storage, making.course(slug="khoa-khac"), unit_id, by=None)
    assert db.scalars(select(Course.slug)).all() == ["khoa-thu"]


def test_two_different_files_of_one_name_in_a_module_are_refused(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path
) -> None:
    other = tmp_path / "khac"
    other.mkdir()
    lessons = (
        making.lesson(markdown="![A](hinh.svg)\n", files=(making.picture(tmp_path),)),
        making.lesson(
            "THU.1.2",
            markdown="![B](hinh.svg)\n",
            files=(making.picture(other, content=making.SVG.replace("40", "50")),),
        ),
    )
    with pytest.raises(Invalid, match="cùng tên"):
        save_version(db, storage, making.course(*lessons), unit_id, by=None)


def test_captions_beside_a_video_become_its_track_and_its_words(
    db: Session, storage: Storage, unit_id: int, tmp_path: Path
) -> None:
    said = making.captions(tmp_path, "phim.vi.vtt", "Chào anh/chị.", "Ký &amp; gửi.")
    film = Asset(
        public_id="phim",
        kind="video",
        state="ready",
        file_name="phim.mp4",
        content_type="video/mp4",
        size=1000,
        sha256="0" * 64,
        storage_key="x",
        duration_s=2.0,
        created_at=factories.clock.now(),
    )
    db.add(film)
    db.flush()
    lesson = making.lesson(markdown="![Phim](phim.mp4)\n", files=(FileSource("phim.mp4", asset_id=film.id), said))
    version = save_version(db, storage, making.course(lesson), unit_id, by=None)
    block = lesson_docs.lesson(db, version.id, "THU.1.1").blocks[0]
    assert isinstance(block, VideoBlock)
    assert (block.id, block.duration_s, block.tracks[0].language) == ("phim", 2.0, "vi")
    assert block.tracks[0].lines == ("Chào anh/chị.", "Ký & gửi.")
    assert block.tracks[0].starts == (0.0, 1.0)
    assert queries.outline(db, version.id).lessons[0].has_video


def test_what_is_not_there_is_not_found(db: Session, storage: Storage, unit_id: int) -> None:
    version = save_version(db, storage, making.course(), unit_id, by=None)
    for ask in (
        lambda: queries.course_by_slug(db, "khoa-thu"), lambda: lesson_docs.lesson(db, version.id, "KHAC"),
        lambda: queries.course_version(db, 10**6), lambda: source_of(db, 10**6),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            ask()
    assert queries.course_version(db, version.id).slug == "khoa-thu"
    assert queries.newest_version_id(db, "khoa-thu") == version.id
    assert queries.newest_version_id(db, "khong-co") is None


def test_neighbours_are_found_across_modules(db: Session, storage: Storage, unit_id: int) -> None:
    source = making.course(making.lesson("THU.1.1"), making.lesson("THU.1.2"))
    second = replace(source.modules[0], folder="02-tiep", lessons=(making.lesson("THU.2.1"),))
    version = save_version(db, storage, replace(source, modules=(*source.modules, second)), unit_id, by=None)
    docs = [lesson_docs.lesson(db, version.id, key) for key in ("THU.1.1", "THU.1.2", "THU.2.1")]
    assert [(doc.previous_key, doc.next_key) for doc in docs] == [
        (None, "THU.1.2"),
        ("THU.1.1", "THU.2.1"),
        ("THU.1.2", None),
    ]
    assert [(doc.module_position, doc.lesson_number) for doc in docs] == [(1, 1), (1, 2), (2, 1)]


def test_new_lessons_get_names_nobody_has(tmp_path: Path) -> None:
    source = making.course(
        making.lesson("THU.1.1", files=(FileSource("02-anh.png", asset_id=1),)), making.lesson("THU.1.2")
    )
    module = source.modules[0]
    assert next_stem(module, "Họp số: đi một vòng") == "03-hop-so-di-mot-vong"
    assert next_key(source, module) == "THU.1.3"
    assert free_name(module, "02-bai", "Ảnh.PNG") == "02-anh-2.png"
    assert free_name(module, "03-bai", "C:\\Ảnh chụp.jpg") == "03-c-anh-chup.jpg"


def test_the_sixteen_programmes_are_loaded_once(db: Session) -> None:
    seed_programmes(db)
    seed_programmes(db)
    programmes = {one.code: one for one in db.scalars(select(Programme))}
    assert len(programmes) == 16
    assert programmes.keys() == shipped_codes()
    assert programmes["P04-NENTANG"].lead == "Sở Khoa học và Công nghệ"
    assert not any("unverified" in one.lead for one in programmes.values())


def test_lesson_text_is_kept_as_we_search_it(db: Session, storage: Storage, unit_id: int) -> None:
    version = save_version(db, storage, making.course(), unit_id, by=None)
    folded = db.scalars(select(LessonVersion.folded_text).where(LessonVersion.course_version_id == version.id)).one()
    assert folded == "ky so la gi mo dau chu ky so."
