"""The form that begins a course: what was typed, what is wrong with it, and the course it makes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from app.authoring import starting
from app.authoring.folder.names import LONGEST_TITLE
from app.catalogue.source import CourseSource
from app.core.i18n import gettext as _

COPY = "copy"


@dataclass(frozen=True)
class NewCourseFields:
    """As typed. `start`: a key of starting.STARTS, or COPY with `copy_of`, a course's address; `unit`: an id; an empty
    `audience` is the one the start is for."""

    title: str = ""
    start: str = starting.STARTS[0].key
    copy_of: str = ""
    unit: str = ""
    audience: str = ""


def new_course_problems(
    fields: NewCourseFields,
    *,
    units: Collection[int],
    audiences: Collection[str],
    copyable: Collection[str],
    titles: Mapping[int, Collection[str]],
) -> dict[str, str]:
    """Messages by field; empty when the course can be made. `titles`: what the courses of each unit are called."""
    found: dict[str, str] = {}
    unit = int(fields.unit) if fields.unit.isdecimal() else 0
    if not fields.title:
        found["title"] = _("Hãy đặt tên khóa học.")
    elif len(fields.title) > LONGEST_TITLE:
        found["title"] = _("Tên khóa học dài quá %(limit)s chữ. Hãy viết gọn lại.", limit=LONGEST_TITLE)
    elif fields.title in titles.get(unit, ()):
        found["title"] = _("Đơn vị đã có khóa học tên này. Hãy mở khóa ấy để soạn tiếp, hoặc đặt tên khác.")
    if fields.start == COPY:
        if fields.copy_of not in copyable:
            found["copy_of"] = _("Hãy chọn khóa học để chép.")
    elif fields.start not in {one.key for one in starting.STARTS}:
        found["start"] = _("Hãy chọn bắt đầu từ đâu.")
    if unit not in units:
        found["unit"] = _("Hãy chọn đơn vị chủ quản.")
    if fields.audience and fields.audience not in audiences:
        found["audience"] = _("Hãy chọn khóa học dành cho ai.")
    return found


def course_begun(
    fields: NewCourseFields, pattern: CourseSource, owner: str, contact: str, taken: Collection[tuple[str, str]]
) -> CourseSource:
    """The course the form describes. `taken`: addresses and codes of all courses; `owner`: the unit's name."""
    slug = starting.free_slug(fields.title, {slug for slug, _code in taken})
    code = starting.free_code(fields.title, {code for _slug, code in taken})
    made = starting.new_course(pattern, slug, code, fields.title)
    audiences = (fields.audience,) if fields.audience else made.audiences
    return replace(made, owner=owner[:200], contact=(contact or owner)[:200], audiences=audiences)
