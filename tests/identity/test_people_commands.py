"""The commands about people: lists from the command line, also when it is killed; the first administrator."""

import io
import json
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.__main__ import main
from app.core import clock
from app.core.db import Database
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.identity.imports import work
from app.identity.imports.models import PeopleImportKey, PeopleImportRow
from app.identity.lists import people_commands
from app.identity.models import Account, AffiliationAudience, Person
from app.identity.policy import ROLES
from app.identity.sign_in.accounts import actor_of
from tests.identity.workbooks import GOOD, good, rows_of, saved, workbook

NAMES = [f"Trần Văn {letter}" for letter in "ABCDEFG"]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    get_settings.cache_clear()
    yield lambda *args: main([str(arg) for arg in args])
    get_settings.cache_clear()


def test_the_command_prints_one_json_document(
    command: Callable[..., int], database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, workbook([GOOD, good(2) | {"Điện thoại": "0"}]))
    assert command("people", "import", path, "--dry-run", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [{"file": "danh-sach.xlsx", "rows": 2, "outcome": "checked", "message": ""}]
    first, second = document["rows"]
    assert list(first) == ["file", "sheet", "row", "outcome", "person", "values", "unit", "messages"]
    assert first["values"] == {
        "name": "Nguyễn Văn An",
        "birth_date": "1985-02-03",
        "sex": "male",
        "phone": "0912 345 678",
        "identity": "024085001234",
        "title": "Chuyên viên",
    }
    assert first["unit"] == {"code": "07210", "name": "Phường Bắc Giang", "on": clock.today().isoformat()}
    assert (second["row"], second["outcome"], second["person"]) == (3, "refused", None)
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Person)) == 0


def test_the_command_applies_and_writes_the_result_for_its_owner_only(
    command: Callable[..., int], database: Database, tmp_path: Path
) -> None:
    path = saved(tmp_path, workbook([GOOD]))
    result = tmp_path / "ket-qua.xlsx"
    assert command("people", "import", path, "--result", result) == 0
    [row] = rows_of(result.read_bytes())
    assert row["Tên đăng nhập"] == "annv"
    assert result.stat().st_mode & 0o077 == 0
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(AffiliationAudience)) == 1


def test_without_a_place_for_the_result_nothing_is_imported(
    command: Callable[..., int], database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, workbook([GOOD]))
    assert command("people", "import", path, "--result", tmp_path / "no" / "where.xlsx") == 2
    assert "chưa nhập gì" in capsys.readouterr().err
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Person)) == 0


def test_a_refused_file_ends_with_exit_code_2(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, workbook([GOOD], ["STT", "Email"]))
    assert command("people", "import", path) == 2
    assert "Không tìm thấy danh sách người" in capsys.readouterr().err
    assert command("people", "import", path, "--json") == 2
    assert json.loads(capsys.readouterr().out)["files"][0]["outcome"] == "refused"
    assert command("people", "import", tmp_path / "none.xlsx") == 2


# --- killed -------------------------------------------------------------------------------------------------------


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    return saved(tmp_path, workbook([good(number) | {"Họ và tên": name} for number, name in enumerate(NAMES, 1)]))


def run_until_killed(args: list[str], moment: str, environment: dict[str, str]) -> None:
    """The command in a process of its own, in parts of two rows, that ends as by `kill -9` at this moment.

    `checking 2`: when the second part is checked but its transaction has not ended; `applying 2` likewise;
    `result`: when everything is applied and the result is not yet written.
    """
    os.environ.update(environment)
    work.AT_ONCE = 2
    act, parts = work._act, Counter[str]()

    def dying(db: object, step: work.Step, *more: object) -> None:
        act(db, step, *more)  # type: ignore[arg-type]
        stage = "checking" if step is work.STEPS["checking"] else "applying"
        parts[stage] += 1
        if f"{stage} {parts[stage]}" == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    work._act = dying
    if moment == "result":
        people_commands._write_result = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    main(args)


def killed(moment: str, *args: object) -> None:
    words = ["people", "import", *map(str, args)]
    # Children of one process that has everything loaded; it was started with the environment of another test.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    environment = {name: os.environ[name] for name in ("DATABASE_URL", "DATA_DIR")}
    process = context.Process(target=run_until_killed, args=(words, moment, environment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def added(database: Database) -> Counter[str]:
    with database.reading() as db:
        return Counter(db.scalars(select(Person.name)))


@pytest.mark.parametrize(("moment", "before"), [("checking 2", 0), ("applying 3", 4), ("result", 7)])
def test_who_was_killed_runs_the_command_again_and_every_row_is_done_once(
    command: Callable[..., int], database: Database, storage: Storage, seven: Path, moment: str, before: int
) -> None:
    result = seven.with_name("ket-qua.xlsx")
    killed(moment, seven, "--result", result)
    assert (added(database).total(), result.exists()) == (before, False)
    # Whatever it is called now, it is the same list.
    again = seven.rename(seven.with_name("doi-ten.xlsx"))
    assert command("people", "import", again, "--result", result) == 0
    assert added(database) == Counter(NAMES)
    rows = rows_of(result.read_bytes())
    assert [row["Họ và tên"] for row in rows] == NAMES
    assert all(row["Tên đăng nhập"] and row["Mật khẩu lần đầu"] for row in rows), "no first password is lost"
    with database.reading() as db:
        assert not db.scalar(select(func.count()).select_from(PeopleImportRow))
        assert not db.scalar(select(func.count()).select_from(PeopleImportKey))
    assert not list(storage.all_keys("imports")), "nothing of the list is kept"


def test_a_dry_run_after_a_killed_import_says_what_to_do_and_changes_nothing(
    command: Callable[..., int], database: Database, seven: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed("applying 3", seven)
    assert command("people", "import", seven, "--dry-run") == 2
    assert "bị ngắt giữa chừng" in capsys.readouterr().err
    assert added(database).total() == 4
    assert command("people", "import", seven) == 0
    assert added(database) == Counter(NAMES)


def test_a_dry_run_that_was_killed_is_no_hindrance(
    command: Callable[..., int], database: Database, seven: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed("checking 2", seven, "--dry-run")
    assert command("people", "import", seven, "--dry-run", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["values"]["name"], row["outcome"]) for row in rows] == [(name, "created") for name in NAMES]
    assert added(database).total() == 0


# --- the first administrator --------------------------------------------------------------------------------------


def test_the_first_administrator_is_made_at_the_terminal(
    command: Callable[..., int], database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ("admin", "create", "--name", "Đỗ Thu Thủy", "--username", "thuy", "--password-stdin")
    monkeypatch.setattr("sys.stdin", io.StringIO("ngắn quá\n"))
    assert command(*create) == 2
    assert "ít nhất 14 ký tự" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("một câu đủ dài để nhớ\n"))
    assert command(*create) == 0
    with database.reading() as db:
        account = db.scalars(select(Account)).one()
        actor = actor_of(db, account.id)
        assert actor is not None
        assert set(actor.grants) == ROLES["province_admin"].permissions
        assert not account.must_change_password
    monkeypatch.setattr("sys.stdin", io.StringIO("một câu đủ dài để nhớ\n"))
    assert command(*create) == 2
    assert "đã có người dùng" in capsys.readouterr().err
