"""A small course folder that is right in every way, to be broken in one place at a time."""

import shutil
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from tests.media.samples import video

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">
<title>Hình</title>
<rect width="40" height="20"/>
</svg>
"""
SLUG = "hop-so"
LESSON = "01-mo-dau/01-hop-so.md"
SECOND = "01-mo-dau/02-ky-so.md"
QUIZ = "01-mo-dau/01-hop-so.quiz.yaml"
PICTURE = "01-mo-dau/01-vong-hop.svg"
FILM = "01-mo-dau/01-phim.mp4"
CAPTIONS = "01-mo-dau/01-phim.vi.vtt"
SLIDES = "01-mo-dau/01-phim.slides.yaml"

TEXTS: dict[str, str] = {
    "course.yaml": """\
# Chú thích của người soạn được giữ khi xuất ra.
code: HS01
title: Họp số
summary: >-
  Họp không giấy,
  từ mời họp đến kết luận.
programme: P04-NENTANG
audiences: [CBCC, LANHDAO]
access: assigned
hours: 0.5
language: vi
licence: CC-BY-4.0
owner: Sở Khoa học và Công nghệ
contact: lien-he@example.vn
tags: [CDS]
level: Cơ bản
cover: cover.svg
certificate:
  rule: all_required_lessons
  title: Giấy chứng nhận hoàn thành khóa học
modules:
  - dir: 01-mo-dau
    title: Mở đầu
    objective: Biết họp số
""",
    LESSON: """\
---
key: HS01.1.1
title: Họp không giấy
minutes: 12
required: true
objectives:
  - Gửi được giấy mời họp.
role: Chị Hoa, văn thư phường (nhân vật minh họa)
sources:
  - title: Nghị định về công tác văn thư
    ref: Nghị định số 30/2020/NĐ-CP
    url: https://vanban.chinhphu.vn/
---

## Chuyện ở phường

Chị Hoa gửi giấy mời.

![Ba bước của một cuộc họp](01-vong-hop.svg "Ba bước.")

![Một vòng họp](01-phim.mp4 "Không lời.")

::: warn Hay nhầm
In tài liệu ra cho chắc.
:::

::: steps
1. Gửi giấy mời.
2. Gửi tài liệu.
3. Gửi kết luận.
:::
""",
    QUIZ: """\
pass_percent: 70
shuffle: true
questions:
  - id: HS01.1.1-q1
    kind: single
    text: Gửi giấy mời bằng gì?
    options:
      - text: Hệ thống quản lý văn bản
        right: true
      - text: 2026
    explanation: Vì có lưu vết.
  - id: HS01.1.1-q2
    kind: true_false
    text: Họp số vẫn phải in tài liệu.
    answer: false
    explanation: Không cần in.
""",
    SECOND: """\
---
key: HS01.1.2
title: Ký số
minutes: 8
required: false
objectives: [Ký được một văn bản.]
role: Anh Nam, chuyên viên (nhân vật minh họa)
sources:
  - title: Luật Giao dịch điện tử
    ref: Luật số 20/2023/QH15
---
## Ký

Anh Nam ký số.

::: warn
Cho mượn thiết bị ký.
:::

::: steps
1. Cắm thiết bị.
2. Bấm ký.
3. Kiểm tra chữ ký.
:::
""",
    CAPTIONS: "WEBVTT\n\n1\n00:00:00.000 --> 00:00:00.500\nChào anh/chị.\n",
    SLIDES: "title: Một vòng họp\nslides:\n  - title: Mời họp\n    figure: 01-nguon.svg\n    seconds: 1\n",
    PICTURE: SVG,
    "01-mo-dau/01-nguon.svg": SVG.replace("Hình", "Nguồn"),
    "cover.svg": SVG.replace("Hình", "Bìa"),
}


@lru_cache(maxsize=1)
def film() -> bytes:
    """One second of a moving picture."""
    folder = Path(mkdtemp())
    try:
        return video(folder / "phim.mp4", size="160x90", seconds=1, sound=False, faststart=True).read_bytes()
    finally:
        shutil.rmtree(folder)


def good_folder(parent: Path, slug: str = SLUG) -> Path:
    """A course folder `courses check` has nothing to say about."""
    folder = parent / slug
    for name, text in TEXTS.items():
        write(folder, name, text)
    (folder / FILM).write_bytes(film())
    return folder


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def swap(folder: Path, name: str, old: str, new: str) -> int:
    """Replace `old` by `new` once; the line `old` begins on."""
    text = (folder / name).read_bytes().decode()
    assert text.count(old) >= 1, f"{old!r} is not in {name}"
    write(folder, name, text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def sound_folder(parent: Path, slug: str = SLUG, code: str = "HS01") -> Path:
    """A folder that `courses check` has nothing to say about: right in form, and with lessons of a sound length."""
    folder = good_folder(parent, slug)
    for name, text in TEXTS.items():
        write(folder, name, text.replace("HS01", code))
    for name in (LESSON, SECOND):
        swap(folder, name, "\n::: warn", "\n" + prose(f"{slug} {name}") + "\n\n::: warn")
    swap(folder, LESSON, "  - Gửi được giấy mời họp.\n", "  - Gửi được giấy mời họp.\n  - Ghi được kết luận.\n")
    swap(folder, SECOND, "[Ký được một văn bản.]", "[Ký được một văn bản., Kiểm tra được chữ ký.]")
    swap(folder, LESSON, "![Ba bước của một cuộc họp]", "![Ba bước của một cuộc họp: mời, họp, kết luận]")
    swap(folder, "course.yaml", "hours: 0.5", "hours: 0.2")
    swap(folder, QUIZ, "explanation: Vì có lưu vết.", "explanation: Vì hệ thống lưu vết nơi nhận.")
    swap(folder, QUIZ, "explanation: Không cần in.", "explanation: Tài liệu đã có trên máy.\n" + _more_questions(code))
    return folder


def prose(about: str) -> str:
    """Fifty short sentences nobody else says."""
    return "\n\n".join(f"Ở {about}, việc thứ {number} được ghi lại ngay." for number in range(50))


def _more_questions(code: str) -> str:
    return "".join(
        f"  - id: {code}.1.1-q{number}\n    kind: true_false\n    text: Câu {number} đúng.\n    answer: true\n"
        f"    explanation: Câu này đúng như đã nói.\n"
        for number in range(3, 6)
    )
