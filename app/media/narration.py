"""A captioned video from the slides of a lesson (lesson_deck.py), spoken by a voice (voices.py)."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.i18n import lazy as _
from app.core.paper import FONTS
from app.core.settings import get_settings
from app.media import encoder
from app.media.lesson_deck import Scene
from app.media.slides import Cue, Deck, Slide, can_draw, draw_slides, spoken_command, webvtt
from app.media.voices import RATE, Voice, read_wav, write_wav

SIZE = (1280, 720)
MOST_SCENES = 120
_BETWEEN_S, _BETWEEN_SLIDES_S = 0.3, 0.9
_VOICE_SHARE, _ENCODING_FROM = 0.5, 0.6

# Hears how far the work is, 0 to 1, and in words; may raise to stop it.
Tell = Callable[[float, str], None]


class NothingToShow(Invalid):
    title = _("Chưa dựng được video")
    text = _("Bài dài quá %(most)s trang chiếu, hoặc chưa có chữ nào. Hãy chia bài hoặc viết thêm rồi dựng lại.")


@dataclass(frozen=True)
class Narrated:
    """The files made, in the folder that was given; `left_out` names the pictures no slide could show."""

    video: Path
    captions: Path
    seconds: float
    left_out: tuple[str, ...]


def narrate(
    title: str, scenes: Sequence[Scene], pictures: Path, voice: Voice, folder: Path, tell: Tell = lambda *_: None
) -> Narrated:
    """Speak, draw and encode into `folder`; pictures are read from `pictures` by the names scenes give them.

    A scene whose picture is not there, or cannot be drawn, does without. Raises NothingToShow, what the voice
    raises, EncodeFailed.
    """
    if not 0 < len(scenes) <= MOST_SCENES:
        raise NothingToShow(most=MOST_SCENES)
    asked = list(dict.fromkeys(scene.figure for scene in scenes if scene.figure))
    left_out = tuple(name for name in asked if not ((pictures / name).is_file() and can_draw(pictures, name)))
    spoken = bytearray()
    cues: list[Cue] = []
    slides = []
    for number, scene in enumerate(scenes):
        tell(_VOICE_SHARE * number / len(scenes), gettext("Đang đọc lời"))
        began = len(spoken)
        cues += _say(scene, voice, folder / f"voice-{number:03}", spoken)
        spoken += _silence(_BETWEEN_SLIDES_S)
        figure = None if scene.figure in left_out else scene.figure
        slides.append(Slide(scene.title, scene.lines, _seconds(len(spoken) - began), "", figure))
    sound = write_wav(folder / "voice.wav", bytes(spoken))
    deck = Deck(title, SIZE, slides)
    tell(_VOICE_SHARE, gettext("Đang vẽ trang chiếu"))
    stills = []
    for number, page in enumerate(draw_slides(deck, pictures, [FONTS])):
        stills.append(folder / f"slide-{number:03}.png")
        stills[-1].write_bytes(page)
    seconds = _seconds(len(spoken))
    video, captions = folder / "video.mp4", folder / "captions.vtt"
    settings = get_settings()

    def encoded(reached_s: float) -> None:
        ratio = _ENCODING_FROM + (1 - _ENCODING_FROM) * min(reached_s / seconds, 1.0)
        tell(ratio, gettext("Đang dựng video"))

    encoded(0)
    command = spoken_command(encoder.find_ffmpeg(settings.ffmpeg), deck, stills, sound, folder, video)
    encoder.run(command, folder, encoded, settings.transcode_timeout_s)
    captions.write_text(webvtt(cues), encoding="utf-8")
    return Narrated(video, captions, seconds, left_out)


def _say(scene: Scene, voice: Voice, folder: Path, spoken: bytearray) -> list[Cue]:
    """Add what a scene says to the sound so far; its captions last as long as their sentences take."""
    folder.mkdir()
    cues = []
    for sentence, path in zip(scene.sentences, voice.speak(scene.sentences, folder), strict=True):
        start = _seconds(len(spoken))
        spoken += read_wav(path)
        cues.append(Cue(start, _seconds(len(spoken)), sentence))
        spoken += _silence(_BETWEEN_S)
    shutil.rmtree(folder)
    return cues


def _silence(seconds: float) -> bytes:
    return b"\0\0" * round(seconds * RATE)


def _seconds(byte_count: int) -> float:
    return byte_count / 2 / RATE
