"""`python -m app backup FILE` and `restore FILE`."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.admin.backup import archive, making, restoring
from app.admin.backup.archive import End, Head
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.templating import format_filesize
from app.runtime import Runtime

_SHOWN = 20


@dataclass(frozen=True)
class Told:
    """What `--json` prints."""

    file: str
    created_at: str
    version: str
    revision: str
    database: str
    rows: dict[str, int]
    files: int
    file_bytes: int
    missing: list[str]


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = commands.add_parser(
        "backup", help="sao lưu cơ sở dữ liệu và mọi tệp vào một tệp, không cần dừng máy chủ / back everything up"
    )
    backup.add_argument("file", type=Path, metavar="TỆP/FILE")
    backup.add_argument("--json", action="store_true", help="in kết quả dạng JSON / print JSON")
    backup.set_defaults(func=_backup)
    restore = commands.add_parser(
        "restore", help="khôi phục từ tệp sao lưu; dừng máy chủ trước / restore from a backup, servers stopped"
    )
    restore.add_argument("file", type=Path, metavar="TỆP/FILE")
    restore.add_argument(
        "--force", action="store_true", help="xóa dữ liệu đang có trong cơ sở dữ liệu / replace what is there"
    )
    restore.add_argument(
        "--other-key", action="store_true",
        help="khôi phục dù đã mất FIELD_KEY cũ; dữ liệu cá nhân đã mã hóa không đọc được nữa / the old key is lost",
    )  # fmt: skip
    restore.add_argument("--json", action="store_true", help="in kết quả dạng JSON / print JSON")
    restore.set_defaults(func=_restore)


def _backup(args: argparse.Namespace, runtime: Runtime) -> int:
    if args.file.is_dir():
        raise CommandFailed(_("%(path)s là thư mục; hãy cho tên một tệp.", path=args.file))
    head, end = making.make(runtime.database, runtime.storage, args.file, _progress)
    _tell(args, head, end, _("Đã sao lưu vào %(path)s (%(size)s).", size=_size(args.file), path=args.file))
    _progress(
        _("Bản sao lưu KHÔNG chứa khóa FIELD_KEY và SECRET_KEY. Hãy cất hai khóa ở nơi khác với bản sao lưu: mất "
          "FIELD_KEY là mất mọi dữ liệu cá nhân đã mã hóa.")
    )  # fmt: skip
    return _findings(end)


def _restore(args: argparse.Namespace, runtime: Runtime) -> int:
    head = archive.read_head(args.file)
    restoring.check_key(head, runtime.settings, other_key=args.other_key)
    runtime.storage.check()
    head, end = restoring.restore(runtime.database, runtime.storage, args.file, _progress, force=args.force)
    _tell(args, head, end, _("Đã khôi phục từ %(path)s.", path=args.file))
    return _findings(end)


def _tell(args: argparse.Namespace, head: Head, end: End, done: str) -> None:
    if args.json:
        told = Told(
            str(args.file), head.created_at, head.version, head.revision, head.database, end.rows, end.files,
            end.file_bytes, end.missing,
        )  # fmt: skip
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
        return
    print(done)
    print(_("%(rows)s dòng, %(files)s tệp.", rows=sum(end.rows.values()), files=end.files))


def _findings(end: End) -> int:
    """What the database names but the storage did not have: 1, for somebody to look into."""
    if not end.missing:
        return 0
    _progress(_("%(count)s tệp được nhắc tới nhưng không có trong nơi giữ tệp:", count=len(end.missing)))
    for key in end.missing[:_SHOWN]:
        _progress(f"  {key}")
    return 1


def _size(path: Path) -> str:
    return format_filesize(path.stat().st_size)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
