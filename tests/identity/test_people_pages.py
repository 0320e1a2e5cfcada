"""The list of people in scope, and the import of lists in the browser."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.core.settings import Settings
from app.core.storage import Storage
from app.core.text import name_key
from app.identity.models import PeopleImport, Person, RoleGrant
from tests import factories
from tests.browser import Browser
from tests.identity.messy import messy_workbook
from tests.identity.workbooks import GOOD, good, rows_of, workbook

KINH_BAC = "09187"


@pytest.fixture
def manager(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    """Unit manager of Phường Bắc Giang."""
    factories.account(db, factories.person(db, "Phạm Văn Quang"), "quanly", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    return new_browser().sign_in("quanly")


@pytest.fixture
def province(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    factories.account(db, factories.person(db, "Đỗ Thu Thủy"), "quantri", role="province_admin")
    db.commit()
    return new_browser().sign_in("quantri")


def upload(browser: Browser, content: bytes, name: str = "danh-sach.xlsx", **options: object) -> httpx.Response:
    browser.get("/people/imports")
    return browser.client.post(
        f"/people/imports?csrf_token={browser.token}",
        files={"file": (name, content)},
        follow_redirects=True,
        **options,  # type: ignore[arg-type]
    )


def named(database: Database, name: str) -> int:
    """How many people bear the name, read without holding the database."""
    with database.reading() as db:
        return db.scalar(select(func.count()).where(Person.name == name)) or 0


# --- the list -----------------------------------------------------------------------------------------------------


def test_a_manager_sees_the_people_of_the_unit_and_nobody_else(db: Session, manager: Browser) -> None:
    factories.civil_servant(db, "trong", name="Trần Văn Trong")
    factories.civil_servant(db, "ngoai", KINH_BAC, name="Trần Văn Ngoài")
    former = factories.person(db, "Trần Văn Nghỉ")
    factories.post(db, former, ended_on=clock.today() - timedelta(days=1))
    db.commit()
    text = manager.get("/people").text
    assert "Trần Văn Trong" in text
    assert "Chuyên viên · Phường Bắc Giang" in text
    assert "Trần Văn Ngoài" not in text
    assert "Trần Văn Nghỉ" not in text


def test_the_province_sees_everybody_with_a_post(db: Session, province: Browser) -> None:
    factories.civil_servant(db, "mot", name="Trần Văn Một")
    factories.civil_servant(db, "hai", KINH_BAC, name="Trần Văn Hai")
    db.commit()
    text = province.get("/people").text
    assert "Trần Văn Một" in text
    assert "Trần Văn Hai" in text


def test_learners_and_strangers_see_no_list(db: Session, browser: Browser) -> None:
    factories.civil_servant(db, "hoc")
    db.commit()
    assert browser.get("/people").url.path == "/sign-in"
    assert browser.sign_in("hoc").get("/people").status_code == 403
    assert browser.get("/people/imports").status_code == 403


def test_search_needs_no_marks_and_exact_marks_come_first(db: Session, manager: Browser) -> None:
    for number, name in enumerate(["Đặng Thị Hoà", "Đàng Văn Hòa", "Lê Thị Lan"]):
        factories.civil_servant(db, f"nguoi{number}", name=name)
    db.commit()
    both = manager.get("/people", params={"q": "dang"}).text
    assert "Đặng Thị Hoà" in both
    assert "Đàng Văn Hòa" in both
    assert "Lê Thị Lan" not in both
    exact = manager.get("/people", params={"q": "Đặng"}).text
    assert exact.index("Đặng Thị Hoà") < exact.index("Đàng Văn Hòa")
    assert "Không có ai như vậy" in manager.get("/people", params={"q": "100%"}).text


def test_a_phone_finds_its_holder_only_in_scope(db: Session, manager: Browser) -> None:
    for code, name, phone in ((factories.BAC_GIANG, "Lê Văn Gần", "0912345678"), (KINH_BAC, "Lê Văn Xa", "0912345679")):
        factories.post(db, factories.person(db, name, phone=phone), code)
    db.commit()
    assert "Lê Văn Gần" in manager.get("/people", params={"q": "0912 345 678"}).text
    assert "Lê Văn Xa" not in manager.get("/people", params={"q": "0912345679"}).text
    assert "0912345678" not in manager.get("/people").text


def test_names_stand_in_vietnamese_order(db: Session, manager: Browser) -> None:
    for number, name in enumerate(["Vũ Văn Đức", "An Thị Yến", "Trần Văn Dũng", "Bùi Thị Ánh"]):
        factories.civil_servant(db, f"nguoi{number}", name=name)
    db.commit()
    text = manager.get("/people").text
    places = [text.index(name) for name in ("Bùi Thị Ánh", "Trần Văn Dũng", "Vũ Văn Đức", "An Thị Yến")]
    assert places == sorted(places)


def names_of_all_pages(browser: Browser, **query: str) -> list[str]:
    names: list[str] = []
    for page in range(1, 100):
        text = browser.get("/people", params={**query, "page": str(page)}).text
        names += re.findall('<th scope="row"><a[^>]*>([^<]+)</a></th>', text)
        if f"page={page + 1}" not in text:
            break
    return names


@pytest.mark.parametrize("someone_elsewhere", [False, True])
def test_pages_together_hold_everybody_once_in_order(
    db: Session, manager: Browser, province: Browser, someone_elsewhere: bool
) -> None:
    given = ("Ánh", "An", "Đức", "Dũng", "Yến", "Hòa", "Hoà", "Bình", "Bính", "Ân", "Ăn", "Hà")
    here = [f"{family} {middle} {last}" for family in ("Lê", "Đỗ", "Vũ") for middle in ("Thị", "Văn") for last in given]
    for name in here:
        holder = factories.person(db, name)
        factories.post(db, holder)
        factories.post(db, holder, is_primary=False)
    former = factories.person(db, "Lê Thị Nghỉ")
    factories.post(db, former, ended_on=clock.today() - timedelta(days=1))
    elsewhere = ["Bùi Thị Xa"] if someone_elsewhere else []
    for name in elsewhere:
        factories.post(db, factories.person(db, name), KINH_BAC)
    db.commit()
    assert names_of_all_pages(manager) == sorted(here, key=name_key)
    assert names_of_all_pages(province) == sorted(here + elsewhere, key=name_key)
    exact = [name for name in here if "Hòa" in name]
    loose = [name for name in here if "Hoà" in name]
    assert names_of_all_pages(manager, q="Hòa") == sorted(exact, key=name_key) + sorted(loose, key=name_key)
    assert names_of_all_pages(province, q="thi") == sorted(
        (name for name in here + elsewhere if "Thị" in name), key=name_key
    )


def test_the_list_of_a_province_walks_along_the_names(db: Session, database: Database, province: Browser) -> None:
    factories.civil_servant(db)
    db.commit()
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by the number of rows, and here are few")
    asked: list[tuple[str, object]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    province.get("/people")
    statement, values = next(one for one in asked if "LIMIT" in one[0] and "sort_name" in one[0])
    with database.reading() as reader:
        plan = reader.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    steps = " ".join(str(step[3]) for step in plan)
    assert "SCAN person USING COVERING INDEX ix_person_sort_name" in steps
    assert "SEARCH affiliation USING" in steps


def test_a_longer_list_costs_no_more_queries(db: Session, database: Database, manager: Browser) -> None:
    counted: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    for number in range(2):
        factories.civil_servant(db, f"it{number}")
    db.commit()
    counted.clear()
    manager.get("/people")
    few = len(counted)
    for _number in range(40):
        factories.post(db, factories.person(db, "Trần Thị Đông"))
    db.commit()
    counted.clear()
    page = manager.get("/people").text
    assert len(counted) == few
    assert "/people?page=2" in page
    assert manager.get("/people?page=99").status_code == 200


def test_htmx_gets_only_the_list(db: Session, manager: Browser) -> None:
    text = manager.get("/people", headers={"hx-request": "true"}).text
    assert "<html" not in text


# --- importing ----------------------------------------------------------------------------------------------------


def test_a_list_is_checked_shown_and_then_applied(
    database: Database, worker: Worker, province: Browser, manager: Browser, settings: Settings
) -> None:
    content = workbook([GOOD, good(2) | {"Điện thoại": "0"}, good(3) | {"Giới tính": "Nữ"}])
    page = upload(province, content)
    url = page.url.path
    assert "Đang kiểm tra tệp" in page.text
    assert 'hx-trigger="every 1s"' in page.text
    assert province.client.post(f"{url}/apply", data={"csrf_token": province.token}).status_code == 409
    assert worker.run_all() == 1
    fragment = province.get(url, headers={"hx-request": "true"}).text
    assert "<html" not in fragment
    checked = province.get(url).text
    for words in (
        "Kết quả kiểm tra",
        "Nguyễn Văn An",
        "Thêm mới",
        "Số điện thoại “0” không đúng.",
        "Giới tính không khớp",
    ):
        assert words in checked
    assert "Giới tính không khớp" not in province.get(f"{url}?outcome=refused&page=7").text
    assert named(database, "Nguyễn Văn An") == 0
    [tried, *_rest] = rows_of(province.get(f"{url}/result.xlsx").content)
    assert "Mật khẩu lần đầu" not in tried

    waiting = province.post(f"{url}/apply")
    assert "Đang nhập danh sách" in waiting.text
    again = province.post(f"{url}/apply")
    assert again.url == waiting.url, "pressing the button twice imports once"
    worker.run_all()
    done = province.get(waiting.url.path).text
    assert "Đã ghi 1 dòng." in done
    response = province.get(f"{waiting.url.path}/result.xlsx")
    assert response.headers["cache-control"] == "private, no-store"
    created, *_others = rows_of(response.content)
    assert "danh-sach.xlsx" in province.get("/people/imports").text

    assert manager.get(url).status_code == 403
    newcomer = manager
    newcomer.post("/sign-out")
    first = newcomer.post("/sign-in", {"name": "0912345678", "password": str(created["Mật khẩu lần đầu"])})
    assert "Đặt mật khẩu của anh/chị" in first.text

    kept = [path.read_bytes() for path in Path(settings.media_url.removeprefix("file://")).rglob("*") if path.is_file()]
    assert kept
    assert not any(b"024085001234" in stored or stored.startswith(b"PK") for stored in kept), "sealed at rest"


def test_an_offices_own_list_shows_how_it_was_read_and_is_applied(
    database: Database, worker: Worker, province: Browser
) -> None:
    page = upload(province, messy_workbook(40).content, "cua-don-vi.xlsx")
    worker.run_all()
    checked = province.get(page.url.path).text
    for words in (
        "Hệ thống đã đọc tệp như sau", "Trang tính Khối tỉnh: tên cột ở dòng 5", "H · Mã đơn vị", "Khối tỉnh, dòng 7",
        "Đoán theo giá trị; cột không có tên", "Trang tính ẩn, không đọc.", "Dòng tổng cộng. “Tổng cộng | 5 | 5”",
    ):  # fmt: skip
        assert words in checked
    assert "cột không có tên" in province.get(page.url.path, headers={"hx-request": "true"}).text
    applied = province.post(f"{page.url.path}/apply").url.path
    worker.run_all()
    new = [row for row in rows_of(province.get(f"{applied}/result.xlsx").content) if row["Mật khẩu lần đầu"]]
    assert new
    assert {row["Trang tính"] for row in new} == {"Khối tỉnh", "Khối xã, phường", "Hợp đồng", "Phường Đa Mai"}
    assert named(database, str(new[0]["Họ và tên"]).title()) > 0


def test_a_wrong_guess_is_corrected_on_the_page_and_stays_corrected(
    db: Session, worker: Worker, province: Browser, storage: Storage
) -> None:
    columns = ["Họ và tên", "Số CCCD", "Điện thoại", "Mã đơn vị", "Tên đơn vị", "Ghi chú"]
    url = upload(province, workbook([GOOD | {"Ghi chú": "Phó Chủ tịch"}], columns), "cua-don-vi.xlsx").url.path
    worker.run_all()
    twice = province.post(f"{url}/columns", {"column": ["0.5.name"]})
    assert twice.status_code == 422
    assert "đang chọn hai lần: Họ và tên" in twice.text
    assert 'value="0.5.name" selected' in twice.text
    again = province.post(f"{url}/columns", {"column": ["0.5.title", "0.2."]}).url.path
    assert again != url
    worker.run_all()
    assert "Do anh/chị chọn" in province.get(again).text
    applied = province.post(f"{again}/apply").url.path
    worker.run_all()
    [row] = rows_of(province.get(f"{applied}/result.xlsx").content)
    assert (row["Chức vụ"], row["Điện thoại"]) == ("Phó Chủ tịch", None)
    with clock.frozen(clock.now() + timedelta(days=31)):
        enqueue(db, "identity.forget_imports")
        db.commit()
        worker.run_all()
    assert not list(storage.all_keys("imports"))


def test_a_name_of_two_units_is_asked_about_once_for_all_its_rows(worker: Worker, province: Browser) -> None:
    said = {"Mã đơn vị": None, "Tên đơn vị": "Xã Phúc Sơn"}
    rows = [good(1) | said, good(2) | said, good(3) | {"Mã đơn vị": None, "Tên đơn vị": "Hội Làm vườn"}, good(4)]
    url = upload(province, workbook(rows, [*GOOD, "Ghi chú"]), "cua-don-vi.xlsx").url.path
    worker.run_all()
    assert f"{url}/units" in province.get(url).text
    asked = province.get(f"{url}/units").text
    assert "“Xã Phúc Sơn” là đơn vị nào?" in asked
    assert "Xã Phúc Sơn (Huyện Sơn Động, đến 30/06/2025), nay thuộc Xã Đại Sơn" in asked
    assert asked.count('value="|xã phúc sơn"') == 1
    keys = {"key": ["|xã phúc sơn", "|hội làm vườn"]}
    nothing = province.post(f"{url}/units", keys | {"choice": ["", ""], "unit": ["", ""]})
    assert nothing.status_code == 422
    wrong = province.post(f"{url}/units", keys | {"choice": ["07627", ""], "unit": ["", "Không Đâu"]})
    assert wrong.status_code == 422
    assert 'value="07627" selected' in wrong.text, "what was chosen is not lost"
    assert 'value="Không Đâu"' in wrong.text
    province.post(f"{url}/units", keys | {"choice": ["07627", ""], "unit": ["", "Phường Kinh Bắc"]})
    worker.run_all()
    checked = rows_of(province.get(f"{url}/result.xlsx").content)
    assert {row["Kết quả"] for row in checked} == {"Thêm mới"}
    assert ["theo trả lời" in str(row["Ghi chú"]) for row in checked] == [True, True, True, False]
    assert "Không còn đơn vị nào phải hỏi" in province.get(f"{url}/units").text
    # Other columns may be chosen; what was answered stays answered.
    again = province.post(f"{url}/columns", {"column": ["0.9."]}).url.path
    worker.run_all()
    assert "Không còn đơn vị nào phải hỏi" in province.get(f"{again}/units").text


def test_a_list_in_plain_text_is_read_like_any_other(worker: Worker, province: Browser) -> None:
    text = "STT;Họ và tên;Ngày sinh;Đơn vị\r\n1;Nguyễn Văn An;03/02/1985;Phường Bắc Giang\r\n"
    url = upload(province, text.encode("utf-16"), "danh-sach.csv").url.path
    worker.run_all()
    assert "Nguyễn Văn An" in province.get(url).text


def test_what_holds_no_list_of_people_is_refused_at_once(db: Session, province: Browser) -> None:
    response = upload(province, workbook([GOOD], ["STT", "Email"]))
    assert response.status_code == 422
    assert "Không tìm thấy danh sách người nào trong tệp." in response.text
    assert "không phải bảng tính" in upload(province, b"MZ not a workbook", "la.xlsx").text
    nothing = province.post(f"/people/imports?csrf_token={province.token}", {})
    assert "Hãy chọn một tệp" in nothing.text
    assert db.scalar(select(func.count()).select_from(PeopleImport)) == 0


def test_an_upload_without_our_token_is_refused(province: Browser) -> None:
    response = province.client.post("/people/imports?csrf_token=made.up", files={"file": ("a.xlsx", workbook([GOOD]))})
    assert response.status_code == 403


def test_another_administrator_does_not_see_the_import(
    db: Session, worker: Worker, province: Browser, new_browser: Callable[[], Browser]
) -> None:
    factories.account(db, username="khac", role="province_admin")
    db.commit()
    url = upload(province, workbook([GOOD])).url.path
    worker.run_all()
    other = new_browser().sign_in("khac")
    for path in (url, f"{url}/result.xlsx"):
        assert other.get(path).status_code == 404
    assert other.post(f"{url}/apply").status_code == 404
    assert "danh-sach.xlsx" not in other.get("/people/imports").text


def test_a_role_taken_away_in_the_meantime_imports_nothing(
    db: Session, database: Database, worker: Worker, province: Browser
) -> None:
    url = upload(province, workbook([GOOD])).url.path
    db.execute(delete(RoleGrant))
    db.commit()
    worker.run_all()
    assert named(database, "Nguyễn Văn An") == 0
    assert db.scalars(select(PeopleImport)).one().result_key == ""
    assert province.get(url).status_code == 403


def test_running_the_job_again_imports_once(db: Session, database: Database, worker: Worker, province: Browser) -> None:
    url = upload(province, workbook([GOOD])).url.path
    worker.run_all()
    applied = province.post(f"{url}/apply").url.path
    worker.run_all()
    before = rows_of(province.get(f"{applied}/result.xlsx").content)
    enqueue(db, "identity.import_people", import_id=int(applied.rsplit("/", 1)[1]))
    db.commit()
    worker.run_all()
    assert rows_of(province.get(f"{applied}/result.xlsx").content) == before
    assert named(database, "Nguyễn Văn An") == 1


def test_files_of_imports_are_deleted_after_thirty_days(db: Session, worker: Worker, province: Browser) -> None:
    url = upload(province, workbook([GOOD])).url.path
    worker.run_all()
    with clock.frozen(clock.now() + timedelta(days=31)):
        enqueue(db, "identity.forget_imports")
        db.commit()
        worker.run_all()
    assert "Tệp đã được xóa" in province.get(url).text
    assert province.get(f"{url}/result.xlsx").status_code == 404
    assert province.post(f"{url}/apply").status_code == 409


def test_the_template_has_the_columns_and_nothing_else(province: Browser) -> None:
    response = province.get("/people/imports/template.xlsx")
    assert response.headers["content-disposition"] == 'attachment; filename="mau-danh-sach.xlsx"'
    upload_of_it = upload(province, response.content)
    assert "chưa có dòng dữ liệu" in upload_of_it.text
