"""Commands that concern the whole: serve, work, migrate, seed."""

import argparse
import signal
import socket
import time

import uvicorn
from alembic import command as alembic
from alembic.config import Config
from alembic.util import CommandError as AlembicError

from app.core import keys
from app.core.allocation import give_memory_back, keep_what_is_loaded
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.jobs import Worker
from app.core.settings import ROOT
from app.main import JOBS, create_app
from app.runtime import Runtime
from app.seeding import seed_everything
from app.timetable import CRONS

# How often a worker looks whether it was told to end.
_LOOK_S = 0.2


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = commands.add_parser(
        "serve", help="chạy máy chủ (tự nâng cấp cơ sở dữ liệu, tự nạp dữ liệu gốc) / run the server"
    )
    serve.set_defaults(func=_serve)
    work = commands.add_parser("work", help="chạy riêng tiến trình làm việc nền / run a worker")
    work.add_argument("--threads", type=int, choices=range(1, 17), default=1, metavar="N", help="số luồng / threads")
    work.set_defaults(func=_work)
    migrate = commands.add_parser("migrate", help="nâng cấp cơ sở dữ liệu / upgrade the database")
    migrate.set_defaults(func=_migrate)
    seed = commands.add_parser(
        "seed", help="nạp đơn vị, chỉ tiêu, khóa học ban đầu / load units, indicators, starter courses"
    )
    seed.set_defaults(func=_seed)


def migrate(runtime: Runtime) -> None:
    """Bring the schema to the newest state; raises CommandFailed if the database cannot be used."""
    # Opening it first says clearly what is wrong with DATABASE_URL.
    url = runtime.database.url
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["database_url"] = url
    try:
        with runtime.database.alone("migrate"):
            alembic.upgrade(config, "head")
    except AlembicError as error:
        raise CommandFailed(
            _(
                "Cơ sở dữ liệu không nâng cấp được (%(reason)s). Có thể nó thuộc một phiên bản Học Số mới hơn; "
                "hãy dùng phiên bản đó hoặc khôi phục bản sao lưu.",
                reason=error,
            )
        ) from error


def _serve(args: argparse.Namespace, runtime: Runtime) -> int:
    settings = runtime.settings
    _claim_port(settings.host, settings.port)
    _open_folders(runtime)
    migrate(runtime)
    seed_everything(runtime)
    app = create_app(runtime)
    give_memory_back()
    keep_what_is_loaded()
    print(_("Học Số đang chạy tại %(url)s (Ctrl+C để dừng)", url=settings.own_url), flush=True)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        # Nobody sees it at this level, and making its lines costs every request.
        access_log=False,
        timeout_graceful_shutdown=5,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
    )
    return 0


def _work(args: argparse.Namespace, runtime: Runtime) -> int:
    _open_folders(runtime)
    migrate(runtime)
    worker = Worker(runtime.database, runtime.storage, JOBS, CRONS)
    told: list[int] = []
    # What systemd and container engines send ends us as Ctrl+C does: running jobs go back to the queue instead of
    # waiting for their lease. The handlers only take note: an exception of theirs may be lost where Python ignores
    # exceptions (a destructor, a weak reference), and setting an Event may wait for ever for the thread they stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: told.append(number))
    try:
        print(_("Tiến trình làm việc nền đang chạy (Ctrl+C để dừng)"), flush=True)
        worker.start(args.threads)
        while not told:
            time.sleep(_LOOK_S)
    finally:
        worker.stop()
    return 0


def _migrate(args: argparse.Namespace, runtime: Runtime) -> int:
    migrate(runtime)
    print(_("Cơ sở dữ liệu đã ở phiên bản mới nhất."))
    return 0


def _seed(args: argparse.Namespace, runtime: Runtime) -> int:
    migrate(runtime)
    for line in seed_everything(runtime):
        print(line)
    return 0


def _open_folders(runtime: Runtime) -> None:
    """Make the keys and see the room for files now: at the first request it would be too late to say what is wrong."""
    keys.secret_key()
    keys.field_key()
    try:
        runtime.storage.check()
    except OSError as error:
        raise CommandFailed(
            _("Không ghi được vào nơi giữ tệp %(url)s (%(reason)s). Hãy kiểm tra MEDIA_URL và quyền ghi."),
            url=runtime.settings.media_url,
            reason=error.strerror,
        ) from error


def _claim_port(host: str, port: int) -> None:
    """Fail early and clearly when the port is taken, before anything is migrated or seeded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(
                _(
                    "Không mở được cổng %(port)s tại %(host)s (%(reason)s). Hãy dừng chương trình đang dùng cổng này "
                    "hoặc đặt PORT khác, ví dụ: PORT=8001 make serve"
                ),
                port=port, host=host, reason=error.strerror or error,
            ) from error  # fmt: skip
