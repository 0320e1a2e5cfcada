"""The command line: `python -m app COMMAND`. Exit 0 done, 1 done with findings, 2 could not (DESIGN 11)."""

import argparse
import logging
import os
import sys
from contextlib import closing

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app import commands
from app.admin import doctor_commands
from app.admin.backup import commands as backup_commands
from app.authoring import course_commands, question_commands
from app.certificates import certificate_commands
from app.core.errors import AppError, CommandFailed
from app.core.i18n import gettext as _
from app.core.postgresql import why_refused
from app.core.settings import Settings, get_settings
from app.coverage import coverage_commands
from app.coverage.reports import report_commands
from app.identity.lists import people_commands
from app.identity.units import unit_commands
from app.main import wire
from app.media import media_commands
from app.privacy import privacy_commands
from app.runtime import Runtime
from app.simulation import simulate_commands

# Each adds its commands by `register`; a command sets `func(args, runtime) -> int` as its default.
COMMANDS = (
    commands, unit_commands, people_commands, media_commands, course_commands, question_commands, certificate_commands,
    coverage_commands, report_commands, backup_commands, doctor_commands, privacy_commands, simulate_commands,
)  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Học Số: nền tảng học trực tuyến của tỉnh. / The province's learning platform.",
    )
    verbs = parser.add_subparsers(dest="command", required=True, metavar="LỆNH/COMMAND")
    for module in COMMANDS:
        module.register(verbs)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        settings = get_settings()
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
        logging.getLogger("alembic").setLevel(logging.WARNING)
        wire()
        with closing(Runtime(settings)) as runtime:
            return int(args.func(args, runtime))
    except ValidationError as error:
        _complain(*_settings_problems(error))
    except CommandFailed as error:
        _complain(error.message, *error.details)
    except AppError as error:
        _complain(error.message)
    except SQLAlchemyError as error:
        _complain(_database_problem(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) went away: nothing to tell anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _complain(_("Không đọc hoặc ghi được %(path)s (%(reason)s).", path=error.filename, reason=error.strerror))
    return 2


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _settings_problems(error: ValidationError) -> list[str]:
    """One line per wrong variable: our own rules in their own words, else what the variable is for."""
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        own = problem.get("ctx", {}).get("error")
        if own is not None:
            lines.append(f"{name.upper()}: {own}" if name else str(own))
        else:
            meaning = Settings.model_fields[name].description if name in Settings.model_fields else ""
            lines.append(
                _("%(name)s không nhận giá trị “%(value)s”. Ý nghĩa: %(meaning)s",
                  name=name.upper(), value=problem["input"], meaning=meaning)
            )  # fmt: skip
    return lines


def _database_problem(error: SQLAlchemyError) -> str:
    if isinstance(error, DBAPIError) and (reason := why_refused(error)):
        return reason
    detail = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "no such table" in detail or "UndefinedTable" in type(getattr(error, "orig", error)).__name__:
        return _("Cơ sở dữ liệu chưa có dữ liệu gốc. Hãy chạy: python -m app seed")
    return _("Không dùng được cơ sở dữ liệu. Hãy kiểm tra DATABASE_URL. Chi tiết: %(detail)s", detail=detail)


if __name__ == "__main__":
    sys.exit(main())
