"""Roles, what each may do, and the clauses that say who holds one and which people an actor may see."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.i18n import lazy
from app.core.i18n import lazy as _
from app.identity.models import Account, Affiliation, Person, RoleGrant, Unit
from app.identity.records import holder_of, holders_holding, records_holding

# To give roles and to end them, and to let people into their accounts again.
MANAGE = "people.manage"
# The same for accounts that hold a role.
MANAGE_STAFF = "people.manage_staff"
# To record the posts people hold.
POSTS = "people.posts"


@dataclass(frozen=True)
class Role:
    """Given at a unit, a role allows its permissions there and in everything below.

    `province_only`: some of what it allows knows no unit, so it is given at the province or not at all.
    """

    title: lazy
    permissions: frozenset[str]
    province_only: bool = False


_UNIT_MANAGER = frozenset(
    {
        "people.view", "coverage.people", "export.completions", "certificates.view", "evidence.verify",
        "classes.record", "learning.assign", "practical.unit_manager", "help.answer", "learning.follow",
        "exam.organise", "exam.invigilate", "export.figures", "people.manage", "people.posts",
        "reports.make", "plan.unit", "coverage.declare",
    }
)  # fmt: skip
_INSTRUCTOR = frozenset(
    {"practical.instructor", "discussion.moderate", "learning.follow", "learning.mark", "exam.invigilate"}
)
_AUTHOR = frozenset({"course.author", "course.review", "discussion.moderate"})
_CONTENT_ADMIN = _AUTHOR | {"course.publish"}

REORGANISE = "units.manage"

ROLES: dict[str, Role] = {
    "unit_manager": Role(_("Phụ trách đơn vị"), _UNIT_MANAGER),
    "instructor": Role(_("Giảng viên"), _INSTRUCTOR),
    "author": Role(_("Người soạn bài"), _AUTHOR),
    "reviewer": Role(_("Người thẩm định bài"), frozenset({"course.review"})),
    "content_admin": Role(_("Quản trị nội dung"), _CONTENT_ADMIN),
    "reporter": Role(_("Người xem số liệu"), frozenset({"export.figures"})),
    "province_admin": Role(
        _("Quản trị cấp tỉnh"),
        _UNIT_MANAGER
        | _INSTRUCTOR
        | _CONTENT_ADMIN
        | {"certificates.manage", "people.import", "coverage.manage", "plan.manage", "jobs.view", "audit.view"}
        | {REORGANISE, MANAGE_STAFF, "privacy.answer", "media.quota", "embeds.manage"},
        province_only=True,
    ),
    "operator": Role(
        _("Người vận hành"),
        frozenset({"jobs.view", "audit.view", "privacy.answer", "media.quota", "embeds.manage"}),
        province_only=True,
    ),
}

# What each permission is called on the pages that say who may do what.
WORDS: dict[str, lazy] = {
    "people.view": _("Xem danh sách người học và vị trí công tác"),
    "people.import": _("Nhập danh sách người học từ Excel"),
    MANAGE: _("Giao và kết thúc vai trò của người khác, cấp mã đặt lại mật khẩu cho người học"),
    MANAGE_STAFF: _(
        "Cấp mã đặt lại mật khẩu cho người có vai trò, mở lại tài khoản lâu không dùng, tắt xác thực hai bước giúp"
        " người mất điện thoại"
    ),
    POSTS: _("Ghi vị trí công tác: thêm, chuyển, kết thúc, sửa chỗ ghi sai"),
    "learning.assign": _("Giao học, nhắc hạn"),
    "learning.follow": _("Theo dõi việc học của từng người"),
    "learning.mark": _("Chấm câu tự luận, cho làm thêm lượt"),
    "help.answer": _("Trả lời yêu cầu trợ giúp"),
    "discussion.moderate": _("Phụ trách hỏi đáp dưới bài học"),
    "practical.unit_manager": _("Xác nhận thực hành với tư cách người phụ trách"),
    "practical.instructor": _("Xác nhận thực hành với tư cách giảng viên"),
    "evidence.verify": _("Duyệt minh chứng học ở nơi khác"),
    "classes.record": _("Ghi lớp đã tổ chức"),
    "exam.organise": _("Lập và khóa buổi sát hạch"),
    "exam.invigilate": _("Coi buổi sát hạch"),
    "certificates.view": _("Xem sổ cấp giấy chứng nhận"),
    "certificates.manage": _("Thay, thu hồi giấy chứng nhận, đổi mẫu giấy"),
    "coverage.people": _("Xem ai còn thiếu trong số liệu bao phủ"),
    "coverage.manage": _("Đặt chỉ tiêu, mở đợt khai báo, duyệt và nhập số khai báo"),
    "coverage.declare": _("Khai báo số liệu và nộp kết quả của đơn vị"),
    "export.completions": _("Xuất danh sách hoàn thành, có tên người"),
    "export.figures": _("Xuất bảng số liệu bao phủ, không có tên người"),
    "reports.make": _("Lập và ban hành báo cáo của đơn vị"),
    "plan.unit": _("Kế hoạch năm của đơn vị: nêu nhu cầu, cử người, ghi hoạt động tuyên truyền"),
    "plan.manage": _("Kế hoạch năm của tỉnh: phân bổ, ghi quyết định, khoản chi, sổ chuyên gia"),
    "course.review": _("Đọc khóa học của đơn vị trước khi công bố"),
    "course.author": _("Soạn bài và ngân hàng câu hỏi"),
    "course.publish": _("Công bố khóa học"),
    REORGANISE: _("Sắp xếp đơn vị: lập, đổi tên, sáp nhập, chia tách"),
    "jobs.view": _("Xem tình trạng hệ thống, việc nền, thư đi"),
    "embeds.manage": _("Đặt danh sách những nơi có video được nhúng vào bài học"),
    "media.quota": _("Xem và đặt chỗ chứa tệp của từng đơn vị"),
    "audit.view": _("Xem nhật ký: ai đã làm gì"),
    "privacy.answer": _("Trả lời yêu cầu về dữ liệu cá nhân, xóa dữ liệu theo yêu cầu"),
}


def words_of(role: str) -> tuple[str, ...]:
    """What a role allows, in words and in their order; nothing for a role a newer version no longer knows."""
    held = ROLES[role].permissions if role in ROLES else frozenset()
    return tuple(str(words) for permission, words in WORDS.items() if permission in held)


def roles_with(permission: str) -> list[str]:
    """The roles that allow something."""
    return [code for code, role in ROLES.items() if permission in role.permissions]


def in_force_on(day: date | BindParameter[date]) -> ColumnElement[bool]:
    """Grants whose days hold this one."""
    return (RoleGrant.starts_on <= day) & or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= day)


def not_over_on(day: date) -> ColumnElement[bool]:
    """Grants that hold on this day or will."""
    return or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= day)


def granting(*permissions: str) -> ColumnElement[bool]:
    """Grants that allow one of these today."""
    roles = {role for permission in permissions for role in roles_with(permission)}
    return RoleGrant.role.in_(sorted(roles)) & in_force_on(clock.today())


def is_within(db: Session, actor: Actor, unit_ids: set[int], permission: str = REORGANISE) -> bool:
    """Whether the permission reaches all of these units."""
    return actor.can(permission) and unit_ids <= set(db.scalars(actor.units_with(permission)))


def held_on(day: date) -> ColumnElement[bool]:
    """Posts held on a day; the first and the last day both count."""
    return (Affiliation.started_on <= day) & or_(Affiliation.ended_on.is_(None), Affiliation.ended_on >= day)


def visible_posts(actor: Actor, permission: str = "people.view") -> ColumnElement[bool]:
    """Posts held today in a unit the permission reaches."""
    return Affiliation.unit_id.in_(actor.units_with(permission)) & held_on(clock.today())


def visible_people(actor: Actor, permission: str = "people.view") -> ColumnElement[bool]:
    """People who hold a post today in a unit the permission reaches, each once, as they are shown."""
    return Person.id.in_(holders_holding(visible_posts(actor, permission)))


def visible_records(actor: Actor, permission: str = "people.view") -> Select[int]:
    """The ids of these people and of all records merged with theirs: whose rows one sees."""
    return records_holding(visible_posts(actor, permission))


def managed_people(actor: Actor) -> ColumnElement[bool]:
    """People whose roles the actor looks after: they hold a post, or were ever given a role, where the actor may."""
    given_here = (
        select(holder_of(Account.person_id))
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.unit_id.in_(actor.units_with(MANAGE)))
    )
    return visible_people(actor, MANAGE) | Person.id.in_(given_here)


def sees_every_post(db: Session, actor: Actor, permission: str = "people.view") -> bool:
    """Whether nobody holds a post today in a unit the permission does not reach.

    Then `visible_posts` are those held today: a list of a whole province need not look at each one's unit.
    """
    unseen = select(Unit.id).where(
        Unit.id.not_in(actor.units_with(permission)),
        exists().where(Affiliation.unit_id == Unit.id, held_on(clock.today())),
    )
    return db.scalar(unseen.limit(1)) is None
