"""How loud a video is, and what makes it as loud as the others (EBU R 128): speech that a phone in a yard can play.

Measured first in a pass over the sound alone, because the one-pass filter `loudnorm` resamples to 192 kHz and pumps.
"""

import re
from pathlib import Path
from typing import Any

import ffmpeg

from app.media.encoder import watched
from app.media.probe import VideoInfo

TARGET_LUFS = -16.0
# A sound that is this near is copied as it is.
RIGHT_ENOUGH_LU = 3.0
# Less would only make noise louder; a silent track measures -70.
_SILENCE_LUFS = -60.0
_MOST_GAIN_DB = 24.0
_HEARD_DB = 0.5
# Peaks stay 1.5 dB below full scale, or the encoder would overshoot it.
_PEAK = 0.84
_INTEGRATED = re.compile(r"Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS")


def measure_command(executable: str, video: VideoInfo, source: Path) -> list[str]:
    """Decode the sound, one channel as it will be heard from two loudspeakers, and write nothing.

    What ffmpeg finds out is among its words; `measured` reads them.
    """
    given = ffmpeg.input(str(source), f=video.format, protocol_whitelist="file,pipe")
    sound = given[str(video.audio_index)].filter("aformat", channel_layouts="mono")
    heard = sound.filter("ebur128", framelog="quiet", dualmono="true")
    return watched(executable, ffmpeg.output(heard, "-", f="null"), loglevel="info")


def measured(words: str) -> float | None:
    """Integrated loudness in LUFS from ffmpeg's words; none if it said none."""
    found = _INTEGRATED.findall(words)
    return float(found[-1]) if found else None


def gain_for(loudness_lufs: float | None) -> float:
    """What to add, in decibels, to reach TARGET_LUFS; 0 for silence and for a difference nobody hears."""
    if loudness_lufs is None or loudness_lufs < _SILENCE_LUFS:
        return 0.0
    wanted = min(TARGET_LUFS - loudness_lufs, _MOST_GAIN_DB)
    return round(wanted, 1) if abs(wanted) >= _HEARD_DB else 0.0


def must_change(gain: float) -> bool:
    """Whether a sound that could be copied is too far off for that."""
    return abs(gain) > RIGHT_ENOUGH_LU


def levelled(sound: Any, gain: float) -> Any:
    """The sound with that gain, its peaks held back."""
    if not gain:
        return sound
    louder = sound.filter("volume", f"{gain}dB")
    return louder.filter("alimiter", limit=_PEAK, level="false") if gain > 0 else louder
