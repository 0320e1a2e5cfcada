"""A paper with a wrong name is replaced by one with the right name; the old one says so and changes by no byte."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.certificates import forms, service
from app.certificates.models import Certificate, CertificateSeries
from app.certificates.queries import certificates_of
from app.core import clock
from app.core.errors import Conflict
from app.core.jobs import Worker
from app.core.storage import Storage
from app.learning import completions
from app.learning.models import Completion
from tests import factories
from tests.browser import Browser
from tests.certificates import making

FORM = {
    "superior_name": "UBND thành phố Bắc Ninh", "issuer_name": "Sở Khoa học và Công nghệ", "symbol": "HS-SKHCN",
    "signer_authority": "KT. Giám đốc", "signer_title": "Phó Giám đốc", "signer_name": "Lê Văn Mẫu",
    "title": "Giấy chứng nhận mẫu mới", "lead": "Chứng nhận", "body": "đã học xong", "colour": "#1f3b63",
}  # fmt: skip


def document(db: Session, storage: Storage, certificate: Certificate) -> bytes:
    db.refresh(certificate, ["document"])
    assert certificate.document
    return b"".join(storage.read(certificate.document.storage_key))


def test_a_replaced_certificate_names_the_new_one(browser: Browser, db: Session) -> None:
    old = making.certificate(db)
    new = service.replace(db, old, "name", "Sai tên đệm", None)
    db.commit()
    assert (old.state, new.state, new.edition) == ("replaced", "valid", 2)
    page = browser.get(f"/verify/{old.code}")
    assert f"đã được thay bằng giấy số {new.number}" in page.text
    assert "Còn hiệu lực" in browser.get(f"/verify/{new.code}").text


def test_the_new_paper_bears_the_name_of_today_and_the_post_of_the_day(db: Session) -> None:
    holder = factories.person(db, "Nguyễn Thị Hạn", birth_date=date(1985, 3, 2))
    factories.post(db, holder, title="Chuyên viên")
    old = making.certificate(db, holder)
    holder.name = "Nguyễn Thị Hạnh"
    new = service.replace(db, old, "name", "Sai tên", None)
    assert (old.holder_name, new.holder_name, new.folded_holder_name) == (
        "Nguyễn Thị Hạn", "Nguyễn Thị Hạnh", "nguyen thi hanh",
    )  # fmt: skip
    assert (new.holder_title, new.unit_name, new.completed_on) == (old.holder_title, old.unit_name, old.completed_on)
    assert [card.number for card in certificates_of(db, holder.id)] == [new.number]


def test_replacing_again_returns_the_same_one(db: Session) -> None:
    old = making.certificate(db)
    new = service.replace(db, old, "lost", "Mất", None)
    assert service.replace(db, old, "lost", "Mất", None) is new
    assert service.issue(db, [old.completion_id]) == [new]
    assert db.scalar(select(func.count()).select_from(Certificate)) == 2


def test_a_revoked_one_is_not_replaced(db: Session) -> None:
    old = making.certificate(db)
    service.revoke(db, old, "clerical", "Sai", None)
    with pytest.raises(Conflict):
        service.replace(db, old, "lost", "Mất", None)


def test_revoking_the_new_one_ends_the_old_one_too(db: Session) -> None:
    old = making.certificate(db)
    new = service.replace(db, old, "lost", "Mất", None)
    completions.annul_completion(db, db.get_one(Completion, old.completion_id), None, "Thi hộ", fraud=True)
    service.revoke_after_annulment(db, old.completion_id, fraud=True)
    assert (old.state, new.state) == ("revoked", "revoked")


def test_a_new_form_changes_no_past_byte(db: Session, worker: Worker, storage: Storage) -> None:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        old = making.certificate(db)
        db.commit()
        worker.run_all()
        before, said = document(db, storage, old), dict(vars(old))
        forms.add_form(db, FORM | {"valid_from": date(2026, 11, 1), "symbol": "HS-MOI"}, 1)
        db.commit()
        worker.run_all()
        assert document(db, storage, old) == before
        db.expire(old)
        kept = {name: value for name, value in said.items() if name in Certificate.__table__.columns}
        assert {name: getattr(old, name) for name in kept} == kept
        new = making.certificate(db)
    assert (new.number, new.signer_authority, new.signer_title) == ("00001/2026/HS-MOI", "KT. Giám đốc", "Phó Giám đốc")
    assert new.form_id != old.form_id


def test_of_two_forms_of_one_day_the_later_counts(db: Session) -> None:
    for name in ("Trần Thị Một", "Trần Thị Hai"):
        forms.add_form(db, FORM | {"valid_from": date(2026, 12, 1), "signer_name": name}, 1)
    assert forms.form_on(db, date(2026, 12, 5)).signer_name == "Trần Thị Hai"
    assert forms.chosen(forms.all_forms(db), date(2026, 12, 5)).signer_name == "Trần Thị Hai"
    assert forms.form_on(db, date(2026, 11, 30)).signer_name == ""


def test_each_issuer_has_a_series_of_its_own(db: Session) -> None:
    for day, number in (
        (date(2025, 2, 27), "00001/2025/HS-STTTT"), (date(2025, 3, 1), "00001/2025/HS-SKHCN"),
        (date(2025, 8, 1), "00002/2025/HS-SKHCN"), (date(2026, 1, 2), "00001/2026/HS-SKHCN"),
    ):  # fmt: skip
        with clock.frozen(datetime(day.year, day.month, day.day, 5, tzinfo=UTC)):
            assert making.certificate(db, factories.person(db)).number == number
    assert {(row.symbol, row.year): row.last_number for row in db.scalars(select(CertificateSeries))} == {
        ("HS-STTTT", 2025): 1, ("HS-SKHCN", 2025): 2, ("HS-SKHCN", 2026): 1,
    }  # fmt: skip
