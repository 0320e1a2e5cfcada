"""An author translates a lesson part by part, and lets it be heard in another language."""

import re
from dataclasses import replace
from pathlib import Path

from app.authoring.arranging import lesson_moved
from app.authoring.translation_form import PartFields, TranslationFields, merged, problems, translation_of
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.source import FileSource, LessonSource
from app.catalogue.stored import source_of
from app.catalogue.translating import HEAD, translated
from app.core.db import Database
from tests.browser import Browser
from tests.catalogue import making
from tests.media.samples import ffmpeg

LESSON = "/studio/ky-so/lessons/KS01.1.1"
ENGLISH = f"{LESSON}/translations/en"
PART = "chuyen-cua-chi-hoa"
TEXT = "## Một\n\nA.\n\n## Hai\n\nB.\n"


def typed(**parts: str) -> TranslationFields:
    return TranslationFields(
        title="Title", parts={name: PartFields(name.title(), body) for name, body in parts.items()}
    )


def test_a_part_that_is_saved_was_made_from_what_its_translator_saw() -> None:
    seen = making.lesson(markdown=TEXT)
    now = replace(seen, markdown=TEXT.replace("A.", "A, đã sửa."))
    made = translation_of(typed(mot="One.", hai="Two."), "en", now, seen)
    states = translated(replace(now, translations=(made,)), made)
    assert [one.state for one in states.parts] == ["old", "done"]
    # It stays old through other changes, until somebody says that it is still right.
    lesson = replace(now, translations=(made,))
    again = translation_of(typed(mot="One.", hai="Two, better."), "en", lesson, lesson)
    assert [one.state for one in translated(lesson, again).parts] == ["old", "done"]
    right = replace(typed(mot="One.", hai="Two."), still_right=frozenset({"mot"}))
    assert [one.state for one in translated(lesson, translation_of(right, "en", lesson, lesson)).parts] == ["done"] * 2


def test_what_nobody_touches_stays_byte_for_byte() -> None:
    lesson = making.lesson(markdown=TEXT)
    first = translation_of(typed(mot="One.", hai="Two."), "en", lesson, lesson)
    by_hand = replace(
        first, markdown=first.markdown.replace("\n\nOne.", "\n\n\nOne.  "), front_matter="---\n# Chị Hoa\n---\n"
    )
    kept = replace(lesson, translations=(by_hand,))
    assert translation_of(TranslationFields.of(by_hand, 0), "en", kept, kept) == by_hand
    changed = translation_of(typed(mot="One.", hai="Second."), "en", kept, kept)
    assert changed.markdown == by_hand.markdown.replace("Two.", "Second.")
    assert dict(changed.made_from).keys() == {HEAD, "mot", "hai"}


def test_two_translators_at_different_parts_both_keep_theirs() -> None:
    base = typed(mot="One.")
    both = merged(base, typed(mot="One, mine."), typed(mot="One.", hai="Two, theirs."))
    assert both is not None
    assert (both.part("mot").body, both.part("hai").body) == ("One, mine.", "Two, theirs.")
    assert merged(base, typed(mot="Mine."), typed(mot="Theirs.")) is None
    # A part somebody empties is gone, unless it was changed meanwhile.
    emptied = merged(base, typed(), base)
    assert emptied is not None
    assert emptied.part("mot") == PartFields()


def test_what_cannot_be_kept_is_said_at_its_field() -> None:
    lesson = making.lesson(markdown=TEXT)

    def found(part: PartFields, **fields: str) -> set[str]:
        return set(problems(TranslationFields(**({"title": "T"} | fields), parts={"mot": part}), lesson))

    assert found(PartFields("One", "Text.")) == set()
    assert found(PartFields("", "Text.")) == {"heading:mot"}
    assert found(PartFields("One", "## Another\n\nText.")) == {"body:mot"}
    assert found(PartFields("One", "![x](khong-co.svg)")) == {"body:mot"}
    assert found(PartFields("One", "<b>x</b>")) == {"body:mot"}
    assert found(PartFields(), title="T" * 201) == {"title"}
    assert found(PartFields(), title=" ") == {"title"}


def _lesson(database: Database) -> LessonSource:
    with database.reading() as db:
        course = db.query(Course).one()
        return source_of(db, newest_version(db, course).id).lesson("KS01.1.1")[1]


def _base(page: str) -> str:
    found = re.search(r'name="base_version" value="(\d+)"', page)
    assert found
    return found[1]


def test_an_author_translates_a_part_now_and_sees_later_what_to_do_again(author: Browser, database: Database) -> None:
    assert str(author.get(f"{LESSON}/translations?language=en").url).endswith(ENGLISH)
    page = author.get(ENGLISH).text
    assert "chưa dịch" in page
    fields = {
        "base_version": _base(page), "title": "", f"heading:{PART}": "Ms Hoa's story",
        f"body:{PART}": "Ms Hoa has to sign a letter.\r\n\r\n<b>Now</b>",
    }  # fmt: skip
    refused = author.post(ENGLISH, fields)
    assert refused.status_code == 422
    assert "Ms Hoa has to sign a letter." in refused.text
    fields[f"body:{PART}"] = "Ms Hoa has to sign a letter."
    assert "Đã lưu bản tiếng Anh" in author.post(ENGLISH, fields).text
    assert "1 trên 1 phần" in author.get(f"{LESSON}/translations").text
    assert "Ms Hoa has to sign a letter." in author.get(f"{LESSON}/learner?language=en").text
    assert "Ms Hoa has to sign" not in author.get(f"{LESSON}/learner").text
    assert "language=en" in author.get(f"{LESSON}/as-learner").text
    # Somebody changes the original, heading and all; what was translated stays, and is known to be old.
    stale = author.get(ENGLISH).text
    form = author.get(f"{LESSON}/edit").text
    lesson = _lesson(database)
    author.post(
        f"{LESSON}/edit",
        {
            "base_version": _base(form), "module": "01-bat-dau", "title": lesson.title, "minutes": "10",
            "objectives": "\n".join(lesson.objectives), "role": lesson.role, "source_title": "Luật", "source_ref": "20",
            "source_url": "", "body": lesson.markdown.replace("Chuyện của chị Hoa", "Chị Hoa ký số"),
        },
    )  # fmt: skip
    assert "1 phần bài gốc đã sửa" in author.get(f"{LESSON}/translations").text
    assert "Bản dịch vẫn đúng với bài gốc" in author.get(ENGLISH).text
    assert "Bản dịch chưa đủ hoặc đã cũ" in author.get("/studio/ky-so/publish").text
    assert [one.id for one in translated(_lesson(database), _lesson(database).translations[0]).lost] == []
    # A form opened before adds its title to what the part became meanwhile.
    assert "Đã lưu" in author.post(ENGLISH, fields | {"base_version": _base(stale), "title": "Digital signatures"}).text
    [translation] = _lesson(database).translations
    assert (translation.title, translated(_lesson(database), translation).done_count) == ("Digital signatures", 1)
    assert author.post(f"{ENGLISH}/remove").status_code == 200
    assert _lesson(database).translations == ()
    assert author.get(f"{LESSON}/translations/vi").status_code == 404
    assert author.get(f"{LESSON}/translations/xx").status_code == 404


def test_a_lesson_can_be_heard_in_a_language_it_is_not_written_in(
    author: Browser, database: Database, tmp_path: Path
) -> None:
    sound = ffmpeg("-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-b:a", "32k", tmp_path / "Đọc.mp3")
    recordings = f"{LESSON}/recordings"
    assert "Hãy chọn một tệp âm thanh." in author.post(recordings, {"language": "nut"}).text
    wrong = author.post(recordings, {"language": "nut"}, files={"file": ("x.mp3", b"khong phai am thanh")})
    assert wrong.status_code == 422
    done = author.post(recordings, {"language": "nut"}, files={"file": ("Đọc.mp3", sound.read_bytes())})
    assert "Đã nhận bản đọc bằng tiếng Nùng" in done.text
    assert [one.name for one in _lesson(database).recordings] == ["nut.m4a"]
    assert _lesson(database).files == ()
    assert "Bản đọc bằng tiếng Nùng đang được chuẩn bị." in author.get(f"{LESSON}/learner").text
    assert author.post(f"{recordings}/nut/remove").status_code == 200
    assert _lesson(database).recordings == ()


def test_a_recording_goes_where_its_lesson_goes() -> None:
    heard = replace(making.lesson("THU.1.1"), recordings=(FileSource("nut.mp3", asset_id=1),))
    course = making.course(heard, making.lesson("THU.1.2"))
    moved = lesson_moved(course, "THU.1.2", "01-mo-dau", "THU.1.1").lesson("THU.1.1")[1]
    assert moved.recording_name(moved.recordings[0]) == f"{moved.stem}.nut.mp3"
    assert moved.stem.startswith("02-")
