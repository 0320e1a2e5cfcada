"""`people import`, `admin create` and `admin reopen`, for operators at a terminal and for scripts."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.errors import CommandFailed, Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.table_files import write_table
from app.identity.imports import terminal
from app.identity.imports.queries import result_of, row_reports
from app.identity.lists.people_report import OUTCOMES, RowReport
from app.identity.models import Account, PeopleImport
from app.identity.people.people import add_person
from app.identity.roles.grants import grant_role
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import create_account
from app.identity.sign_in.idling import reopen
from app.identity.units.unit_queries import unit_on
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    people = commands.add_parser("people", help="người học: nhập danh sách / people: import lists")
    verbs = people.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    load = verbs.add_parser(
        "import",
        help="nhập danh sách từ tệp .xlsx / import people from a workbook",
        epilog="Mã thoát: 0 nhập hết, 1 có dòng không nhập hoặc cần xác nhận, 2 không nhập được tệp. / "
        "Exit code: 0 all rows applied, 1 some rows refused or waiting for confirmation, 2 the file was refused.",
    )
    load.add_argument("file", metavar="TỆP/FILE", type=Path, help="tệp .xlsx / workbook")
    load.add_argument("--dry-run", action="store_true", help="chỉ kiểm tra, không ghi / check only, change nothing")
    load.add_argument(
        "--result", metavar="FILE.xlsx", type=Path,
        help="tệp kết quả từng dòng; mật khẩu lần đầu chỉ có ở đây (nhập thật: mặc định đặt cạnh tệp nguồn)"
        " / result workbook, the only place with first passwords",
    )  # fmt: skip
    load.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")
    load.set_defaults(func=_import)

    admin = commands.add_parser(
        "admin", help="quản trị viên: tạo, mở lại tài khoản / create an administrator, reopen an account"
    )
    verbs = admin.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    create = verbs.add_parser("create", help="tạo quản trị viên cấp tỉnh / create an administrator of the province")
    create.add_argument("--username", metavar="TÊN", help="tên đăng nhập / user name")
    create.add_argument("--name", metavar="HỌ TÊN", help="họ và tên / full name")
    create.add_argument("--phone", metavar="SỐ", help="điện thoại để đăng nhập / phone to sign in with")
    create.add_argument("--email", metavar="EMAIL", help="email để đăng nhập / email to sign in with")
    create.add_argument(
        "--password-stdin", action="store_true", help="đọc mật khẩu từ đầu vào chuẩn / read the password from stdin"
    )
    create.set_defaults(func=_create_admin)
    again = verbs.add_parser(
        "reopen", help="mở lại tài khoản bị khóa vì lâu không dùng / open an account again that was idle"
    )
    again.add_argument("username", metavar="TÊN/USERNAME", help="tên đăng nhập / user name")
    again.set_defaults(func=_reopen)


# --- people import ------------------------------------------------------------------------------------------------


def _import(args: argparse.Namespace, runtime: Runtime) -> int:
    if not args.file.is_file():
        raise CommandFailed(_("Không thấy tệp %(path)s."), path=args.file)
    result = args.result or (None if args.dry_run else _result_path(args.file))
    scratch = _scratch(result) if result else None
    try:
        done = terminal.import_file(
            runtime.database, runtime.storage, args.file, dry_run=args.dry_run, progress=_progress
        )
        if result and scratch:
            _write_result(runtime, done, scratch)
            scratch.replace(result)
    except Invalid as error:
        if not args.json:
            raise CommandFailed(error.message) from error
        refused = {"file": args.file.name, "rows": 0, "outcome": "refused", "message": error.message}
        _print_json({"files": [refused], "rows": []})
        return 2
    finally:
        if scratch:
            scratch.unlink(missing_ok=True)
    with runtime.database.reading() as db:
        rows = row_reports(db, done.import_id)
        if args.json:
            _print_json(_document(done, rows, dry_run=args.dry_run))
        else:
            _print_report(done, rows, result, dry_run=args.dry_run)
    # Only now: until somebody has the first passwords, the same command would hand them out again.
    terminal.forget(runtime.database, runtime.storage, done)
    return 1 if done.counts.get("needs_confirmation") or done.counts.get("refused") else 0


def _write_result(runtime: Runtime, done: terminal.Done, scratch: Path) -> None:
    """Into a file that is there already, so that it stays its owner's; on disk before the passwords are forgotten."""
    with TemporaryDirectory() as folder:
        written = Path(folder) / "result.xlsx"
        with runtime.database.reading() as db:
            wish = db.get_one(PeopleImport, done.import_id)
            write_table(result_of(db, runtime.storage, wish), written, "xlsx")
        with scratch.open("wb") as file:
            file.write(written.read_bytes())
            file.flush()
            os.fsync(file.fileno())


def _document(done: terminal.Done, rows: Iterable[RowReport], *, dry_run: bool) -> dict[str, Any]:
    """What `--json` prints (DESIGN 11); without user names and passwords."""
    outcome = "checked" if dry_run else "imported"
    told = [
        {
            "file": done.file, "sheet": row.sheet or done.sheet, "row": row.row, "outcome": row.outcome,
            "person": row.person or None, "values": row.values, "unit": row.unit, "messages": list(row.messages),
        }
        for row in rows
    ]  # fmt: skip
    return {"files": [{"file": done.file, "rows": len(told), "outcome": outcome, "message": ""}], "rows": told}


def _print_report(done: terminal.Done, rows: Iterable[RowReport], result: Path | None, *, dry_run: bool) -> None:
    for row in rows:
        if row.outcome in ("needs_confirmation", "refused"):
            outcome, messages = str(OUTCOMES[row.outcome]), " ".join(row.messages)
            print(_("Dòng %(row)s: %(outcome)s. %(messages)s", row=row.row, outcome=outcome, messages=messages))
    count = done.counts.get("rows", 0)
    print(
        _("Đã kiểm tra %(rows)s dòng, chưa ghi gì.", rows=count)
        if dry_run
        else _("Đã xử lý %(rows)s dòng.", rows=count)
    )
    for name, label in OUTCOMES.items():
        print(f"  {label}: {done.counts.get(name, 0)}")
    if result:
        print(_("Kết quả từng dòng: %(path)s", path=result))


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _result_path(source: Path) -> Path:
    stamp = clock.now().astimezone(clock.VIETNAM).strftime("%Y%m%d-%H%M%S")
    return source.with_name(f"{source.stem}-ket-qua-{stamp}.xlsx")


def _scratch(result: Path) -> Path:
    """Where the result is written, readable by the operator only; renamed when it is whole.

    Made before anything is imported: an account whose first password nobody can read would be of no use.
    """
    scratch = result.with_name(f".{result.name}.{os.getpid()}")
    try:
        os.close(os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    except OSError as error:
        raise CommandFailed(
            _("Không ghi được tệp kết quả %(path)s (%(reason)s); chưa nhập gì."),
            path=result,
            reason=error.strerror or error,
        ) from error
    return scratch


def _print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


# --- admin --------------------------------------------------------------------------------------------------------


def _create_admin(args: argparse.Namespace, runtime: Runtime) -> int:
    name = args.name or _ask(_("Họ và tên: "))
    username = args.username or _ask(_("Tên đăng nhập: "))
    password = _password_from_stdin() if args.password_stdin else _ask_password()
    problem = passwords.password_problem(password, is_staff=True, names=(username, args.phone or "", args.email or ""))
    if problem:
        raise CommandFailed(problem)
    with runtime.database.writing() as db:
        province = unit_on(db, runtime.settings.province_code, clock.today())
        if province is None:
            raise CommandFailed(_("Chưa có đơn vị cấp tỉnh. Hãy chạy trước: python -m app seed"))
        try:
            person = add_person(db, name=name, phone=args.phone, email=args.email)
            account = create_account(db, person, username, password, must_change=False)
        except Invalid as error:
            raise CommandFailed(error.message, list(error.fields.values())) from error
        grant_role(db, account, "province_admin", province.unit_id)
        created = account.username
    print(_("Đã tạo quản trị viên %(username)s của %(unit)s.", username=created, unit=province.name))
    return 0


def _reopen(args: argparse.Namespace, runtime: Runtime) -> int:
    """For the last administrator, whom nobody else could let in."""
    username = args.username.strip().lower()
    with runtime.database.writing() as db:
        account_id = db.scalar(select(Account.id).where(Account.username == username))
        if account_id is None:
            raise CommandFailed(_("Không có tài khoản nào tên %(username)s.", username=username))
        try:
            reopen(db, account_id, None)
        except Conflict as error:
            said = _("Tài khoản %(username)s không bị khóa vì lâu không dùng.", username=username)
            raise CommandFailed(said) from error
    print(_("Đã mở lại tài khoản %(username)s.", username=username))
    return 0


def _ask(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError as error:
        raise CommandFailed(_("Thiếu thông tin. Hãy ghi --name và --username.")) from error


def _ask_password() -> str:
    try:
        password = getpass.getpass(_("Mật khẩu (ít nhất %(least)s ký tự): ", least=passwords.STAFF_MIN_LENGTH))
        again = getpass.getpass(_("Nhập lại mật khẩu: "))
    except EOFError as error:
        raise CommandFailed(_("Không có cửa sổ lệnh để hỏi mật khẩu. Hãy dùng --password-stdin.")) from error
    if password != again:
        raise CommandFailed(_("Hai lần nhập mật khẩu chưa giống nhau."))
    return password


def _password_from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")
