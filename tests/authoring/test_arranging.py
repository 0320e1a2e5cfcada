"""The outline rearranged: pure acts, then the same through the studio."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app.authoring import arranging, starting
from app.authoring.changes import changes_between
from app.authoring.folder import export_course, read_course
from app.authoring.folder.quality import weaknesses
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version_id
from app.catalogue.service import retire, save_version
from app.catalogue.source import CourseSource, ExtraFile, FileSource, ModuleSource
from app.catalogue.stored import source_of
from app.core.db import Database, Session
from app.core.errors import Conflict, NotFound
from app.core.storage import Storage
from tests import factories
from tests.authoring.conftest import StudioCourse
from tests.browser import Browser
from tests.catalogue.making import QUIZ, SVG, course, lesson


def two_modules() -> CourseSource:
    first = ModuleSource(
        "01-dau", "Đầu", "Làm được", tuple(lesson(f"THU.1.{number}", quiz=None) for number in (1, 2, 3))
    )
    second = ModuleSource("02-sau", "Sau", "Làm được", (lesson("THU.2.1", quiz=None),))
    return replace(course(), modules=(first, second), manifest="code: THU\n")


def outline(source: CourseSource) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(module.folder, [(one.key, one.stem) for one in module.lessons]) for module in source.modules]


def test_a_lesson_goes_where_it_is_put_and_files_are_numbered_as_they_stand() -> None:
    source = two_modules()
    up = arranging.lesson_moved(source, "THU.1.3", "01-dau", "THU.1.1")
    assert outline(up)[0] == ("01-dau", [("THU.1.3", "01-bai"), ("THU.1.1", "02-bai"), ("THU.1.2", "03-bai")])
    away = arranging.lesson_moved(source, "THU.1.2", "02-sau", "THU.2.1")
    assert outline(away) == [
        ("01-dau", [("THU.1.1", "01-bai"), ("THU.1.3", "03-bai")]),
        ("02-sau", [("THU.1.2", "01-bai"), ("THU.2.1", "02-bai")]),
    ]
    assert arranging.lesson_moved(source, "THU.1.2", "01-dau", "THU.1.2") == source
    assert away.manifest == source.manifest, "course.yaml says nothing of lessons"
    last = arranging.lesson_moved(source, "THU.1.1", "01-dau", "THU.9.9")
    assert [key for key, _stem in outline(last)[0][1]] == ["THU.1.2", "THU.1.3", "THU.1.1"], (
        "what it stood before is gone"
    )
    with pytest.raises(NotFound):
        arranging.lesson_moved(source, "THU.9.9", "01-dau")
    with pytest.raises(NotFound):
        arranging.lesson_moved(source, "THU.1.1", "03-khong")


def test_a_copied_lesson_has_a_key_and_question_ids_of_its_own() -> None:
    source = replace(
        two_modules(), modules=(ModuleSource("01-dau", "Đầu", "x", (lesson("THU.1.1"), lesson("THU.1.2", quiz=None))),)
    )
    made = arranging.lesson_copied(source, "THU.1.1")
    assert outline(made) == [("01-dau", [("THU.1.1", "01-bai"), ("THU.1.3", "02-bai"), ("THU.1.2", "03-bai")])]
    twin = made.lesson("THU.1.3")[1]
    assert twin.title == "Ký số là gì (bản sao)"
    assert twin.quiz is not None
    assert [one["id"] for one in twin.quiz["questions"]] == ["THU.1.3-q1", "THU.1.3-q2"]
    assert made.lesson("THU.1.1")[1].quiz == QUIZ, "the first one's stay"


def test_modules_move_are_copied_and_go_but_never_the_last() -> None:
    source = two_modules()
    assert [one.folder for one in arranging.module_moved(source, "02-sau", "01-dau").modules] == ["02-sau", "01-dau"]
    made = arranging.module_copied(source, "01-dau")
    assert [one.folder for one in made.modules] == ["01-dau", "03-dau", "02-sau"]
    keys = [one.key for module in made.modules for one in module.lessons]
    assert len(set(keys)) == len(keys) == 7
    one_left = arranging.without_module(source, "01-dau")
    assert [one.folder for one in one_left.modules] == ["02-sau"]
    with pytest.raises(Conflict, match="ít nhất một học phần"):
        arranging.without_module(one_left, "02-sau")


def test_files_of_a_moved_lesson_go_with_it_under_names_that_are_free() -> None:
    said = "## Xem\n\n![Chị Hoa ký một công văn](01-phim.mp4)\n\n![Hình](01-hinh.svg)\n"
    files = tuple(
        FileSource(name, asset_id=number)
        for number, name in enumerate(("01-hinh.svg", "01-phim.mp4", "01-phim.vi.vtt"), 1)
    )
    moving = lesson("THU.1.1", markdown=said, quiz=None, files=files)
    staying = lesson("THU.1.2", quiz=None, markdown="![Hình](01-hinh.svg)\n", files=files[:1])
    other = lesson(
        "THU.2.1", quiz=None, markdown="![Khác](01-phim.mp4)\n", files=(FileSource("01-phim.mp4", asset_id=9),)
    )
    source = replace(
        course(),
        modules=(ModuleSource("01-dau", "Đầu", "x", (moving, staying)), ModuleSource("02-sau", "Sau", "x", (other,))),
        extra_files=(ExtraFile("01-dau/01-phim.slides.yaml", text="- figure: 01-hinh.svg\n"),),
    )
    made = arranging.lesson_moved(source, "THU.1.1", "02-sau")
    moved = made.lesson("THU.1.1")[1]
    assert {one.name for one in moved.files} == {"01-hinh.svg", "01-phim-2.mp4", "01-phim-2.vi.vtt"}
    assert "(01-phim-2.mp4)" in moved.markdown
    assert "(01-hinh.svg)" in moved.markdown
    assert [one.path for one in made.extra_files] == ["02-sau/01-phim-2.slides.yaml"]
    gone = arranging.without_lesson(source, "THU.1.1")
    assert gone.extra_files == ()


def some_act(chance: random.Random, source: CourseSource) -> CourseSource:
    keys = [one.key for module in source.modules for one in module.lessons]
    module, key, other = chance.choice(source.modules), chance.choice(keys), chance.choice(keys)
    match chance.randrange(5):
        case 0:
            return arranging.lesson_copied(source, key) if len(keys) < 12 else source
        case 1:
            return arranging.without_lesson(source, key) if len(keys) > 3 else source
        case 2:
            return arranging.module_copied(source, module.folder) if len(source.modules) < 5 else source
        case 3:
            return arranging.module_moved(source, module.folder, chance.choice(source.modules).folder)
        case _:
            return arranging.lesson_moved(source, key, module.folder, other)


def told(source: CourseSource) -> object:
    return [
        (
            module.folder,
            module.title,
            one.key,
            one.stem,
            one.title,
            one.markdown,
            one.quiz,
            {file.name for file in one.files},
        )
        for module in source.modules
        for one in module.lessons
    ]


def test_whatever_is_done_to_a_course_its_folder_can_be_read_again(
    db: Session, storage: Storage, tmp_path: Path
) -> None:
    """A real course with slide videos, documents and quizzes, rearranged at random, exported and read."""
    source = read_course(Path("courses/y-te-so"))
    unit_id = factories.unit_id(db, "24")
    source = source_of(db, save_version(db, storage, source, unit_id, None).id)
    chance = random.Random(13)
    source = arranging.with_module(source, "Học phần thêm", "Làm được")
    for _act in range(40):
        source = some_act(chance, source)
    for module in source.modules:
        if not module.lessons:
            source = arranging.without_module(source, module.folder)
    save_version(db, storage, source, unit_id, None)
    again = read_course(export_course(db, storage, source.slug, tmp_path))

    assert told(again) == told(source)
    assert {one.path for one in again.extra_files} == {one.path for one in source.extra_files}


def test_saving_what_was_drawn_before_gives_the_same_as_drawing_it_anew(
    db: Session, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.catalogue import service

    picture = tmp_path / "01-hinh.svg"
    picture.write_text(SVG)
    one = lesson(markdown="## Mở\n\n![Con dấu](01-hinh.svg)\n", files=(FileSource("01-hinh.svg", path=picture),))
    unit_id = factories.unit_id(db, "24")
    monkeypatch.setattr(service, "_known", service.OrderedDict())
    first = save_version(db, storage, course(one), unit_id, None)
    source = source_of(db, first.id)
    told = arranging.with_lesson_said(source, "THU.1.1", title="Tên khác")
    second = save_version(db, storage, told, unit_id, None)
    monkeypatch.setattr(service, "_known", service.OrderedDict())
    third = save_version(db, storage, arranging.with_lesson_said(told, "THU.1.1", is_required=False), unit_id, None)
    kept = [version.modules[0].lessons[0] for version in (first, second, third)]
    assert kept[0].blocks == kept[1].blocks == kept[2].blocks
    assert "con dau" in kept[1].folded_text or "mo" in kept[1].folded_text
    assert kept[1].folded_text == kept[2].folded_text
    assert kept[1].folded_text.startswith("ten khac")


# --- starts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [one.key for one in starting.STARTS])
def test_a_start_is_a_course_that_says_what_is_still_to_be_written(key: str) -> None:
    made = starting.new_course(starting.start(key), "ho-tich-so", "HTS01", "Hộ tịch số")
    assert all(one.key.startswith("HTS01.") for module in made.modules for one in module.lessons)
    assert made.hours == starting.required_hours(made)
    left = [problem for problem in weaknesses([made])[0] if "còn phải viết" in problem.message]
    files = {problem.file for problem in left}
    assert {f"{module.folder}/{one.stem}.md" for module in made.modules for one in module.lessons} < files


def test_addresses_and_codes_are_made_from_the_title_and_free() -> None:
    assert starting.free_slug("Ký số trong công việc", {"ky-so-trong-cong-viec"}) == "ky-so-trong-cong-viec-2"
    assert starting.free_slug("New", set()) == "new-2", "a page of the studio has that address"
    assert starting.free_slug("!!!", set()) == "khoa-hoc"
    assert starting.free_code("Ký số trong công việc", {"KSTC01"}) == "KSTC02"
    assert starting.free_code("5 điều", set()) == "D01"


def test_hours_follow_the_lessons_until_somebody_chooses_others() -> None:
    source = two_modules()
    followed = replace(source, hours=starting.required_hours(source))
    assert starting.with_hours_of(followed, arranging.without_lesson(followed, "THU.1.1")).hours == 0.5
    chosen = replace(source, hours=8.0)
    assert starting.with_hours_of(chosen, arranging.without_lesson(chosen, "THU.1.1")).hours == 8.0


# --- the studio -----------------------------------------------------------------------------------------------------


def newest(database: Database, slug: str = "ky-so") -> CourseSource:
    with database.reading() as db:
        version_id = newest_version_id(db, slug)
        assert version_id is not None
        return source_of(db, version_id)


def test_an_author_begins_a_course_and_stands_before_its_first_lesson(author: Browser, database: Database) -> None:
    assert "Lập khóa học" in author.get("/studio").text
    form = author.get("/studio/new")
    unit = re.search(r'name="unit" value="(\d+)"', form.text)
    assert unit is not None
    assert 'name="unit" value' in form.text, "the only unit is not asked for"
    typed = {"title": "Hộ tịch trên mạng", "start": "nguoi-dan", "unit": unit.group(1), "audience": "", "copy_of": ""}
    made = author.post("/studio/new", typed)
    assert made.url.path == "/studio/ho-tich-tren-mang"
    assert "Viết bài đầu tiên" in made.text
    first = re.search(r'href="(/studio/ho-tich-tren-mang/lessons/[^"]+/edit)"', made.text)
    assert first is not None
    assert "[Hãy kể trong ba đến năm câu" in author.get(first.group(1)).text
    source = newest(database, "ho-tich-tren-mang")
    assert (source.code, source.audiences, source.access) == ("HTTM01", ("NGUOIDAN",), "open")
    assert source.contact == "khcn@example.vn", "as in the unit's last course"

    twice = author.post("/studio/new", typed)
    assert twice.status_code == 422
    assert "đã có khóa học tên này" in twice.text
    assert 'value="Hộ tịch trên mạng"' in twice.text


def test_another_order_alone_is_a_change_to_publish() -> None:
    source = two_modules()
    assert changes_between(source, source) == []
    up = arranging.lesson_moved(source, "THU.1.3", "01-dau", "THU.1.1")
    assert [change.kind for change in changes_between(source, up)] == ["order"]
    fewer = arranging.without_lesson(source, "THU.1.1")
    assert [change.kind for change in changes_between(source, fewer)] == ["removed"]


def test_a_course_begins_as_a_copy_of_one_that_can_be_read(
    new_browser: Callable[[], Browser], author: Browser, database: Database
) -> None:
    elsewhere = new_browser().sign_in("tacgia-phuong")
    form = elsewhere.get("/studio/new?copy=ky-so").text
    assert 'value="Ký số trong công việc (bản sao)"' in form
    unit = re.search(r'name="unit" value="(\d+)"', form)
    assert unit is not None
    typed = {"title": "Ký số ở phường", "start": "copy", "copy_of": "ky-so", "unit": unit.group(1), "audience": "CBCC"}
    assert elsewhere.post("/studio/new", typed).url.path == "/studio/ky-so-o-phuong"
    source = newest(database, "ky-so-o-phuong")
    assert [one.key for module in source.modules for one in module.lessons] == ["KSOP01.1.1"]
    assert source.audiences == ("CBCC",)
    author.post("/studio/ky-so/modules", {"title": "Nháp", "objective": ""})
    again = elsewhere.post("/studio/new", typed | {"title": "Chép nữa"})
    assert len(newest(database, again.url.path.removeprefix("/studio/")).modules) == 1, (
        "learners' version, not the draft"
    )
    with database.writing() as db:
        retire(db, db.scalars(select(Course).where(Course.slug == "ky-so")).one(), None)
    late = elsewhere.post("/studio/new", typed | {"title": "Chép khóa đã ngừng"})
    assert late.status_code == 422
    assert "Hãy chọn khóa học để chép" in late.text
    assert 'value="ky-so"' in author.get("/studio/new").text, "its own unit still may"


def test_an_author_arranges_the_outline(author: Browser, database: Database, studio_course: StudioCourse) -> None:
    url = "/studio/ky-so"
    refused = author.post(f"{url}/modules", {"title": " ", "objective": "Ký được hàng loạt"})
    assert refused.status_code == 422
    assert "Hãy ghi tên." in refused.text
    assert "Ký được hàng loạt</textarea>" in refused.text, "nothing typed is lost"
    author.post(f"{url}/modules", {"title": "Nâng cao", "objective": "Ký được hàng loạt"})
    author.post(f"{url}/lessons/KS01.1.1/arrange", {"do": "copy", "base_version": "0"})
    moved = author.post(f"{url}/outline", {"move": "lesson:KS01.1.2:02-nang-cao:"})
    assert moved.status_code == 200
    assert outline(newest(database)) == [
        ("01-bat-dau", [("KS01.1.1", "01-mo-dau")]),
        ("02-nang-cao", [("KS01.1.2", "02-mo-dau")]),
    ]
    part = author.post(f"{url}/outline", {"move": "module:02-nang-cao:01-bat-dau"}, headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert part.text.index("module-02-nang-cao") < part.text.index("module-01-bat-dau")
    assert author.post(f"{url}/outline", {"move": "lesson:x"}).status_code == 404

    page = author.get(f"{url}/lessons/KS01.1.2/arrange").text
    assert "ai đã học xong vẫn được tính" in page
    base = re.search(r'name="base_version" value="(\d+)"', page)
    assert base is not None
    said = {"do": "say", "title": "Bài thêm", "base_version": base.group(1)}
    assert "Đã lưu tên bài" in author.post(f"{url}/lessons/KS01.1.2/arrange", said).text
    assert newest(database).lesson("KS01.1.2")[1].is_required is False
    assert newest(database).hours == 0.5, "somebody chose those"

    gone = {"do": "remove", "base_version": base.group(1)}
    refused = author.post(f"{url}/lessons/KS01.1.2/arrange", gone)
    assert refused.status_code == 409
    assert "vừa được người khác sửa" in refused.text
    fresh = re.search(r'name="base_version" value="(\d+)"', refused.text)
    assert fresh is not None
    author.post(f"{url}/lessons/KS01.1.2/arrange", gone | {"base_version": fresh.group(1)})
    assert [one[1] for one in outline(newest(database))] == [[], [("KS01.1.1", "01-mo-dau")]]
    with database.reading() as db:
        published = db.get_one(Course, studio_course.course_id).published_version_id
        assert published == studio_course.version_id, "learners see what they saw"
        assert len(db.scalars(select(CourseVersion.id)).all()) == 7, "one act, one draft"
