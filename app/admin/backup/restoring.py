"""Putting a backup back: wholly or not at all.

The archive is read to its end and held against its sums before anything is touched. Then one transaction empties the
database, makes the tables as they were when the backup was made, loads the rows, puts the files, and brings the schema
to the newest state. Whatever fails on the way leaves the database as it was.
"""

import gzip
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

from alembic import command as alembic
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.admin.backup import archive, rows, switching
from app.admin.backup.archive import End, Head
from app.admin.backup.making import key_mark
from app.core.db import Database
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.settings import ROOT, Settings
from app.core.storage import Storage

_FILES_A_LINE = 500


def restore(
    database: Database, storage: Storage, path: Path, tell: Callable[[str], None], *, force: bool = False
) -> tuple[Head, End]:
    """Make the installation what it was at the backup; `force` gives up what the database holds.

    Nobody else may be using it. Raises CommandFailed, Damaged, StorageFull, OSError.
    """
    head = archive.read_head(path)
    _check_revision(head)
    if not force:
        # Before an archive of many hours is read; what counts is asked again in the transaction.
        with database.reading() as db:
            _refuse_to_overwrite(db.connection())
    end = archive.verify(path)
    tell(_("Bản sao lưu nguyên vẹn."))
    try:
        with closing(database.engine.connect()) as connection:
            if database.is_sqlite:
                # Rows come table by table, so one may name another that is not there yet; all are checked at the end.
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if not force:
                    _refuse_to_overwrite(connection)
                switching.drop_everything(connection)
                _upgrade(connection, head.revision)
                switching.empty_filled_tables(connection, head.tables)
                with switching.without_guards(connection):
                    _load(connection, storage, path, head, end, tell)
                _upgrade(connection, "head")
    finally:
        # No connection may stay that does not check foreign keys.
        database.dispose()
    return head, end


def check_key(head: Head, settings: Settings, *, other_key: bool) -> None:
    """Raises CommandFailed unless this installation has the FIELD_KEY the rows were written with."""
    if other_key:
        return
    path = settings.data_dir / "field_key"
    # Asking for a key that is not there would make a new one.
    if not settings.field_key.get_secret_value() and not path.exists():
        raise CommandFailed(
            _("Chưa có khóa FIELD_KEY của bản sao lưu. Hãy chép tệp khóa vào %(path)s hoặc đặt FIELD_KEY.", path=path)
        )
    if key_mark() != head.key_mark:
        raise CommandFailed(
            _(
                "FIELD_KEY của máy này không phải khóa của bản sao lưu, nên số định danh, điện thoại, ngày sinh sẽ "
                "không đọc được. Hãy đặt đúng khóa. Đã mất hẳn khóa cũ thì thêm --other-key để khôi phục phần còn lại."
            )
        )


def _check_revision(head: Head) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if head.revision not in known:
        raise CommandFailed(
            _(
                "Bản sao lưu thuộc phiên bản Học Số mới hơn (%(version)s). Hãy nâng cấp Học Số trước.",
                version=head.version,
            )
        )


def _refuse_to_overwrite(connection: Connection) -> None:
    if held := switching.tables_with_rows(connection):
        raise CommandFailed(
            _(
                "Cơ sở dữ liệu này đã có dữ liệu (%(count)s bảng, ví dụ %(table)s). Hãy khôi phục vào một cơ sở dữ "
                "liệu trống; hoặc thêm --force để XÓA HẾT dữ liệu đang có rồi thay bằng bản sao lưu.",
                count=len(held), table=held[0],
            )
        )  # fmt: skip


def _load(
    connection: Connection, storage: Storage, path: Path, head: Head, end: End, tell: Callable[[str], None]
) -> None:
    loaded = dict.fromkeys(end.rows, 0)
    files = 0
    for name, content in archive.members(path):
        kind, _slash, rest = name.partition("/")
        if kind == "tables":
            table = rest.split("/")[0]
            loaded[table] += rows.load(connection, table, head.tables[table], gzip.decompress(content.read()))
        elif kind == "files":
            if not files:
                tell(_("Đã nạp %(rows)s dòng.", rows=sum(loaded.values())))
            storage.put(rest, cast(BinaryIO, content))
            files += 1
            if files % _FILES_A_LINE == 0:
                tell(_("Đã chép %(count)s / %(all)s tệp.", count=files, all=end.files))
    if loaded != end.rows or files != end.files:
        raise archive.Damaged(path, archive.END)


def _upgrade(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    alembic.upgrade(config, revision)


def _config() -> Config:
    return Config(str(ROOT / "alembic.ini"))
