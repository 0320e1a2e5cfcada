"""A lesson in several languages: the files of a folder, and what a learner makes of them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.authoring.folder import export_course, load_course, read_course
from app.authoring.folder.quality import weaknesses
from app.catalogue.models import CourseVersion
from app.catalogue.search import search
from app.catalogue.service import publish, save_version
from app.catalogue.source import with_lesson
from app.catalogue.stored import source_of
from app.core.storage import Storage
from app.runtime import Runtime
from tests.authoring.folders import LESSON, good_folder, swap, write
from tests.authoring.test_folder_check import problems_of
from tests.authoring.test_folder_load_export import bytes_of
from tests.authoring.translations import ENGLISH, RECORDING, translate
from tests.browser import Browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = good_folder(tmp_path / "vao")
    translate(folder)
    return folder


def test_translations_and_recordings_come_back_byte_for_byte(
    db: Session, storage: Storage, folder: Path, tmp_path: Path
) -> None:
    version = load_course(db, storage, folder, by=None)
    assert bytes_of(export_course(db, storage, "hop-so", tmp_path / "ra")) == bytes_of(folder)
    source = source_of(db, version.id)
    assert save_version(db, storage, source, None, by=None) is version
    # Loading is idempotent, and knows a change of a translation alone.
    assert load_course(db, storage, folder, by=None) is version
    swap(folder, ENGLISH, "Ms Hoa", "Mrs Hoa")
    assert load_course(db, storage, folder, by=None).number == 2
    # One without a head of its own gets one that says the same.
    module, lesson = source.lesson("HS01.1.1")
    bare = replace(lesson, translations=(replace(lesson.translations[0], front_matter=""),))
    made = save_version(db, storage, with_lesson(source, module.folder, bare), None, by=None)
    again = read_course(export_course(db, storage, "hop-so", tmp_path / "lai")).lesson("HS01.1.1")[1]
    assert replace(again.translations[0], front_matter="") == bare.translations[0]
    assert made.number == 3


def test_a_course_in_one_language_keeps_the_sum_it_had(db: Session, storage: Storage, tmp_path: Path) -> None:
    folder = good_folder(tmp_path)
    for name in ("01-phim.mp4", "01-phim.vi.vtt", "01-phim.slides.yaml", "01-nguon.svg"):
        (folder / "01-mo-dau" / name).unlink()
    swap(folder, LESSON, '![Một vòng họp](01-phim.mp4 "Không lời.")\n\n', "")
    # As it was before lessons had translations: otherwise every course would be loaded as a new version.
    the_sum = "7fbde027f73a5dbc10c373879bb3b882a319dc960d30620b0bb52560fd8561bb"
    assert load_course(db, storage, folder, by=None).checksum == the_sum


def test_everything_wrong_with_a_translation_is_named(folder: Path) -> None:
    swap(folder, ENGLISH, "  chuyen-o-phuong: ", "  chuyen-o-xa: ")
    swap(folder, ENGLISH, '![A round of meetings](01-phim.mp4 "Silent.")', "[x](#khong-co) ![](01-mat.svg)")
    write(folder, ENGLISH, (folder / ENGLISH).read_text(encoding="utf-8") + "\n## Unnamed\n\n<b>x</b>\n")
    write(folder, "01-mo-dau/01-hop-so.xx.md", "---\n---\n")
    write(folder, "01-mo-dau/01-hop-so.vi.md", "---\n---\n")
    write(folder, "01-mo-dau/09-khong-co.en.md", "---\n---\n")
    (folder / RECORDING).rename(folder / RECORDING.replace("nut", "zzz"))
    found = {(one.file.rpartition("/")[2], one.message) for one in problems_of(folder)}
    for name, said in (
        ("01-hop-so.en.md", "Đề mục “Unnamed” phải nêu"),
        ("01-hop-so.en.md", "“from” ghi phần “chuyen-o-xa”"),
        ("01-hop-so.en.md", "Không có tệp “01-mat.svg”"),
        ("01-hop-so.en.md", "Liên kết “#khong-co”"),
        ("01-hop-so.en.md", "Không dùng thẻ HTML"),
        ("01-hop-so.xx.md", "Không có thứ tiếng “xx”"),
        ("01-hop-so.vi.md", "Bài gốc đã viết bằng thứ tiếng này"),
        ("09-khong-co.en.md", "không có bài học cùng tên"),
        ("01-hop-so.zzz.mp3", "Không có thứ tiếng “zzz”"),
    ):
        assert any(file == name and said in message for file, message in found), said


def test_what_the_original_has_moved_on_from_is_told_and_still_loads(folder: Path) -> None:
    def said() -> list[tuple[str, int, str]]:
        found = [one for one in weaknesses([read_course(folder)])[0] if one.rule == "translation"]
        return [(one.file, one.line, one.message) for one in found]

    assert said() == []
    swap(folder, LESSON, "Chị Hoa gửi giấy mời.", "Chị Hoa gửi giấy mời qua hệ thống.")
    line = swap(folder, ENGLISH, "## At the ward office", "## At the office")
    [(file, at, message)] = said()
    assert (file, at) == (ENGLISH, line)
    assert "chuyen-o-phuong: " in message
    swap(folder, ENGLISH, '![A round of meetings](01-phim.mp4 "Silent.")', "")
    assert any("bản dịch cũng phải có" in message for _file, _line, message in said())
    swap(folder, LESSON, "## Chuyện ở phường", "## Chuyện ở xã")
    assert (ENGLISH, line, "Bài gốc không có đề mục “chuyen-o-phuong”.") in said()


def test_a_learner_reads_in_a_chosen_language_and_sees_what_is_not_translated(
    runtime: Runtime, folder: Path, browser: Browser
) -> None:
    swap(folder, "course.yaml", "access: assigned", "access: open")
    with runtime.database.writing() as db:
        publish(db, load_course(db, runtime.storage, folder, by=None), by=None)
    page = browser.get("/learn/hop-so/HS01.1.1").text
    assert 'name="lessons" value="vi" lang="vi" aria-pressed="true"' in page
    assert "Meeting without paper" not in page
    # Read aloud: the size is said, nothing is fetched before it is played.
    assert "Nghe bài này bằng tiếng Nùng" in page
    heard = re.search(r'id="read-nut" controls preload="none" src="([^"]+)"', page)
    assert heard
    assert browser.get(heard[1]).status_code == 200
    browser.post("/settings/look", {"lessons": "en", "next": "/learn/hop-so/HS01.1.1"})
    page = browser.get("/learn/hop-so/HS01.1.1").text
    assert '<h1 id="lesson" lang="en">Meeting without paper</h1>' in page
    assert '<h2 id="chuyen-o-phuong">At the ward office</h2>' in page
    english, rest = page.split("Phần này chưa có bản tiếng Anh.")
    assert 'data-block="01-phim"' in english
    # Captions in the language one reads come first, those of the original remain.
    assert english.index("Lời của video (English)") < english.index("Lời của video (Tiếng Việt)")
    assert '<div class="prose"><h2 id="ba-y-mang-ve">' in rest
    assert "Câu hỏi của bài này bằng tiếng Việt." in rest
    # The other lesson has no English at all, and says so.
    assert "Bài này chưa có bản tiếng Anh nên hiện bằng tiếng Việt." in browser.get("/learn/hop-so/HS01.1.2").text
    # On a page in English a lesson without any is marked as the Vietnamese it is.
    browser.post("/settings/look", {"lang": "en"})
    assert '<div class="prose" lang="vi"><h2 id="ky">' in browser.get("/learn/hop-so/HS01.1.2").text
    browser.post("/settings/look", {"lang": "vi"})
    assert "English: 1 bài" in browser.get("/courses/hop-so").text
    with runtime.database.reading() as db:
        assert [hit.lesson_key for hit in search(db, "sends the invitations")] == ["HS01.1.1"]
        assert db.get_one(CourseVersion, 1).modules[0].lessons[0].titles == {"en": "Meeting without paper"}
