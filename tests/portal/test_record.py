"""The learning record lists all that counts, and says where the certificates are."""

import io
from datetime import date

from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates.models import Certificate
from app.learning import completions
from app.portal.record import learning_record, render_record
from tests import factories
from tests.browser import Browser


def test_the_record_holds_every_completion_that_counts(db: Session, browser: Browser) -> None:
    account = factories.civil_servant(db, "hanh", name="Nguyễn Thị Hạnh")
    factories.completion(db, account.person, factories.course(db), date(2026, 3, 2))
    completions.record_completion(
        db,
        completions.LearnedOutside(
            account.person_id, "P04-NENTANG", "Lớp tập huấn ký số", "class", "class:1", date(2026, 5, 6), 4
        ),
    )
    gone = factories.completion(db, account.person, factories.course(db, "BO01"), date(2026, 6, 1))
    completions.annul_completion(db, gone, None, "nhầm", fraud=False)
    number = db.scalars(select(Certificate.number).order_by(Certificate.id)).first()
    record = learning_record(db, account.person_id)
    assert [(year, len(lines)) for year, _hours, lines in record.years] == [(2026, 2)]
    db.commit()
    answer = browser.sign_in("hanh").get("/my/record.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())
    for said in ("Nguyễn Thị Hạnh", "Lớp tập huấn ký số", "06/05/2026", "02/03/2026", str(number)):
        # Narrow columns break lines wherever they can.
        assert said.replace(" ", "") in text.replace(" ", "")
    assert "BO01" not in text


def test_an_empty_record_says_so(db: Session) -> None:
    account = factories.civil_servant(db)
    content = render_record(learning_record(db, account.person_id), "https://hocso.test")
    assert "chưa có kết quả hoàn thành nào" in " ".join(PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
