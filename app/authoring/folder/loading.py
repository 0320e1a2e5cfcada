"""Course folders into the catalogue."""

from pathlib import Path
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.folder.names import MANIFEST
from app.authoring.folder.reading import read_course
from app.catalogue.models import Course, CourseVersion
from app.catalogue.service import publish, save_version
from app.core import clock
from app.core.db import Database
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.identity.units.unit_queries import unit_on


class Installation(Protocol):
    """What a command knows: the settings, the database, the storage."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...


def load_course(
    db: Session, storage: Storage, path: Path, by: int | None, *, unit_id: int | None = None
) -> CourseVersion:  # fmt: skip
    """Read a course folder and keep it as a draft, or return the newest version if that says the same already.

    A new course belongs to `unit_id`, or to the province. Raises CourseProblems with everything to mend, storing none,
    and CommandFailed if there is no such folder or no units are loaded yet.
    """
    source = read_course(path)
    return save_version(db, storage, source, unit_id or _province_id(db), by)


def load_starter_courses(installation: Installation) -> list[str]:
    """Load and publish each course of COURSES_DIR that is not here at all; returns their titles.

    A course that is here stays as it is, since administrators may have edited it; `courses load --publish` brings news.
    """
    with installation.database.reading() as db:
        present = set(db.scalars(select(Course.slug)))
    titles = []
    for folder in course_folders(installation.settings.courses_dir):
        if folder.name not in present:
            with installation.database.writing() as db:
                version = publish(db, load_course(db, installation.storage, folder, None), None)
                titles.append(version.title)
    return titles


def course_folders(path: Path) -> list[Path]:
    """The course folders at a path: the path itself, or what lies in it when one of those has a course.yaml."""
    if not path.is_dir():
        return []
    inside = sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))
    if not (path / MANIFEST).exists() and any((one / MANIFEST).exists() for one in inside):
        return inside
    return [path] if (path / MANIFEST).exists() or inside else []


def _province_id(db: Session) -> int:
    province = unit_on(db, get_settings().province_code, clock.today())
    if province is None:
        raise CommandFailed(_("Chưa có đơn vị nào trong cơ sở dữ liệu. Hãy chạy lệnh seed trước."))
    return province.unit_id
