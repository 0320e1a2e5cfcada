"""What identity holds about people, and what erasing somebody does here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, null, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock, ids
from app.core.audit import AuditEntry
from app.core.events import emit
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through
from app.identity import sealing
from app.identity.codes.models import OneTimeCode
from app.identity.events import AffiliationsChanged
from app.identity.models import (
    AccessEntry,
    Account,
    Affiliation,
    AffiliationAudience,
    Consent,
    ContactCheck,
    DistinctPeople,
    MergedRecord,
    Person,
    PersonLookup,
    PersonMerge,
    RoleGrant,
    SignInSession,
    UnitVersion,
)
from app.identity.openid.models import ExternalIdentity
from app.identity.people.people_queries import ERASED_NAME
from app.identity.second_factor.models import SecondFactor
from app.identity.shared_phone.models import PhoneSeat
from app.identity.taking_turns import take_turns


def unit_name(column: Any) -> Any:
    """The newest name of the unit a column points to, as a field of a copy."""
    newest = select(UnitVersion.name).where(UnitVersion.unit_id == column).order_by(UnitVersion.valid_from.desc())
    return newest.limit(1).scalar_subquery()


_OWN_ACCOUNT = by(Account.person_id)


def _merges(person_id: int) -> ColumnElement[bool]:
    return or_(PersonMerge.person_id == person_id, PersonMerge.alias_id == person_id)


def _read_person(db: Session, person_id: int) -> list[Mapping[str, Any]]:
    person = db.get_one(Person, person_id)
    fields = sealing.unseal(person)
    return [
        {
            "ref": person.ref, "name": person.name, "sex": person.sex, "birth_date": fields.birth_date,
            "birth_year": fields.birth_year, "identity": fields.identity, "phone": fields.phone, "email": fields.email,
            "signed_up_at": person.signed_up_at, "declared_group": person.declared_group,
            "created_at": person.created_at,
        }
    ]  # fmt: skip


def _erase(db: Session, person_id: int) -> None:
    """The key is destroyed: whatever was sealed under it, here or in any other table, opens no more."""
    take_turns(db, [person_id])
    person, today, now = db.get_one(Person, person_id), clock.today(), clock.now()
    if person.erased_at is not None:
        return
    person.wrapped_key = person.sealed = person.sex = person.declared_group = None
    person.name, person.folded_name, person.sort_name = ERASED_NAME, "", ""
    person.likeness, person.erased_at = b"", now
    account = db.scalars(select(Account).where(Account.person_id == person_id)).one_or_none()
    if account is not None:
        # No password has this hash.
        account.username, account.password_hash = f"x-{ids.token(96).lower()}"[:60], "!"
        account.disabled_at, account.idled_at = account.disabled_at or now, None
        held = (RoleGrant.account_id == account.id) & or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today)
        ended = {"ends_on": today - timedelta(days=1), "ended_at": now, "ended_by": None}
        db.execute(update(RoleGrant).where(held).values(ended))
    for post in db.scalars(select(Affiliation).where(Affiliation.person_id == person_id)):
        post.title = ""
        # Until today they were counted, and stay so; from tomorrow they belong to no roster.
        if post.ended_on is None or post.ended_on > today:
            post.ended_on, post.end_recorded_at = max(today, post.started_on), now
    db.flush()
    emit(db, AffiliationsChanged((person_id,)))


PERSONAL = Holding(
    "identity",
    title=_("Danh tính, vị trí công tác, tài khoản"),
    basis=_(
        "Người do cơ quan, đơn vị đưa vào danh sách: nhiệm vụ đào tạo của Quyết định 1908/QĐ-UBND và Kế hoạch "
        "250/KH-UBND. Người tự đăng ký: sự đồng ý ghi bên dưới."
    ),
    kept=_("Cho đến khi yêu cầu xóa được chấp nhận. Nhật ký truy cập: 12 tháng."),
    left=_(
        "Tên, giới tính, ngày sinh, số định danh, điện thoại, email mất hẳn vì khóa riêng bị hủy; tài khoản đóng. Còn "
        "lại: một mã không tên, đơn vị và nhóm của từng thời gian để số đã báo cáo không đổi, câu đồng ý đã cho, nhật "
        "ký truy cập và nhật ký quản trị cho đến hết hạn."
    ),
    tables=(
        Held(
            SignInSession, _("Phiên đăng nhập"), through(SignInSession.account_id, Account.id, _OWN_ACCOUNT),
            {
                "created_at": ("Đăng nhập lúc", SignInSession.created_at),
                "last_seen_at": ("Dùng lần cuối", SignInSession.last_seen_at),
                "ended_at": ("Kết thúc lúc", SignInSession.ended_at),
                "address": ("Địa chỉ mạng", SignInSession.address), "agent": ("Trình duyệt", SignInSession.agent),
            },
            is_deleted=True,
        ),
        Held(
            AccessEntry, _("Nhật ký truy cập"), through(AccessEntry.account_id, Account.id, _OWN_ACCOUNT),
            {
                "at": ("Lúc", AccessEntry.at), "kind": ("Việc", AccessEntry.kind),
                "address": ("Địa chỉ mạng", AccessEntry.address), "port": ("Cổng", AccessEntry.port),
            },
        ),
        Held(
            AuditEntry, _("Việc đã làm, ghi trong nhật ký quản trị"),
            through(AuditEntry.account_id, Account.id, _OWN_ACCOUNT),
            {
                "at": ("Lúc", AuditEntry.at), "action": ("Việc", AuditEntry.action),
                "subject_kind": ("Về loại", AuditEntry.subject_kind), "subject_id": ("Về mã", AuditEntry.subject_id),
            },
        ),
        Held(
            RoleGrant, _("Vai trò được giao"), through(RoleGrant.account_id, Account.id, _OWN_ACCOUNT),
            {
                "role": ("Vai trò", RoleGrant.role), "unit": ("Đơn vị", unit_name(RoleGrant.unit_id)),
                "starts_on": ("Từ ngày", RoleGrant.starts_on), "ends_on": ("Đến ngày", RoleGrant.ends_on),
            },
        ),
        Held(
            OneTimeCode, _("Mã dùng một lần"), through(OneTimeCode.account_id, Account.id, _OWN_ACCOUNT),
            {
                "purpose": ("Để", OneTimeCode.purpose), "issued_at": ("Cấp lúc", OneTimeCode.issued_at),
                "expires_at": ("Hết hạn lúc", OneTimeCode.expires_at), "ended_at": ("Dùng lúc", OneTimeCode.ended_at),
            },
            is_deleted=True,
        ),
        Held(
            SecondFactor, _("Xác thực hai bước"), through(SecondFactor.account_id, Account.id, _OWN_ACCOUNT),
            {"set_up_at": ("Bật lúc", SecondFactor.set_up_at)},
            is_deleted=True,
        ),
        Held(
            PhoneSeat, _("Mã PIN trên điện thoại dùng chung"),
            through(PhoneSeat.account_id, Account.id, _OWN_ACCOUNT),
            {"created_at": ("Đặt lúc", PhoneSeat.created_at), "ended_at": ("Hết lúc", PhoneSeat.ended_at)},
            is_deleted=True,
        ),
        Held(
            ExternalIdentity, _("Đăng nhập bằng hệ thống khác"),
            through(ExternalIdentity.account_id, Account.id, _OWN_ACCOUNT),
            {
                "issuer": ("Hệ thống", ExternalIdentity.issuer),
                "linked_at": ("Liên kết lúc", ExternalIdentity.linked_at),
            },
            is_deleted=True,
        ),
        Held(
            ContactCheck, _("Điện thoại, email đang chờ xác minh"), by(ContactCheck.person_id),
            {"kind": ("Loại", ContactCheck.kind), "ends_at": ("Hết hạn lúc", ContactCheck.ends_at)},
            is_deleted=True,
        ),
        Held(
            Account, _("Tài khoản"), _OWN_ACCOUNT,
            {
                "username": ("Tên đăng nhập", Account.username), "created_at": ("Tạo lúc", Account.created_at),
                "disabled_at": ("Khóa lúc", Account.disabled_at),
                "idle_warned_at": ("Báo lâu không dùng lúc", Account.idle_warned_at),
                "reopened_at": ("Mở lại lúc", Account.reopened_at),
            },
        ),
        Held(
            Consent, _("Sự đồng ý đã cho"), by(Consent.person_id),
            {
                "purpose": ("Mục đích", Consent.purpose), "wording": ("Câu đã đồng ý", Consent.wording),
                "given_at": ("Đồng ý lúc", Consent.given_at), "withdrawn_at": ("Rút lúc", Consent.withdrawn_at),
            },
        ),
        Held(
            AffiliationAudience, _("Nhóm đối tượng"),
            through(AffiliationAudience.affiliation_id, Affiliation.id, by(Affiliation.person_id)),
            {
                "affiliation": ("Mã vị trí", AffiliationAudience.affiliation_id),
                "audience": ("Nhóm", AffiliationAudience.audience_code),
            },
        ),
        Held(
            Affiliation, _("Vị trí công tác, nơi ở tự khai"), by(Affiliation.person_id),
            {
                "affiliation": ("Mã vị trí", Affiliation.id), "unit": ("Đơn vị", unit_name(Affiliation.unit_id)),
                "title": ("Chức vụ", Affiliation.title), "is_leader": ("Là lãnh đạo", Affiliation.is_leader),
                "is_primary": ("Là vị trí chính", Affiliation.is_primary),
                "started_on": ("Từ ngày", Affiliation.started_on), "ended_on": ("Đến ngày", Affiliation.ended_on),
            },
        ),
        Held(
            MergedRecord, _("Hồ sơ đang gộp"), by(MergedRecord.person_id),
            {"record": ("Mã hồ sơ", MergedRecord.person_id), "shown_as": ("Hiện ra như mã", MergedRecord.holder_id)},
        ),
        Held(
            DistinctPeople, _("Đã ghi là không trùng với người khác"),
            lambda person_id: (DistinctPeople.one_id == person_id) | (DistinctPeople.other_id == person_id),
            {"decided_at": ("Ghi lúc", DistinctPeople.decided_at)},
        ),
        Held(
            PersonMerge, _("Lần gộp hồ sơ"), _merges,
            {"merged_at": ("Gộp lúc", PersonMerge.merged_at), "undone_at": ("Hoàn tác lúc", PersonMerge.undone_at)},
            empties={"reason": ""},
        ),
        Held(
            PersonLookup, _("Mã băm để tìm bằng số định danh, điện thoại, email"), by(PersonLookup.person_id),
            {"kind": ("Của", PersonLookup.kind), "verified_at": ("Xác minh lúc", PersonLookup.verified_at)},
            is_deleted=True,
        ),
        Held(
            Person, _("Danh tính"), by(Person.id),
            {
                "ref": ("Mã người", null()), "name": ("Họ và tên", null()), "sex": ("Giới tính", null()),
                "birth_date": ("Ngày sinh", null()), "birth_year": ("Năm sinh", null()),
                "identity": ("Số định danh", null()), "phone": ("Điện thoại", null()), "email": ("Email", null()),
                "signed_up_at": ("Tự đăng ký lúc", null()), "declared_group": ("Nhóm tự khai", null()),
                "created_at": ("Ghi lúc", null()),
            },
            read=_read_person,
        ),
    ),
    erase_more=_erase,
)  # fmt: skip
