"""Slips for a first sign-in: who gets one, what it says, what it opens, and how long the file lies there."""

import io
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pypdf
import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.jobs import Job, Worker
from app.core.storage import Storage
from app.identity.codes import slips
from app.identity.codes.models import SlipSheet
from app.identity.codes.slips import KEPT, order_slips
from app.identity.models import Account
from app.identity.roles.grants import grant_role
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import actor_of
from tests import factories
from tests.browser import Browser
from tests.identity.test_one_time_codes import OVER, use

IMPORTED = "ABCDEF-GHJKMN-PQRSTV"


def newcomer(db: Session, name: str, code: str = factories.BAC_GIANG) -> Account:
    """Somebody as an import makes them: with an account nobody has signed in to."""
    account = factories.civil_servant(db, code=code, name=name)
    account.password_hash, account.must_change_password = passwords.hash_one_time_code(IMPORTED), True
    return account


@pytest.fixture
def manager(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    return new_browser().sign_in("quanly")


def printed(manager: Browser, db: Session, worker: Worker) -> tuple[list[str], list[str]]:
    """Orders the slips of the ward: the text of each page, and the codes in the QR codes of the first."""
    asked = manager.post("/people/slips", {"unit": factories.BAC_GIANG})
    assert "Đang làm phiếu" in asked.text
    worker.run_all()
    newest = max(db.scalars(select(SlipSheet.id)))
    db.commit()
    file = manager.get(f"/people/slips/{newest}.pdf")
    assert file.status_code == 200
    pages = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(file.content)).pages]
    picture = pypdfium2.PdfDocument(file.content)[0].render(scale=3).to_pil()
    urls = [found.text for found in zxingcpp.read_barcodes(picture)]
    assert all(url.startswith("https://hocso.test/sign-in/code?code=") for url in urls)
    return pages, [parse_qs(urlsplit(url).query)["code"][0] for url in urls]


def test_whoever_never_signed_in_gets_a_card_that_lets_them_in_once(
    db: Session, manager: Browser, worker: Worker, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    waiting = [newcomer(db, f"Người Mới {letter}") for letter in "ABCDEFGHIJKL"]
    away = newcomer(db, "Người Ở Nơi Khác", "07228")
    known = factories.civil_servant(db, name="Người Đã Vào")
    staff = newcomer(db, "Người Có Vai Trò")
    grant_role(db, staff, "province_admin", factories.unit_id(db, "24"))
    db.commit()
    pages, codes = printed(manager, db, worker)
    assert len(pages) == 2, "ten cards a page"
    text = " ".join(pages)
    for account in waiting:
        assert account.person.name in text
        assert account.username in text
    for account in (away, known, staff):
        assert account.person.name not in text
    assert "Dùng đến hết" in text
    assert len(codes) == 10
    assert all(code in pages[0] for code in codes)
    opened = browser.get(f"/sign-in/code?code={codes[0]}")
    assert f'value="{codes[0]}"' in opened.text
    assert "Lần sau hãy đăng nhập bằng tên" in use(browser, codes[0])
    assert OVER in use(new_browser(), codes[0])
    # Nor does the list of the import open anything any more.
    answer = new_browser().post("/sign-in", {"name": waiting[3].username, "password": IMPORTED})
    assert answer.status_code == 422


def test_new_slips_replace_old_ones_and_leave_out_who_came_meanwhile(
    db: Session, manager: Browser, worker: Worker, browser: Browser
) -> None:
    newcomer(db, "Người Thứ Nhất")
    newcomer(db, "Người Thứ Hai")
    db.commit()
    _pages, codes = printed(manager, db, worker)
    name = browser.post("/sign-in/code", {"code": codes[0]}).text
    first = "Người Thứ Nhất" if "Người Thứ Nhất" in name else "Người Thứ Hai"
    use(browser, codes[0])
    again, new_codes = printed(manager, db, worker)
    assert first not in again[0]
    assert len(new_codes) == 1
    assert OVER in use(browser, codes[1])
    with clock.frozen(clock.now() + timedelta(days=14, minutes=1)):
        assert OVER in use(browser, new_codes[0])


def test_a_file_is_sealed_its_makers_own_and_gone_after_a_day(
    db: Session, manager: Browser, worker: Worker, storage: Storage, new_browser: Callable[[], Browser]
) -> None:
    newcomer(db, "Người Mới")
    factories.account(db, username="khac", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    printed(manager, db, worker)
    sheet = db.scalars(select(SlipSheet)).one()
    address = f"/people/slips/{sheet.id}.pdf"
    assert not b"".join(storage.read(sheet.storage_key)).startswith(b"%PDF")
    db.commit()
    assert new_browser().sign_in("khac").get(address).status_code == 404
    with clock.frozen(clock.now() + KEPT + timedelta(hours=2)):
        worker.enqueue_due_crons()
        worker.run_all()
    db.refresh(sheet)
    assert sheet.storage_key == ""
    assert not list(storage.all_keys("slips"))
    db.commit()
    assert "tệp đã được xóa" in manager.get("/people/slips").text


def test_whose_slips_were_ordered_is_forgotten_also_where_none_came_of_it(
    db: Session, manager: Browser, worker: Worker
) -> None:
    account = newcomer(db, "Người Mới")
    actor = actor_of(db, db.scalars(select(Account.id).where(Account.username == "quanly")).one())
    assert actor is not None
    (too_late,) = order_slips(db, actor, [account.person_id], "Đã đăng nhập trước khi có phiếu")
    (stopped,) = order_slips(db, actor, [account.person_id], "Bị dừng")
    (waiting,) = order_slips(db, actor, [account.person_id], "Còn chờ")
    job_of = {
        sheet: db.scalars(select(Job).where(Job.subject == f"slips:{sheet.id}")).one() for sheet in (stopped, waiting)
    }
    jobs.cancel(db, job_of[stopped])
    job_of[waiting].run_at = clock.now() + 3 * KEPT
    account.must_change_password = False
    db.commit()
    worker.run_all()
    db.refresh(too_late)
    assert (too_late.people, too_late.count) == ([], None)
    db.commit()
    with clock.frozen(clock.now() + KEPT + timedelta(hours=2)):
        worker.enqueue_due_crons()
        worker.run_all()
    for sheet in (stopped, waiting):
        db.refresh(sheet)
    assert (stopped.people, waiting.people) == ([], [account.person_id])


def test_nobody_waiting_and_no_such_unit_are_said_at_the_field(db: Session, manager: Browser) -> None:
    page = manager.post("/people/slips", {"unit": factories.BAC_GIANG})
    assert page.status_code == 422
    assert "không còn ai chưa đăng nhập" in page.text
    assert "Không có đơn vị nào như vậy" in manager.post("/people/slips", {"unit": "07228"}).text


def test_people_of_a_list_are_those_the_maker_looks_after(db: Session, manager: Browser) -> None:
    """As an import hands them over: by id, whoever they are."""
    here, away = newcomer(db, "Người Mới"), newcomer(db, "Người Ở Nơi Khác", "07228")
    actor = actor_of(db, db.scalars(select(Account.id).where(Account.username == "quanly")).one())
    assert actor is not None
    (sheet,) = order_slips(db, actor, [here.person_id, away.person_id], "danh-sach.xlsx")
    assert sheet.people == [here.person_id]


def test_many_slips_make_several_files(
    db: Session, manager: Browser, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slips, "MOST_SLIPS", 2)
    for letter in "CBA":
        newcomer(db, f"Người Mới {letter}")
    db.commit()
    printed(manager, db, worker)
    sheets = db.scalars(select(SlipSheet).order_by(SlipSheet.id)).all()
    assert [(sheet.title, sheet.count) for sheet in sheets] == [
        ("Phường Bắc Giang (1/2)", 2), ("Phường Bắc Giang (2/2)", 1),
    ]  # fmt: skip
