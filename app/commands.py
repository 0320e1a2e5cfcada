"""Commands that concern the whole: serve, work, migrate, seed."""

import argparse
import socket
import threading
from pathlib import Path

import uvicorn
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.jobs import Worker
from app.core.settings import ROOT
from app.main import CRONS, JOBS, create_app
from app.runtime import Runtime
from app.seeding import seed_everything


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = commands.add_parser(
        "serve", help="chạy máy chủ (tự nâng cấp cơ sở dữ liệu, tự nạp dữ liệu gốc) / run the server"
    )
    serve.set_defaults(func=_serve)
    work = commands.add_parser("work", help="chạy riêng tiến trình làm việc nền / run a worker")
    work.add_argument("--threads", type=int, default=1, help="số luồng / threads")
    work.set_defaults(func=_work)
    migrate = commands.add_parser("migrate", help="nâng cấp cơ sở dữ liệu / upgrade the database")
    migrate.set_defaults(func=_migrate)
    seed = commands.add_parser(
        "seed", help="nạp đơn vị, chỉ tiêu, khóa học ban đầu / load units, indicators, starter courses"
    )
    seed.set_defaults(func=_seed)


def migrate(runtime: Runtime) -> None:
    """Bring the schema to the newest state; raises CommandFailed if the database cannot be used."""
    url = runtime.settings.database_url
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise CommandFailed(
            _("DATABASE_URL không hợp lệ: %(url)s. Ví dụ đúng: sqlite:////srv/hocso/hocso.db"), url=url
        ) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandFailed(
                _("Không tạo được thư mục cho cơ sở dữ liệu: %(path)s"), path=parsed.database
            ) from error
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["database_url"] = url
    alembic.upgrade(config, "head")


def _serve(args: argparse.Namespace, runtime: Runtime) -> int:
    settings = runtime.settings
    _claim_port(settings.host, settings.port)
    migrate(runtime)
    seed_everything(runtime)
    print(_("Học Số đang chạy tại %(url)s (Ctrl+C để dừng)", url=f"http://{settings.host}:{settings.port}"), flush=True)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=5,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
    )
    return 0


def _work(args: argparse.Namespace, runtime: Runtime) -> int:
    migrate(runtime)
    worker = Worker(runtime.database, runtime.storage, JOBS, CRONS)
    worker.start(args.threads)
    try:
        threading.Event().wait()
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


def _claim_port(host: str, port: int) -> None:
    """Fail early and clearly when the port is taken, before anything is migrated or seeded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(
                _("Không mở được cổng %(port)s tại %(host)s (%(reason)s). Hãy dừng chương trình đang dùng cổng này hoặc đặt PORT khác, ví dụ: PORT=8001 make serve"),
                port=port, host=host, reason=error.strerror or error,
            ) from error  # fmt: skip
