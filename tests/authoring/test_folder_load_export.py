"""A folder goes into the catalogue and comes out again with the same bytes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.__main__ import main
from app.authoring.folder import CourseProblems, export_course, load_course, load_starter_courses, read_course
from app.catalogue import lesson_docs, queries
from app.catalogue.lesson_rules import LessonRule
from app.catalogue.models import Course, CourseVersion
from app.catalogue.render import VideoBlock
from app.catalogue.service import publish, save_version
from app.catalogue.source import edited_course, edited_lesson, with_lesson
from app.catalogue.stored import source_of
from app.core.errors import CommandFailed
from app.core.storage import Storage
from app.media.models import Asset
from app.runtime import Runtime
from tests.authoring.folders import FILM, LESSON, QUIZ, good_folder, swap
from tests.catalogue import making

COURSES = Path(__file__).resolve().parents[2] / "courses"


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return good_folder(tmp_path / "vao")


def test_an_export_gives_the_same_bytes(db: Session, storage: Storage, folder: Path, tmp_path: Path) -> None:
    load_course(db, storage, folder, by=None)
    out = export_course(db, storage, "hop-so", tmp_path / "ra")
    assert bytes_of(out) == bytes_of(folder)


def test_line_ends_of_windows_are_kept(db: Session, storage: Storage, folder: Path, tmp_path: Path) -> None:
    for name in ("course.yaml", LESSON, QUIZ):
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
    load_course(db, storage, folder, by=None)
    assert bytes_of(export_course(db, storage, "hop-so", tmp_path / "ra")) == bytes_of(folder)


@pytest.mark.by_turns
@pytest.mark.parametrize("slug", sorted(path.parent.name for path in COURSES.glob("*/course.yaml")))
def test_the_courses_of_this_repository_survive_the_round_trip(
    db: Session, storage: Storage, tmp_path: Path, slug: str
) -> None:
    version = load_course(db, storage, COURSES / slug, by=None)
    out = export_course(db, storage, slug, tmp_path)
    assert bytes_of(out) == bytes_of(COURSES / slug)
    assert load_course(db, storage, out, by=None) is version


def test_loading_again_makes_no_new_version_and_a_change_makes_one(db: Session, storage: Storage, folder: Path) -> None:
    first = load_course(db, storage, folder, by=None)
    assert load_course(db, storage, folder, by=None) is first
    swap(folder, LESSON, "Chị Hoa gửi giấy mời.", "Chị Hoa gửi giấy mời họp.")
    second = load_course(db, storage, folder, by=None)
    assert (second.number, second.state) == (2, "draft")


def test_a_comment_in_course_yaml_alone_is_a_new_version_too(
    db: Session, storage: Storage, folder: Path, tmp_path: Path
) -> None:
    load_course(db, storage, folder, by=None)
    swap(folder, "course.yaml", "# Chú thích", "# Ghi chú")
    load_course(db, storage, folder, by=None)
    assert bytes_of(export_course(db, storage, "hop-so", tmp_path / "ra")) == bytes_of(folder)


def test_a_loaded_lesson_is_shown_with_its_video_and_captions(db: Session, storage: Storage, folder: Path) -> None:
    version = load_course(db, storage, folder, by=None)
    doc = lesson_docs.lesson(db, version.id, "HS01.1.1")
    video = next(block for block in doc.blocks if isinstance(block, VideoBlock))
    assert (video.id, video.title, [track.lines for track in video.tracks]) == (
        "01-phim",
        "Một vòng họp",
        [("Chào anh/chị.",)],
    )
    assert (doc.next_key, doc.role) == ("HS01.1.2", "Chị Hoa, văn thư phường (nhân vật minh họa)")


def test_a_broken_folder_stores_nothing(db: Session, storage: Storage, folder: Path) -> None:
    (folder / FILM).write_bytes(b"khong phai video")
    with pytest.raises(CourseProblems):
        load_course(db, storage, folder, by=None)
    assert db.scalars(select(Course)).all() == []
    assert db.scalars(select(Asset)).all() == []


def test_a_course_changed_in_the_studio_is_written_in_the_same_format(
    db: Session, storage: Storage, folder: Path, tmp_path: Path
) -> None:
    load_course(db, storage, folder, by=None)
    source = read_course(folder)
    module, lesson = source.lesson("HS01.1.1")
    changed = edited_lesson(
        lesson, title="Họp: “số” # 1", quiz=making.QUIZ, minutes=15, completion=LessonRule(watch=90)
    )
    assert (changed.front_matter, changed.quiz_source) == ("", "")
    version = save_version(
        db, storage, edited_course(with_lesson(source, module.folder, changed), level=""), None, by=None
    )
    again = read_course(export_course(db, storage, "hop-so", tmp_path / "ra"))
    assert [replace(one, files=(), front_matter="", quiz_source="") for one in again.modules[0].lessons] == [
        replace(one, files=(), front_matter="", quiz_source="") for one in source_of(db, version.id).modules[0].lessons
    ]
    assert (again.lesson("HS01.1.1")[1].title, again.level, again.title) == ("Họp: “số” # 1", "", "Họp số")
    assert again.lesson("HS01.1.1")[1].completion == LessonRule(watch=90)
    assert (tmp_path / "ra/hop-so/01-mo-dau/02-ky-so.md").read_bytes() == (
        folder / "01-mo-dau/02-ky-so.md"
    ).read_bytes()


def test_an_export_does_not_write_over_a_folder(db: Session, storage: Storage, folder: Path) -> None:
    load_course(db, storage, folder, by=None)
    before = bytes_of(folder)
    with pytest.raises(CommandFailed, match="đã có"):
        export_course(db, storage, "hop-so", folder.parent)
    assert bytes_of(folder) == before
    with pytest.raises(CommandFailed, match="khong-co"):
        export_course(db, storage, "khong-co", folder.parent)


def test_a_file_lost_from_the_storage_leaves_no_half_export(
    db: Session, storage: Storage, folder: Path, tmp_path: Path
) -> None:
    load_course(db, storage, folder, by=None)
    shutil.rmtree(tmp_path / "media")
    with pytest.raises(CommandFailed):
        export_course(db, storage, "hop-so", tmp_path / "ra")
    assert not (tmp_path / "ra/hop-so").exists()
    assert list((tmp_path / "ra").iterdir()) == []


@pytest.fixture
def environment(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands use the test's database and storage."""
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("MEDIA_URL", runtime.settings.media_url)


@pytest.mark.usefixtures("environment")
def test_the_commands_load_publish_and_export(
    runtime: Runtime, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["courses", "load", str(folder)]) == 0
    assert "đã nạp bản nháp 1" in capsys.readouterr().out
    assert main(["courses", "load", str(folder), "--publish", "--json"]) == 0
    [loaded] = json.loads(capsys.readouterr().out)["courses"]
    assert loaded == {"slug": "hop-so", "title": "Họp số", "version": 1, "state": "published", "changed": True}
    assert main(["courses", "load", str(folder), "--publish"]) == 0
    assert "không có gì mới" in capsys.readouterr().out
    assert main(["courses", "export", str(tmp_path / "ra"), "--course", "hop-so"]) == 0
    assert bytes_of(tmp_path / "ra/hop-so") == bytes_of(folder)
    assert main(["courses", "export", str(tmp_path / "ra")]) == 2


@pytest.mark.usefixtures("environment")
def test_a_broken_folder_is_not_loaded_and_says_why(
    runtime: Runtime, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good_folder(folder.parent, "khoa-tot")
    line = swap(folder, LESSON, "minutes: 12", "minutes: 0")
    assert main(["courses", "load", str(folder.parent)]) == 2
    assert f"{folder}/{LESSON}:{line}: " in capsys.readouterr().err
    with runtime.database.reading() as db:
        assert db.scalars(select(Course.slug)).all() == []


def test_starter_courses_are_loaded_once_and_then_left_alone(runtime: Runtime, folder: Path) -> None:
    runtime.settings.courses_dir = folder.parent
    assert load_starter_courses(runtime) == ["Họp số"]
    with runtime.database.writing() as db:
        source = source_of(db, queries.course_by_slug(db, "hop-so").version_id)
        publish(
            db,
            save_version(db, runtime.storage, edited_course(source, title="Họp số tại phường"), None, by=None),
            by=None,
        )
    assert load_starter_courses(runtime) == []
    with runtime.database.reading() as db:
        assert queries.course_by_slug(db, "hop-so").title == "Họp số tại phường"
        assert db.scalars(select(CourseVersion.number)).all() == [1, 2]
