"""`questions import|export`: files of questions from the command line (docs/questions.md)."""

import argparse
import json
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring import question_files, questions_io
from app.authoring.questions_io import FORMATS
from app.catalogue.banks import bank_of_course
from app.catalogue.models import Course, QuestionBank
from app.core.errors import AppError, CommandFailed
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    questions = commands.add_parser("questions", help="câu hỏi vào và ra bằng tệp / question files in and out")
    verbs = questions.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    take = verbs.add_parser(
        "import", help="nhập vào ngân hàng; thoát 0 đủ, 1 có chỗ không nhập được / into a bank; exit 1: some refused"
    )
    take.set_defaults(func=_import)
    give = verbs.add_parser(
        "export", help="ghi ra tệp; thoát 0 đủ, 1 có điều không ghi được / to a file; exit 1: something left out"
    )
    give.set_defaults(func=_export)
    for verb in (take, give):
        verb.add_argument("file", metavar="FILE", type=Path, help="tệp / file")
        place = verb.add_mutually_exclusive_group(required=True)
        place.add_argument("--course", metavar="SLUG", help="khóa học / course")
        place.add_argument("--bank", metavar="KEY", help="ngân hàng câu hỏi / question bank")
        verb.add_argument("--format", choices=tuple(FORMATS), help="mặc định theo đuôi tệp / by the file's ending")
        verb.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")


def _import(args: argparse.Namespace, runtime: Runtime) -> int:
    chosen = _format(args)
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise CommandFailed(lazy("Không đọc được tệp “%(path)s”."), path=args.file) from error
    try:
        taken = question_files.take(runtime.storage, questions_io.read(chosen, content))
    except AppError as error:
        raise CommandFailed(error.message) from error
    with runtime.database.writing() as db:
        bank = _bank_to_fill(db, args)
        upload = question_files.keep_upload(db, bank, taken, args.file.name, chosen, by=None)
        question_files.apply_upload(db, bank, upload, by=None)
        key = bank.key
    refused = [{"place": one.place, "text": one.text, "reason": one.reason} for one in taken.reading.refused]
    if args.json:
        imported = [
            {"place": one.place, "kind": one.question["kind"], "text": one.question["text"], "notes": list(one.notes)}
            for one in taken.reading.found
        ]
        _print_json({"bank": key, "file": str(args.file), "format": chosen, "imported": imported, "refused": refused})
    else:
        for one in taken.reading.found:
            for note in one.notes:
                print(f"{args.file}:{one.place}: {note}")
        for other in taken.reading.refused:
            print(_("%(file)s:%(line)s: không nhập: %(reason)s", file=args.file, line=other.place, reason=other.reason))
        print(_("Đã nhập %(count)s câu vào ngân hàng “%(key)s”; %(refused)s chỗ không nhập được.",
                count=len(taken.reading.found), key=key, refused=len(refused)))  # fmt: skip
    return 1 if refused else 0


def _export(args: argparse.Namespace, runtime: Runtime) -> int:
    chosen = _format(args)
    with runtime.database.reading() as db:
        if args.course:
            questions = question_files.of_course(db, runtime.storage, _course(db, args.course))
        else:
            questions = question_files.of_bank(db, runtime.storage, _bank(db, args.bank))
    written = questions.written(chosen)
    try:
        args.file.write_bytes(written.content)
    except OSError as error:
        raise CommandFailed(lazy("Không ghi được tệp “%(path)s”."), path=args.file) from error
    left_out = [{"id": one.id, "reason": one.reason} for one in written.left_out]
    if args.json:
        _print_json({"file": str(args.file), "format": chosen, "exported": written.written_count, "left_out": left_out})
    else:
        for one in left_out:
            print(f"{one['id']}: {one['reason']}")
        print(_("Đã ghi %(count)s trên %(all)s câu ra %(path)s.", count=written.written_count,
                all=len(questions.asked), path=args.file))  # fmt: skip
    return 1 if left_out else 0


def _format(args: argparse.Namespace) -> str:
    chosen = args.format or question_files.format_of(args.file.name)
    if chosen is None:
        raise CommandFailed(lazy("Chưa rõ định dạng của tệp “%(path)s”. Hãy ghi --format."), path=args.file)
    return str(chosen)


def _bank_to_fill(db: Session, args: argparse.Namespace) -> QuestionBank:
    """A course's own bank is made with the first questions that are imported for it."""
    if args.bank:
        return _bank(db, args.bank)
    course = _course(db, args.course)
    return bank_of_course(db, course, _("Câu hỏi của khóa %(code)s", code=course.code), by=None)


def _bank(db: Session, key: str) -> QuestionBank:
    bank = db.scalar(select(QuestionBank).where(QuestionBank.key == key))
    if bank is None:
        raise CommandFailed(lazy("Không có ngân hàng câu hỏi “%(key)s”."), key=key)
    return bank


def _course(db: Session, slug: str) -> Course:
    course = db.scalar(select(Course).where(Course.slug == slug))
    if course is None:
        raise CommandFailed(lazy("Không có khóa học “%(slug)s”."), slug=slug)
    return course


def _print_json(document: dict[str, object]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))
