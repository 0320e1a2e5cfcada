"""Sounds: whole, of a format we know, and how long. Those of questions are short, a lesson's may last hours."""

from pathlib import Path

from app.core.errors import Invalid
from app.core.i18n import lazy as _

# What a learner hears, and what a loudspeaker's player takes.
LIGHT, LOUDSPEAKER = "sound.m4a", "loudspeaker.mp3"
MOST_MINUTES = 5
MOST_LESSON_MINUTES = 180


class SoundInvalid(Invalid):
    """The file is not a sound we can play; the text says why and what to do."""

    title = _("Âm thanh chưa dùng được")


def sound_length_s(path: Path, reader: str, file_name: str = "", *, most_minutes: int = MOST_MINUTES) -> float:
    """Open `path` as the format `reader` only and decode all of it; its seconds. Raises SoundInvalid."""
    # Loaded with the first sound, as for videos.
    import av
    from av.error import FFmpegError

    name = file_name or path.name
    seconds = 0.0
    try:
        with av.open(str(path), format=reader, options={"protocol_whitelist": "file"}) as container:
            for frame in container.decode(audio=0):
                seconds += frame.samples / frame.sample_rate
                if seconds > most_minutes * 60:
                    raise SoundInvalid(
                        _("Âm thanh “%(file)s” dài quá %(minutes)s phút. Hãy cắt ngắn."),
                        file=name, minutes=most_minutes,
                    )  # fmt: skip
    except (FFmpegError, IndexError) as error:
        raise SoundInvalid(
            _("Tệp “%(file)s” không phải âm thanh hoặc đã bị hỏng. Hãy xuất lại dạng MP3 rồi tải lên."), file=name
        ) from error
    if not seconds:
        raise SoundInvalid(_("Tệp “%(file)s” không có tiếng nào. Hãy ghi hoặc xuất lại rồi tải lên."), file=name)
    return seconds
