"""Identity fields: sealed under a key per person, found by keyed hashes, gone when the key is erased."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import keys
from app.core.errors import Invalid
from app.identity import sealing
from app.identity.identifiers import email_address, identity_number, phone_e164, phone_shown
from app.identity.models import Person, PersonLookup
from app.identity.people import people
from app.identity.sealing import FieldKeyDoesNotFit, SealedFields
from tests import factories

FIELDS = {
    "birth_date": date(1985, 2, 3),
    "phone": "0912 345 678",
    "email": "An.Nguyen@vidu.example",
    "identity": "024085001234",
}


def test_sealed_fields_come_back_normalised(db: Session) -> None:
    person = factories.person(db, **FIELDS)
    db.expire_all()
    assert sealing.unseal(person) == SealedFields(
        date(1985, 2, 3), 1985, "+84912345678", "an.nguyen@vidu.example", "024085001234"
    )


def test_no_identity_field_is_readable_in_any_table(db: Session) -> None:
    factories.person(db, **FIELDS)
    for table in ("person", "person_lookup", "account"):
        stored = repr(db.execute(text(f"SELECT * FROM {table}")).all()).lower()
        for secret in ("912345678", "an.nguyen", "024085001234", "1985"):
            assert secret not in stored.replace("\\x", "")


def test_erasing_the_wrapped_key_leaves_nothing_readable(db: Session) -> None:
    person = factories.person(db, **FIELDS)
    birth = sealing.seal_text(person, "03/02/1985")
    assert sealing.unseal_text(person, birth) == "03/02/1985"
    person.wrapped_key = None
    assert sealing.unseal(person) == SealedFields()
    assert sealing.unseal_text(person, birth) == ""


def test_a_sealed_value_does_not_open_in_another_persons_row(db: Session) -> None:
    one, other = factories.person(db, **FIELDS), factories.person(db)
    other.wrapped_key, other.sealed = one.wrapped_key, one.sealed
    with pytest.raises(FieldKeyDoesNotFit):
        sealing.unseal(other)


def test_another_field_key_opens_nothing_and_finds_nobody(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    person = factories.person(db, **FIELDS)
    monkeypatch.setattr(sealing, "field_key", lambda: b"x" * 32)
    with pytest.raises(FieldKeyDoesNotFit):
        sealing.unseal(person)
    assert people.find_person(db, "phone", "+84912345678") is None
    assert len(keys.field_key()) == 32


def test_people_are_found_by_phone_email_and_identity_number(db: Session) -> None:
    person = factories.person(db, **FIELDS)
    assert people.find_person(db, "phone", "+84912345678") is person
    assert people.find_person(db, "email", "an.nguyen@vidu.example") is person
    assert people.find_person(db, "identity", "024085001234") is person
    assert people.find_person(db, "phone", "024085001234") is None


def test_two_people_cannot_share_a_phone(db: Session) -> None:
    factories.person(db, **FIELDS)
    with pytest.raises(Invalid) as caught:
        factories.person(db, "Trần Thị Khác", phone="+84 912 345 678")
    assert list(caught.value.fields) == ["phone"]


def test_changed_fields_move_the_look_ups(db: Session) -> None:
    person = factories.person(db, **FIELDS)
    people.set_fields(person, SealedFields(phone="+84987654321", email="an.nguyen@vidu.example"))
    db.flush()
    assert set(db.scalars(select(PersonLookup.kind).where(PersonLookup.person_id == person.id))) == {"phone", "email"}
    assert people.find_person(db, "phone", "+84987654321") is person
    assert people.find_person(db, "identity", "024085001234") is None


@pytest.mark.parametrize("name", ["", "=1+1", "Nguyễn Văn 2", "<b>An</b>", "A" * 121, "An;Bình"])
def test_what_is_no_name_is_refused(db: Session, name: str) -> None:
    with pytest.raises(Invalid):
        people.add_person(db, name=name)


@pytest.mark.parametrize(
    "name", ["Nguyễn Văn An", "H'Hen Niê", "Y Bhăm", "Tôn Nữ Thị Ninh", "Lê  Bình", "Anne-Marie Đỗ"]
)
def test_names_of_all_peoples_are_names(db: Session, name: str) -> None:
    assert isinstance(people.add_person(db, name=name), Person)


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("0912 345 678", "+84912345678", "0912 345 678"),
        ("84.912.345.678", "+84912345678", "0912 345 678"),
        ("912345678", "+84912345678", "0912 345 678"),
        ("02043 854 321", "+842043854321", "0204 3854 321"),
        ("+1 202 555 0170", "+12025550170", "+1 202-555-0170"),
    ],
)
def test_phones_have_one_form(typed: str, stored: str, shown: str) -> None:
    assert phone_e164(typed) == stored
    assert phone_shown(stored) == shown


@pytest.mark.parametrize("typed", ["", "123", "không có", "0912 345 67", "0912 345 6789", "=0912345678+1"])
def test_what_is_no_phone_is_none(typed: str) -> None:
    assert phone_e164(typed) is None


@pytest.mark.parametrize(
    ("typed", "sex", "year"),
    [
        ("024 085 001234", "male", 1985),
        ("027190001234", "female", 1990),
        ("024.204.001234", "male", 2004),
        ("001301001234", "female", 2001),
        ("121234567", None, None),
    ],
)
def test_identity_numbers_say_sex_and_year(typed: str, sex: str | None, year: int | None) -> None:
    number = identity_number(typed)
    assert number is not None
    assert (number.sex, number.birth_year) == (sex, year)


@pytest.mark.parametrize("typed", ["", "003085001234", "02408500123", "0240850012345", "abc", "１２１２３４５６７"])
def test_what_is_no_identity_number_is_none(typed: str) -> None:
    assert identity_number(typed) is None


@pytest.mark.parametrize("typed", ["a@b", "a b@vidu.example", "@vidu.example", "a@vidu..example", "a" * 250 + "@x.vn"])
def test_what_is_no_email_is_none(typed: str) -> None:
    assert email_address(typed) is None
