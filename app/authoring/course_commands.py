"""`courses check|load|export|prune`: the courses/ folder from the command line (docs/courses-format.md)."""

import argparse
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from app.authoring import tidying
from app.authoring.folder import CourseProblems, Problem, export_course, load_course, read_course, weaknesses
from app.authoring.folder.loading import course_folders
from app.catalogue.models import Course
from app.catalogue.service import publish
from app.catalogue.source import CourseSource
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    courses = commands.add_parser("courses", help="khóa học dạng thư mục / course folders")
    verbs = courses.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    check = verbs.add_parser(
        "check", help="kiểm tra, in tệp:dòng: lỗi; thoát 0 đạt, 1 có lỗi / check; exit 0 fine, 1 findings"
    )
    check.set_defaults(func=_check)
    load = verbs.add_parser("load", help="nạp vào danh mục, thành bản nháp / load as a draft")
    load.add_argument("--publish", action="store_true", help="công bố ngay / publish at once")
    load.set_defaults(func=_load)
    export = verbs.add_parser("export", help="ghi khóa học ra thư mục / write courses to a folder")
    export.add_argument("--course", metavar="SLUG", help="chỉ khóa học này / only this course")
    export.set_defaults(func=_export)
    prune = verbs.add_parser("prune", help="dọn các lần lưu nháp cũ / tidy up old drafts")
    prune.add_argument("--apply", action="store_true", help="xóa thật; không có thì chỉ kể ra / delete, not only list")
    prune.add_argument(
        "--days", type=int, metavar="N",
        help="giữ đủ mọi lần lưu trong N ngày; mặc định DRAFTS_KEPT_DAYS / keep all saves of N days",
    )  # fmt: skip
    prune.set_defaults(func=_prune)
    for verb in (check, load, export):
        verb.add_argument("path", metavar="PATH", type=Path, help="thư mục / folder")
        verb.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")


def _check(args: argparse.Namespace, runtime: Runtime) -> int:
    found = check_folders(_folders(args.path))
    count = sum(map(len, found.values()))
    if args.json:
        _print_json(
            {
                "courses": [
                    {
                        "slug": folder.resolve().name,
                        "path": str(folder),
                        "problems": [_as_json(one) for one in problems],
                    }
                    for folder, problems in found.items()
                ],
                "problem_count": count,
            }
        )
        return 1 if count else 0
    for folder, problems in found.items():
        for line in _lines(folder, problems):
            print(line)
    if count:
        print(_("%(count)s chỗ cần sửa trong %(courses)s khóa học.", count=count, courses=len(found)))
        return 1
    print(_("%(courses)s khóa học đều đúng định dạng và đạt chuẩn bài học.", courses=len(found)))
    return 0


def _load(args: argparse.Namespace, runtime: Runtime) -> int:
    folders = _folders(args.path)
    # All are read before any is stored: a broken folder must not leave half a load behind.
    faults = [line for folder in folders for line in _lines(folder, _faults(folder))]
    if faults:
        raise CommandFailed(lazy("Chưa nạp gì vì có %(count)s chỗ cần sửa:"), faults, count=len(faults))
    loaded = [_load_one(runtime, folder, args.publish) for folder in folders]
    if args.json:
        _print_json({"courses": loaded})
        return 0
    for course in loaded:
        if not course["changed"]:
            print(_("%(title)s: không có gì mới, đang công bố bản %(version)s.", **course))
        elif course["state"] == "published":
            print(_("%(title)s: đã công bố bản %(version)s.", **course))
        else:
            print(_("%(title)s: đã nạp bản nháp %(version)s.", **course))
    return 0


def _load_one(runtime: Runtime, folder: Path, at_once: bool) -> dict[str, object]:
    """One transaction a course: storing its videos takes a while, and others want to write, too."""
    with runtime.database.writing() as db:
        version = load_course(db, runtime.storage, folder, None)
        course = db.get_one(Course, version.course_id)
        changed = version.id != course.published_version_id
        if at_once:
            publish(db, version, None, how="courses load")
        return {
            "slug": course.slug,
            "title": version.title,
            "version": version.number,
            "state": version.state,
            "changed": changed,
        }


def _export(args: argparse.Namespace, runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        slugs = [args.course] if args.course else list(db.scalars(select(Course.slug).order_by(Course.slug)))
        if not slugs:
            raise CommandFailed(lazy("Danh mục chưa có khóa học nào để ghi ra."))
        written = [export_course(db, runtime.storage, slug, args.path) for slug in slugs]
    if args.json:
        _print_json({"courses": [{"slug": folder.name, "path": str(folder)} for folder in written]})
    else:
        for folder in written:
            print(_("Đã ghi %(path)s", path=folder))
    return 0


def _prune(args: argparse.Namespace, runtime: Runtime) -> int:
    """Prints a line a course: its address, how many drafts, their numbers. Exit 0 whether there was one or not."""
    days = runtime.settings.drafts_kept_days if args.days is None else args.days
    if days < 0:
        raise CommandFailed(lazy("Số ngày phải từ 0."))
    if args.days is None and not days:
        raise CommandFailed(lazy("DRAFTS_KEPT_DAYS là 0: không dọn. Muốn dọn lần này, thêm --days."))
    act = tidying.tidy if args.apply else tidying.found
    count = 0
    for one in act(runtime.database, timedelta(days=days)):
        count += len(one.numbers)
        print(f"{one.slug}\t{len(one.numbers)}\t{' '.join(map(str, one.numbers))}", flush=True)
    if args.apply:
        print(_("Đã dọn %(count)s bản nháp.", count=count))
    else:
        print(_("Có %(count)s bản nháp dọn được. Chưa xóa gì; thêm --apply để xóa.", count=count))
    return 0


def _folders(path: Path) -> list[Path]:
    folders = course_folders(path)
    if not folders:
        raise CommandFailed(lazy("Không có khóa học nào ở “%(path)s”. Hãy chỉ tới thư mục có course.yaml."), path=path)
    return folders


def check_folders(folders: Sequence[Path]) -> dict[Path, list[Problem]]:
    """What to mend in each folder: what keeps it from being loaded, else where it falls short as a course."""
    found: dict[Path, list[Problem]] = {}
    readable: dict[Path, CourseSource] = {}
    for folder in folders:
        try:
            readable[folder] = read_course(folder)
        except CourseProblems as error:
            found[folder] = error.problems
    found |= dict(zip(readable, weaknesses(list(readable.values())), strict=True))
    return {folder: found[folder] for folder in folders}


def _faults(folder: Path) -> list[Problem]:
    """What keeps a folder from being loaded."""
    try:
        read_course(folder)
    except CourseProblems as error:
        return error.problems
    return []


def _lines(folder: Path, problems: list[Problem]) -> list[str]:
    """As compilers print them, so that editors can jump there: folder/file:line: message."""
    return [f"{(folder / problem.file).as_posix()}:{problem.line}: {problem.message}" for problem in problems]


def _as_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "line": problem.line, "message": problem.message}


def _print_json(document: dict[str, object]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))
