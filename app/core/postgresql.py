"""What only PostgreSQL needs: its engine, its connections, and in words for an operator why it cannot be used."""

import time
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from app.core.errors import CommandFailed
from app.core.i18n import lazy as _

OLDEST = 15
_CONNECT_S = 10
_RESTED_S = 10.0
# Who waits for a lock gives up when SQLite would. And an administrator may have made this server's commits quick and
# forgetful, while what we acknowledge must be kept (DESIGN 4.2).
_PREPARE = (
    "SET lock_timeout = '30s'",
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)
# A refused connection carries no code, only these words of the server or its library.
_REASONS = (
    (("password authentication failed", "no password supplied"), _("Tên hoặc mật khẩu trong DATABASE_URL không đúng.")),
    (("no pg_hba.conf entry", "permission denied"), _("Máy chủ PostgreSQL không cho máy này hoặc tài khoản này vào.")),
    (('role "',), _("Tài khoản trong DATABASE_URL không có trên máy chủ PostgreSQL này.")),
    (('database "',), _("Cơ sở dữ liệu này chưa được tạo trên máy chủ PostgreSQL. Hãy tạo nó bằng createdb.")),
    (("too many clients", "remaining connection slots"), _("Máy chủ PostgreSQL đã hết chỗ cho kết nối mới.")),
    (("starting up", "shutting down"), _("Máy chủ PostgreSQL đang khởi động hoặc đang dừng. Hãy thử lại sau ít phút.")),
)


def open_engine(url: URL, pool_size: int, **options: Any) -> Engine:
    """An engine that tries a connection that has rested before it hands it out.

    `?prepare_threshold=none` in the URL is for a pgbouncer that does not know prepared statements. The first statement
    raises CommandFailed if the server is too old.
    """
    arguments: dict[str, Any] = {"connect_timeout": _CONNECT_S}
    if (threshold := url.query.get("prepare_threshold")) is not None:
        arguments["prepare_threshold"] = None if threshold in ("none", "None") else int(str(threshold))
    url = url.difference_update_query(["prepare_threshold"])
    engine = create_engine(url, pool_size=pool_size, max_overflow=4, connect_args=arguments, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _try)
    event.listen(engine, "checkin", _note)
    return engine


def why_refused(error: DBAPIError) -> str | None:
    """What an operator should mend when no connection came about; None if the server was reached and let us in."""
    said = str(error.orig)
    if "connection failed" not in said and "connection is bad" not in said and "failed to resolve" not in said:
        return None
    __, fatal, reason = said.partition("FATAL:")
    if not fatal:
        text = str(
            _("Không tới được máy chủ PostgreSQL của DATABASE_URL. Nó có đang chạy, đúng máy và đúng cổng không?")
        )
    else:
        known = (text for words, text in _REASONS if any(word in reason for word in words))
        text = str(next(known, _("Máy chủ PostgreSQL từ chối kết nối.")))
    detail = str(_("Chi tiết: %(detail)s")) % {"detail": (reason or said).strip().splitlines()[0]}
    return f"{text} {detail}"


def _prepare(connection: Any, record: Any) -> None:
    version = connection.info.server_version // 10000
    if version < OLDEST:
        connection.close()
        raise CommandFailed(
            _("Máy chủ PostgreSQL là bản %(version)s, quá cũ. Học Số cần bản %(oldest)s trở lên."),
            version=version,
            oldest=OLDEST,
        )
    autocommit, connection.autocommit = connection.autocommit, True
    for statement in _PREPARE:
        connection.execute(statement)
    connection.autocommit = autocommit
    record.info["used"] = time.monotonic()


def _try(connection: Any, record: Any, _proxy: object) -> None:
    """A server or a load balancer may have closed what nobody used; a try before each use would cost every page."""
    if time.monotonic() - record.info["used"] < _RESTED_S:
        return
    try:
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
    except psycopg.Error as error:
        raise DisconnectionError from error


def _note(_connection: object, record: Any) -> None:
    record.info["used"] = time.monotonic()
