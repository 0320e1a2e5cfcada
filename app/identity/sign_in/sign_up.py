"""Signing up by oneself: what is asked, what it may say, and the account it opens.

What people say of themselves here is unverified. It therefore finds nobody, links nobody and never makes anybody a
member of a roster that an office answers for: a test holds that no indicator takes its denominator from an audience
that GROUPS gives. The rest of what they say is kept as said, for their office to confirm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, cast, get_args

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc
from app.identity.identifiers import Sex, email_address, phone_e164, phone_shown
from app.identity.models import Account, Consent
from app.identity.people import people
from app.identity.sealing import SealedFields
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import UserNames, new_account
from app.identity.sign_in.contacts import Kind

# What one may say one does -> the audiences it puts one in at once. Teachers, health workers and members of community
# teams count in rosters (BD-CBCC, BN-MANGLUOI): they are citizens here until their school, hospital or commune enters
# them. Whoever works in an agency (CBCC, LANHDAO, CNTT, DNNN) is entered by that agency and cannot choose it at all.
GROUPS: dict[str, tuple[lazy, tuple[str, ...]]] = {
    "farmer": (lazy("Nông dân, người nuôi trồng, làm rừng"), ("NGUOIDAN",)),
    "worker": (lazy("Người lao động trong doanh nghiệp, hợp tác xã"), ("NGUOIDAN", "LDDN")),
    "trader": (lazy("Chủ hộ kinh doanh, người buôn bán, lao động tự do"), ("NGUOIDAN",)),
    "student": (lazy("Học sinh, sinh viên"), ("NGUOIDAN", "HOCSINH")),
    "teacher": (lazy("Giáo viên"), ("NGUOIDAN",)),
    "health": (lazy("Y, bác sĩ, nhân viên y tế"), ("NGUOIDAN",)),
    "team": (lazy("Thành viên Tổ công nghệ số cộng đồng"), ("NGUOIDAN",)),
    "home": (lazy("Người nội trợ, đã nghỉ hưu, đang tìm việc"), ("NGUOIDAN",)),
    "citizen": (lazy("Việc khác"), ("NGUOIDAN",)),
}
_FOR_OFFICES = frozenset({"teacher", "health", "team"})


class Purpose(NamedTuple):
    """What a consent is for, in the words shown beside its box and kept as the proof; other words, another version."""

    version: int
    words: lazy


# Consent per purpose (law 91/2025).
PURPOSES = {
    "account": Purpose(
        2,
        lazy(
            "Tôi từ đủ 16 tuổi và đồng ý cho Học Số lưu họ tên, số điện thoại hoặc email, xã, phường, nghề nghiệp và"
            " kết quả học của tôi, để mở tài khoản, giữ kết quả học, cấp giấy chứng nhận và đếm số người đã học ở nơi"
            " tôi ở."
        ),
    ),
    "statistics": Purpose(
        1,
        lazy(
            "Tôi đồng ý cho dùng năm sinh và giới tính của tôi để thống kê bao nhiêu người trong độ tuổi lao động đã"
            " học. Số liệu không nêu tên ai."
        ),
    ),
}

# Younger people need the consent of a parent, which nobody can check here.
_LEAST_AGE = 16
_OLDEST = 120


class SignUpForm(BaseModel):
    """As typed. `commune` is the key of a unit, `place` what was typed to find it; `note` is left empty by people.

    `provider`: the account is to be linked to whom the provider told of (openid/carried.py).
    """

    name: str = ""
    contact: str = ""
    place: str = ""
    commune: str = ""
    group: str = ""
    birth_year: str = ""
    sex: str = ""
    agrees: str = ""
    agrees_statistics: str = ""
    password: str = ""
    note: str = ""
    provider: str = ""
    act: str = ""
    next: str = ""


@dataclass(frozen=True)
class NewLearner:
    """A form that can be taken, in stored forms. `kind` and `contact`: a phone as E.164, or an email."""

    name: str
    kind: Kind
    contact: str
    group: str
    birth_year: int | None
    sex: Sex | None


def checked(form: SignUpForm) -> NewLearner:
    """What the form says; raises Invalid with a message for every field to mend (the commune is the caller's)."""
    problems: dict[str, str] = {}
    name = nfc(form.name)
    if not people.is_name(name) or " " not in name:
        problems["name"] = _("Hãy nhập cả họ và tên, chỉ gồm chữ cái; tên này được in trên giấy chứng nhận.")
    phone, email = phone_e164(form.contact), email_address(form.contact)
    if not (phone or email):
        problems["contact"] = _("Hãy nhập một số điện thoại hoặc một địa chỉ email.")
    names = (phone, phone_shown(phone).replace(" ", "")) if phone else (email or "",)
    if problem := passwords.password_problem(form.password, is_staff=False, names=names):
        problems["password"] = problem
    if form.group not in GROUPS:
        problems["group"] = _("Hãy chọn một nghề nghiệp.")
    birth_year, problem = _birth_year(form.birth_year)
    if problem:
        problems["birth_year"] = problem
    if not form.agrees:
        problems["agrees"] = _("Cần sự đồng ý này mới mở được tài khoản; chưa đồng ý thì vẫn học tiếp được như trước.")
    if (form.birth_year.strip() or form.sex) and not form.agrees_statistics:
        problems["agrees_statistics"] = _("Hãy đánh dấu đồng ý, hoặc bỏ trống năm sinh và giới tính.")
    if problems:
        raise Invalid(fields=problems)
    sex = cast(Sex, form.sex) if form.sex in get_args(Sex) else None
    return NewLearner(name, "phone" if phone else "email", phone or email or "", form.group, birth_year, sex)


def is_taken(db: Session, learner: NewLearner) -> bool:
    """Somebody has this phone or email: with an account, or entered by an office. Which of them is not for telling."""
    return people.find_person(db, learner.kind, learner.contact) is not None


def open_account(db: Session, learner: NewLearner, password_hash: str, unit_id: int, since: date) -> Account:
    """A person living in the commune since that day at least, their account, and the proof of their consents.

    Two at once with one phone: the second breaks a unique key of the database (IntegrityError).
    """
    phone, email = (learner.contact, "") if learner.kind == "phone" else ("", learner.contact)
    fields = SealedFields(birth_year=learner.birth_year, phone=phone, email=email)
    person = people.new_person(learner.name, learner.sex, fields)
    person.signed_up_at, person.declared_group = clock.now(), learner.group
    account = new_account(person, UserNames(db).free(learner.name), password_hash, must_change=False)
    db.add_all([person, account])
    db.flush()
    # No title: a paper shall not print a post that no office has confirmed.
    people.add_affiliation(db, person, unit_id, audiences=GROUPS[learner.group][1], started_on=since)
    for purpose in _consents(learner):
        version, words = PURPOSES[purpose]
        proof = Consent(
            person_id=person.id, purpose=purpose, version=version, wording=str(words), given_at=clock.now()
        )  # fmt: skip
        db.add(proof)
    audit.record(db, "account.sign_up", "account", account.id, account_id=account.id, group=learner.group)
    db.flush()
    return account


def group_choices() -> Mapping[str, str]:
    """What one may say one does, in the reader's language."""
    return {key: str(label) for key, (label, _audiences) in GROUPS.items()}


def group_name(declared: str | None) -> str:
    """What they said they do; "" for who did not sign up, or chose what is no longer offered."""
    return str(GROUPS[declared][0]) if declared in GROUPS else ""


def needs_confirming(declared: str | None) -> bool:
    """Only an office can make one a member of this group."""
    return declared in _FOR_OFFICES


def _consents(learner: NewLearner) -> list[str]:
    return ["account", "statistics"] if learner.birth_year or learner.sex else ["account"]


def _birth_year(typed: str) -> tuple[int | None, str]:
    typed = typed.strip()
    if not typed:
        return None, ""
    this_year = clock.today().year
    year = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) == 4 else 0
    if not this_year - _OLDEST <= year <= this_year:
        return None, _("Năm sinh gồm bốn chữ số, ví dụ 1975.")
    if this_year - year < _LEAST_AGE:
        return None, _("Người dưới 16 tuổi cần cha mẹ hoặc người giám hộ đồng ý, nên chưa tự đăng ký được ở đây.")
    return year, ""
