"""The server's stamp on a lesson page: who opened which lesson when. Looking at a page thus writes nothing.

A page sends its stamp back with every save and with "I have read it"; it gives `started_at` of a video's progress and
`opened_at` of a reading.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.keys import sign, signature_fits

_PURPOSE = "lesson-page"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Stamp:
    """A page of one enrolment's lesson, rendered at this instant by the server's clock."""

    enrolment_id: int
    lesson_key: str
    at: datetime

    def age(self) -> timedelta:
        return clock.now() - self.at


class StampRefused(Invalid):
    text = _("Trang bài học này đã cũ hoặc bị sửa. Hãy tải lại trang rồi học tiếp; những gì đã lưu vẫn còn.")


def issue(enrolment_id: int, lesson_key: str) -> str:
    """A signed stamp of now, e.g. `17:KH04.1.2:1795250000000:…`."""
    message = f"{enrolment_id}:{lesson_key}:{(clock.now() - _EPOCH) // _MILLISECOND}"
    return f"{message}:{sign(_PURPOSE, message)}"


def read(text: str) -> Stamp:
    """The stamp a page sent back; raises StampRefused unless this installation issued it."""
    message, _colon, tag = text.rpartition(":")
    if not message or not signature_fits(_PURPOSE, message, tag):
        raise StampRefused
    enrolment_id, _colon, rest = message.partition(":")
    lesson_key, _colon, milliseconds = rest.rpartition(":")
    return Stamp(int(enrolment_id), lesson_key, _EPOCH + int(milliseconds) * _MILLISECOND)
