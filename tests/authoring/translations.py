"""The small course folder with its first lesson in English, in part, and read aloud in Nùng."""

from pathlib import Path

from app.catalogue.translating import HEAD, fingerprints
from tests.authoring.folders import LESSON, SVG, write
from tests.catalogue import making
from tests.media.samples import ffmpeg

ENGLISH = "01-mo-dau/01-hop-so.en.md"
RECORDING = "01-mo-dau/01-hop-so.nut.mp3"
TEXT = """\
---
# Người dịch: chị Hoa.
title: Meeting without paper
objectives: [Send an invitation to a meeting.]
from:
  _head: {head}
  chuyen-o-phuong: {section}
---

## At the ward office {{#chuyen-o-phuong}}

Ms Hoa sends the invitations.

![Three steps of a meeting](01-vong-hop.en.svg "Three steps.")

![A round of meetings](01-phim.mp4 "Silent.")

::: warn
Printing the papers to be safe.
:::
"""


def translate(folder: Path) -> None:
    """Add both to the folder of folders.good_folder, whose lesson gets a second section that stays in Vietnamese."""
    path = folder / LESSON
    write(folder, LESSON, path.read_text(encoding="utf-8") + "\n## Ba ý mang về\n\n- Mời qua hệ thống.\n")
    _head, text = path.read_text(encoding="utf-8").split("\n---\n", 1)
    now = fingerprints(
        making.lesson(
            title="Họp không giấy", markdown=text, objectives=("Gửi được giấy mời họp.",),
            role="Chị Hoa, văn thư phường (nhân vật minh họa)",
        )
    )  # fmt: skip
    write(folder, ENGLISH, TEXT.format(head=now[HEAD], section=now["chuyen-o-phuong"]))
    write(folder, "01-mo-dau/01-phim.en.vtt", "WEBVTT\n\n00:00.000 --> 00:00.500\nGood morning.\n")
    write(folder, "01-mo-dau/01-vong-hop.en.svg", SVG.replace("Hình", "Picture"))
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-b:a", "32k", folder / RECORDING)
