"""Sounds of course folders: of a format every browser plays, whole, and short enough for a question."""

from pathlib import Path

from app.core.errors import Invalid
from app.core.i18n import lazy as _

MOST_MINUTES = 5


class SoundInvalid(Invalid):
    """The file is not a sound we can play; the text says why and what to do."""

    title = _("Âm thanh chưa dùng được")


def sound_length_s(path: Path, reader: str, file_name: str = "") -> float:
    """Open `path` as the format `reader` only and decode all of it; its seconds. Raises SoundInvalid."""
    # Loaded with the first sound, as for videos.
    import av
    from av.error import FFmpegError

    name = file_name or path.name
    try:
        with av.open(str(path), format=reader, options={"protocol_whitelist": "file"}) as container:
            seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    except (FFmpegError, IndexError) as error:
        raise SoundInvalid(
            _("Tệp “%(file)s” không phải âm thanh hoặc đã bị hỏng. Hãy xuất lại dạng MP3 rồi tải lên."), file=name
        ) from error
    if seconds > MOST_MINUTES * 60:
        raise SoundInvalid(
            _("Âm thanh “%(file)s” dài quá %(minutes)s phút. Hãy cắt ngắn."), file=name, minutes=MOST_MINUTES
        )
    return seconds
