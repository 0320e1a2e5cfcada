"""Courses as plain values, and small files for them, made up for tests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.catalogue.source import Citation, CourseSource, FileSource, LessonSource, ModuleSource

QUIZ: dict[str, Any] = {
    "pass_percent": 70,
    "shuffle": True,
    "questions": [
        {
            "id": "T1-q1", "kind": "single", "text": "Việc nào là ký số?", "explanation": "Ký số dùng chứng thư số.",
            "options": [{"text": "Chụp chữ ký"}, {"text": "Ký bằng chứng thư số", "right": True}],
        },
        {"id": "T1-q2", "kind": "true_false", "text": "Bản quét là bản gốc.", "answer": False, "explanation": "Không."},
    ],
}  # fmt: skip

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><title>Hình</title><rect width="40" height="20"/></svg>
"""


def lesson(
    key: str = "THU.1.1", title: str = "Ký số là gì", markdown: str = "## Mở đầu\n\nChữ ký số.\n", **fields: Any
) -> LessonSource:
    values: dict[str, Any] = {
        "stem": f"{int(key.rsplit('.', 1)[1]):02}-bai",
        "minutes": 10,
        "objectives": ("Nêu được ký số là gì.",),
        "role": "Chị Hoa, văn thư phường (nhân vật minh họa)",
        "sources": (Citation("Nghị định về công tác văn thư", "30/2020/NĐ-CP"),),
        "quiz": QUIZ,
    }
    return LessonSource(key=key, title=title, markdown=markdown, **(values | fields))


def course(*lessons: LessonSource, **fields: Any) -> CourseSource:
    values: dict[str, Any] = {
        "slug": "khoa-thu",
        "code": "THU",
        "title": "Khóa học thử",
        "summary": "Để kiểm thử.",
        "access": "assigned",
        "hours": 0.5,
        "owner": "Sở thử",
        "contact": "thu@example.vn",
        "programme": "P04-NENTANG",
        "audiences": ("CBCC",),
        "tags": ("CDS",),
        "modules": (ModuleSource("01-mo-dau", "Học phần mở đầu", "Biết ký số", lessons or (lesson(),)),),
    }
    return replace(CourseSource(**values), **fields)


def picture(folder: Path, name: str = "hinh.svg", content: str = SVG) -> FileSource:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return FileSource(name, path=path)


def captions(folder: Path, name: str, *said: str) -> FileSource:
    cues = [f"00:00:{place:02}.000 --> 00:00:{place + 1:02}.000\n{text}\n" for place, text in enumerate(said)]
    path = folder / name
    path.write_text("WEBVTT\n\n" + "\n".join(cues), encoding="utf-8")
    return FileSource(name, path=path)
