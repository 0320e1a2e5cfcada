"""Three lessons of the same words to weigh: alone, with a sound that reads them out, with a video; and a learner."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from app.authoring.folder import load_course
from app.catalogue.service import publish
from app.core.db import Database
from app.core.jobs import Worker
from app.core.settings import ROOT, Settings, get_settings
from app.core.storage import storage_of
from app.identity.people import people
from app.identity.sign_in.accounts import create_account, find_candidate, sign_in
from app.learning.service import enrol
from app.media.encoder import find_ffmpeg
from app.media.jobs import JOBS
from bench.world import PASSWORD, environment_of, operate

# A lesson of the starter courses as its authors wrote it: 1,100 words, tables, a drawing, a video of over a minute.
_SOURCE = ROOT / "courses" / "an-toan-thong-tin" / "01-quan-ly-rui-ro"
_STEM, _DRAWING, _FILM = "01-quy-trinh-quan-ly-rui-ro", "01-vong-nam-chang.svg", "01-vong-rui-ro"
_COURSE, _MODULE, _SOUND = "bai-de-can", "01-bai-de-can", "bai-doc"
_FILM_LINE = re.compile(r"!\[[^]]*\]\(" + _FILM + r"\.mp4[^)]*\)\n\n")
# As many letters as a line of captions has, and as long as one reads it aloud.
_LINE_LETTERS, _LINE_S = 60, 4
_MANIFEST = """\
code: CAN
title: Bài để cân
summary: Dùng cho phép đo.
access: assigned
audiences: [CBCC]
hours: 0.8
language: vi
licence: CC-BY-4.0
owner: Nhóm đo
contact: nhom-do@example.vn
level: Cơ bản
cover: cover.svg
certificate: {rule: all_required_lessons, title: Giấy chứng nhận}
modules:
  - {dir: 01-bai-de-can, title: Bài để cân, objective: Biết một bài nặng bao nhiêu}
"""


@dataclass(frozen=True)
class Weighed:
    """`paths` by what the lesson holds; `session` of somebody enrolled who has done none of them."""

    environment: dict[str, str]
    paths: dict[str, str]
    session: str


def make_lessons(folder: Path) -> Weighed:
    """A small installation with these lessons, their sound and video ready to play."""
    environment = environment_of(folder, f"sqlite:///{folder}/hocso.db") | {"COURSES_DIR": f"{folder}/none"}
    operate(environment, "seed")
    os.environ.update(environment)
    get_settings.cache_clear()
    settings = Settings()
    database, storage = Database.of(settings), storage_of(settings.media_url)
    course = folder / _COURSE
    paths = _write_course(course)
    with database.writing() as db:
        version = publish(db, load_course(db, storage, course, None), None)
        session = _learner(db, version.course_id)
    Worker(database, storage, JOBS).run_all()
    database.dispose()
    return Weighed(environment, paths, session)


def _write_course(course: Path) -> dict[str, str]:
    module = course / _MODULE
    module.mkdir(parents=True)
    (course / "course.yaml").write_text(_MANIFEST, encoding="utf-8")
    for name in (_DRAWING, f"{_FILM}.mp4", f"{_FILM}.vi.vtt"):
        (module / name).write_bytes((_SOURCE / name).read_bytes())
    (course / "cover.svg").write_bytes((_SOURCE / _DRAWING).read_bytes())
    text = (_SOURCE / f"{_STEM}.md").read_text(encoding="utf-8")
    film = _FILM_LINE.search(text)
    assert film
    spoken = _spoken(text.rpartition("---\n")[2].replace(film[0], ""))
    _write_sound(module, spoken)
    paths = {}
    media = {"chữ và hình": "", "chữ và âm thanh": f"![Nghe cả bài]({_SOUND}.mp3)\n\n", "chữ và video": film[0]}
    for number, (name, line) in enumerate(media.items(), 1):
        key = f"CAN.1.{number}"
        told = text.replace("key: KH02.1.1", f"key: {key}").replace(film[0], line)
        (module / f"{number:02}-bai.md").write_text(told, encoding="utf-8")
        paths[name] = f"/learn/{_COURSE}/{key}"
    return paths


def _spoken(text: str) -> list[str]:
    """The words of a lesson in lines of captions."""
    lines, line = [], ""
    for word in re.sub(r"!\[[^]]*\]\([^)]*\)|:::.*|[#*|>-]+", " ", text).split():
        if len(line) + len(word) >= _LINE_LETTERS:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line]


def _write_sound(module: Path, spoken: list[str]) -> None:
    noise = f"anoisesrc=color=pink:amplitude=0.3:duration={_LINE_S * len(spoken)}"
    made = module / f"{_SOUND}.mp3"
    words = ["-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", noise, "-ac", "1", "-b:a", "64k", str(made)]
    subprocess.run([find_ffmpeg(), *words], check=True)
    (module / f"{_SOUND}.vi.vtt").write_text("WEBVTT\n" + "".join(_cues(spoken)), encoding="utf-8")


def _cues(spoken: list[str]) -> Iterator[str]:
    for number, line in enumerate(spoken):
        yield f"\n{_moment(number * _LINE_S)} --> {_moment((number + 1) * _LINE_S)}\n{line}\n"


def _moment(seconds: int) -> str:
    return f"00:{seconds // 60:02}:{seconds % 60:02}.000"


def _learner(db: Session, course_id: int) -> str:
    person = people.add_person(db, name="Người Đo Thử")
    create_account(db, person, "nguoi-do", PASSWORD, must_change=False)
    enrol(db, person.id, course_id)
    candidate = find_candidate(db, "nguoi-do")
    assert candidate
    return sign_in(db, candidate)
