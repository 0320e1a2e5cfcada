"""A lesson's text becomes a spoken, captioned video."""

import wave
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from app.core.settings import ROOT
from app.media import lesson_deck, voices
from app.media.captions import read_captions
from app.media.lesson_deck import Scene, read_lesson, scenes

LESSON = """---
title: Nộp hồ sơ trực tuyến
objectives:
  - Nộp được một hồ sơ
---

## Chuẩn bị

![Ba giấy tờ trên bàn](ba-giay-to.svg "Ba giấy tờ cần có.")

Chụp **căn cước công dân** cho rõ. Ảnh mờ thì bị trả lại.

::: note Nhớ mang điện thoại
Mã xác nhận gửi về máy.
:::

## Các bước

1. **Mở cổng dịch vụ.** Gõ đúng địa chỉ.
2. Bấm *Nộp hồ sơ*.

| Việc | Mất bao lâu |
|---|---|
| Nộp | 5 phút |

![Xem cách làm](phim.mp4)
"""
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40"><rect width="60" height="40" fill="#ac3820"/></svg>'
)


def test_headings_become_slides_and_steps_and_bold_words_their_lines() -> None:
    title, objectives, text = read_lesson(LESSON)
    assert scenes(title, objectives, text) == (
        Scene("Nộp hồ sơ trực tuyến", ("Nộp được một hồ sơ",), ("Nộp hồ sơ trực tuyến.", "Nộp được một hồ sơ.")),
        Scene("Chuẩn bị", (), ("Chuẩn bị.", "Ba giấy tờ cần có."), "ba-giay-to.svg"),
        Scene(
            "Chuẩn bị",
            ("Chụp căn cước công dân cho rõ", "Nhớ mang điện thoại", "Mã xác nhận gửi về máy"),
            ("Chụp căn cước công dân cho rõ.", "Ảnh mờ thì bị trả lại.", "Nhớ mang điện thoại.",
             "Mã xác nhận gửi về máy."),
        ),
        Scene(
            "Các bước",
            ("Mở cổng dịch vụ", "Bấm Nộp hồ sơ", "Nộp: 5 phút"),
            ("Các bước.", "Mở cổng dịch vụ.", "Gõ đúng địa chỉ.", "Bấm Nộp hồ sơ.", "Nộp: 5 phút."),
        ),
    )  # fmt: skip


def test_nothing_of_a_lesson_is_left_unsaid_and_no_slide_is_overfull() -> None:
    """Every lesson we ship, down to its last word outside of headings of tables."""
    for path in sorted((ROOT / "courses").glob("*/*/*.md")):
        title, objectives, text = read_lesson(path.read_text(encoding="utf-8"))
        found = scenes(title, objectives, text)
        said = " ".join(sentence for scene in found for sentence in scene.sentences)
        paragraphs = [line for line in text.splitlines() if line and line[0].isalpha() and "[" not in line]
        for line in paragraphs:
            assert line.replace("*", "").replace("`", "").split()[-1].rstrip(".") in said, (path.name, line)
        assert all(len(line) <= lesson_deck._LONGEST_LINE + 1 for scene in found for line in scene.lines)
        assert all(scene.sentences for scene in found), path.name


def test_a_text_without_a_head_is_a_lesson_too() -> None:
    assert read_lesson("Chào.") == ("", (), "Chào.")
    assert read_lesson("---\n[: hỏng\n---\nChào.") == ("", (), "Chào.")


def test_silence_lasts_as_long_as_reading(tmp_path: Path) -> None:
    [short, long] = voices.Silence().speak(["Chào.", "n" * 140], tmp_path)
    assert _seconds(short) == 1.5
    assert _seconds(long) == pytest.approx(10, abs=0.01)
    assert not any(voices.read_wav(long))


def test_espeak_speaks_vietnamese(tmp_path: Path) -> None:
    words = "Chào anh chị, mời anh chị mở máy."
    [spoken, cut] = voices.Espeak().speak([words, words[:12]], tmp_path)
    assert _seconds(cut) < _seconds(spoken) < 6
    assert max(voices.read_wav(spoken)) > 100


def test_a_voice_that_is_not_installed_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "espeak_library", lambda: None)
    assert voices.usual_voice() == "silence"
    with pytest.raises(voices.VoiceMissing):
        voices.Espeak()


def test_the_command_makes_a_video_whose_captions_keep_time_with_the_voice(
    tmp_path: Path, command: Callable[..., int]
) -> None:
    source = tmp_path / "01-nop-ho-so.md"
    source.write_text(LESSON, encoding="utf-8")
    (tmp_path / "ba-giay-to.svg").write_text(DRAWING)
    assert command("media", "slides", str(source), "--voice", "espeak") == 0
    captions = (tmp_path / "01-nop-ho-so.slides.vi.vtt").read_bytes()
    cues = read_captions(captions, "loi.vtt")
    assert [cue.text for cue in cues][:2] == ["Nộp hồ sơ trực tuyến.", "Nộp được một hồ sơ."]
    assert len(cues) == 13
    with av.open(str(tmp_path / "01-nop-ho-so.slides.mp4")) as container:
        [picture, sound] = container.streams.video[0], container.streams.audio[0]
        shown_s = float(picture.duration * picture.time_base)
        assert shown_s == pytest.approx(cues[-1].end_ms / 1000 + 1.2, abs=0.3), "a breath after the last word"
        assert float(sound.duration * sound.time_base) == pytest.approx(shown_s, abs=0.3)
        # The picture with its red drawing is on screen while its caption is.
        middle = (cues[2].start_ms + cues[3].end_ms) / 2000
        container.seek(round(middle * av.time_base))
        frame = next(one for one in container.decode(picture) if (one.time or 0) >= middle)
        image = frame.to_image()  # type: ignore[no-untyped-call]
    red, green, blue = image.getpixel((640, 380))
    assert red > 120 > max(green, blue)
    assert len(list(tmp_path.glob("01-*"))) == 3, "the lesson, its video, its captions, and nothing half made"


def _seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()
