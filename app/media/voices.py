"""Who speaks the text of a slide video: a port with two voices of our own. Others may be added to VOICES.

espeak-ng is free, small and speaks Vietnamese as a machine does; it is used where it is installed, in a process of its
own. Silence takes as long as reading does.
"""

import ctypes.util
import importlib.util
import json
import subprocess
import sys
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.core.settings import ROOT

RATE = 22050
# Letters a second of somebody who reads aloud without haste; a phone shows a caption at least this long.
_LETTERS_PER_S, _SHORTEST_S = 14, 1.5
_SECONDS_PER_SENTENCE = 20


class VoiceMissing(AppError):
    """The voice that was asked for is not installed here."""

    status = 422
    title = _("Chưa có giọng đọc này")
    text = _("Máy chủ chưa có giọng đọc “%(voice)s”. Cài gói espeak-ng, hoặc dựng video không lời.")


class Voice(Protocol):
    """Something that speaks."""

    def speak(self, sentences: Sequence[str], folder: Path) -> list[Path]:
        """A WAV file in `folder` for each sentence, 16 bits, one channel, RATE samples a second."""


class Silence:
    """Nobody speaks; the captions stay as long as they take to read."""

    def speak(self, sentences: Sequence[str], folder: Path) -> list[Path]:
        made = []
        for number, sentence in enumerate(sentences):
            seconds = max(_SHORTEST_S, len(sentence) / _LETTERS_PER_S)
            made.append(write_wav(folder / f"{number:03}.wav", b"\0\0" * round(seconds * RATE)))
        return made


class Espeak:
    """espeak-ng's Vietnamese voice; raises VoiceMissing without its library."""

    def __init__(self) -> None:
        found = espeak_library()
        if found is None:
            raise VoiceMissing(voice="espeak-ng")
        self._library, self._data = found

    def speak(self, sentences: Sequence[str], folder: Path) -> list[Path]:
        asked = {"library": self._library, "data": self._data, "sentences": list(sentences), "folder": str(folder)}
        subprocess.run(
            [sys.executable, "-m", "app.media.espeak"], input=json.dumps(asked).encode(), check=True, cwd=ROOT,
            stdout=subprocess.DEVNULL, timeout=_SECONDS_PER_SENTENCE * (1 + len(sentences)),
        )  # fmt: skip
        return [folder / f"{number:03}.wav" for number in range(len(sentences))]


VOICES: Mapping[str, Callable[[], Voice]] = {"espeak": Espeak, "silence": Silence}


def usual_voice() -> str:
    """The name of the voice used unless somebody chooses: a speaking one where there is one."""
    return "espeak" if espeak_library() else "silence"


def espeak_library() -> tuple[str, str] | None:
    """espeak-ng's library and, unless it knows itself, its data: the system's, else those of the wheel."""
    if system := ctypes.util.find_library("espeak-ng"):
        return system, ""
    if importlib.util.find_spec("espeakng_loader"):
        import espeakng_loader

        return str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())
    return None


def write_wav(path: Path, samples: bytes) -> Path:
    """16 bits, one channel, RATE."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return path


def read_wav(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        return file.readframes(file.getnframes())
