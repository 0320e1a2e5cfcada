"""The server's stamp on a lesson page: who opened which lesson when. Looking at a page thus writes nothing.

A page sends its stamp back with every save and with "I have read it"; it gives `started_at` of a video's progress and
`opened_at` of a reading. Before anything was written there is no enrolment to name: then the stamp names the course,
and is worth nothing in another browser.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.keys import sign, signature_fits

_PURPOSE = "lesson-page"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COURSE = "c"


class Stamp(Struct, frozen=True):
    """A page of one enrolment's lesson, rendered at this instant by the server's clock.

    `course_id`: the stamp of a page in the browser that sent it, whoever learns there (`enrolment_id` is 0 then).
    """

    enrolment_id: int
    lesson_key: str
    at: datetime
    course_id: int = 0

    def age(self) -> timedelta:
        return clock.now() - self.at

    def of(self, enrolment_id: int, course_id: int) -> "Stamp":
        """The same stamp for the enrolment of whoever learns in its browser; raises StampRefused for another course."""
        if self.course_id and self.course_id != course_id:
            raise StampRefused
        return replace(self, enrolment_id=enrolment_id, course_id=0) if self.course_id else self


class StampRefused(Invalid):
    text = _("Trang bài học này đã cũ hoặc bị sửa. Hãy tải lại trang rồi học tiếp; những gì đã lưu vẫn còn.")


def issue(enrolment_id: int, lesson_key: str) -> str:
    """A signed stamp of now, e.g. `17:KH04.1.2:1795250000000:…`."""
    return _signed(str(enrolment_id), lesson_key, "")


def issue_in(browser: str, course_id: int, lesson_key: str) -> str:
    """A stamp for whoever learns in this browser, e.g. `c5:KH15.1.1:1795250000000:…`."""
    return _signed(f"{_COURSE}{course_id}", lesson_key, browser)


def read(text: str, browser: str = "") -> Stamp:
    """The stamp a page sent back; raises StampRefused unless this installation issued it, for this browser."""
    message, _colon, tag = text.rpartition(":")
    names_course = message.startswith(_COURSE)
    if not message or not signature_fits(_PURPOSE, message + _holder(browser if names_course else ""), tag):
        raise StampRefused
    name, _colon, rest = message.partition(":")
    lesson_key, _colon, milliseconds = rest.rpartition(":")
    at = _EPOCH + int(milliseconds) * _MILLISECOND
    if names_course:
        return Stamp(0, lesson_key, at, course_id=int(name.removeprefix(_COURSE)))
    return Stamp(int(name), lesson_key, at)


def _signed(name: str, lesson_key: str, browser: str) -> str:
    message = f"{name}:{lesson_key}:{(clock.now() - _EPOCH) // _MILLISECOND}"
    return f"{message}:{sign(_PURPOSE, message + _holder(browser))}"


def _holder(browser: str) -> str:
    return f"|{browser}" if browser else ""
