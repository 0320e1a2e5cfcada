"""Files of questions into a bank and out of it: read and kept for a look, taken in when confirmed, written."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.authoring import questions_io
from app.authoring.questions_io import FORMATS, Found, Reading, Refused, Written
from app.catalogue import questions
from app.catalogue.banks import add_question
from app.catalogue.inline import media_in
from app.catalogue.models import BankQuestion, Course, CourseVersion, LessonVersion, QuestionBank, QuestionUpload
from app.catalogue.questions import Question
from app.core import clock
from app.core.errors import AppError, NotFound
from app.core.jobs import JobContext
from app.core.storage import Storage
from app.media.models import Asset
from app.media.service import StoredFile, add_asset, store

PICTURE_LIMIT_BYTES = 10 * 1024 * 1024
# A week to look at what a file would bring.
KEPT_DAYS = 7


@dataclass(frozen=True)
class Taken:
    """A reading whose pictures are stored, by question and name; no row names them yet."""

    reading: Reading
    pictures: tuple[Mapping[str, StoredFile], ...]


@dataclass(frozen=True)
class Exportable:
    """Questions with the bytes of their pictures, by the names their texts use."""

    asked: tuple[Question, ...]
    files: Mapping[str, bytes]

    def written(self, format_name: str) -> Written:
        return questions_io.write(format_name, self.asked, self.files)


def format_of(file_name: str) -> str | None:
    """The format a file's ending speaks for; None for any other."""
    ending = PurePath(file_name).suffix.lower()
    return next((name for name, known in FORMATS.items() if known.ending == ending), None)


def take(storage: Storage, reading: Reading) -> Taken:
    """Store the pictures of what was read (`questions_io.read`); needs no database.

    A question with a picture we do not take is refused, as one with any other fault is.
    """
    found: list[Found] = []
    refused = list(reading.refused)
    pictures: list[Mapping[str, StoredFile]] = []
    for one in reading.found:
        try:
            stored = {
                name: store(storage, io.BytesIO(picture), name, only="image", limit_bytes=PICTURE_LIMIT_BYTES)
                for name, picture in one.pictures.items()
            }
        except AppError as error:
            refused.append(Refused(one.place, one.question["text"][:120], error.message))
            continue
        found.append(one)
        pictures.append(stored)
    return Taken(Reading(tuple(found), tuple(sorted(refused, key=lambda one: one.place))), tuple(pictures))


def keep_upload(
    db: Session, bank: QuestionBank, taken: Taken, file_name: str, format_name: str, *, by: int | None
) -> QuestionUpload:
    """What was read, waiting for confirmation; nothing is in the bank yet."""
    found = []
    for one, stored in zip(taken.reading.found, taken.pictures, strict=True):
        question, files = name_pictures(db, bank.unit_id, one.question, stored, by=by)
        found.append({"place": one.place, "question": question, "notes": list(one.notes), "files": files})
    refused = [
        {"place": one.place, "text": one.text, "reason": one.reason, "cells": dict(one.cells)}
        for one in taken.reading.refused
    ]
    upload = QuestionUpload(
        bank_id=bank.id, account_id=by, file_name=file_name[-200:], format=format_name,
        reading={"found": found, "refused": refused}, uploaded_at=clock.now(),
    )  # fmt: skip
    db.add(upload)
    db.flush()
    return upload


def apply_upload(db: Session, bank: QuestionBank, upload: QuestionUpload, *, by: int | None) -> int:
    """Put what was found into the bank; how many questions. Confirmed once more it adds nothing."""
    db.refresh(upload, with_for_update=True)
    found = upload.reading["found"]
    if upload.applied_at is None:
        for one in found:
            add_question(db, bank, one["question"], by=by, files=one["files"])
        upload.applied_at = clock.now()
        db.flush()
    return len(found)


def upload_of(db: Session, bank: QuestionBank, upload_id: int) -> QuestionUpload:
    """An upload into this bank; raises NotFound."""
    upload = db.scalar(select(QuestionUpload).where(QuestionUpload.id == upload_id, QuestionUpload.bank_id == bank.id))
    if upload is None:
        raise NotFound
    return upload


def forget_uploads(context: JobContext) -> dict[str, int]:
    """Delete what was uploaded a week ago, confirmed or not: what was confirmed is in the bank."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    with context.database.writing() as db:
        gone = db.execute(
            delete(QuestionUpload).where(QuestionUpload.uploaded_at < before).returning(QuestionUpload.id)
        ).all()
    return {"forgotten": len(gone)}


def name_pictures(
    db: Session, unit_id: int, question: Question, stored: Mapping[str, StoredFile], *, by: int | None
) -> tuple[dict[str, Any], dict[str, int]]:
    """The question with each picture under its asset's own name, so that those of two banks never share one on a paper;
    and the asset ids by those names."""
    renamed, files = {}, {}
    for name, file in stored.items():
        asset = add_asset(db, file, by=by, unit_id=unit_id)
        renamed[name] = f"{asset.public_id}{PurePath(file.file_name).suffix}"
        files[renamed[name]] = asset.id
    return _with_names(question, renamed), files


def of_bank(db: Session, storage: Storage, bank: QuestionBank) -> Exportable:
    """The active questions of a bank, the oldest first."""
    rows = db.execute(
        select(BankQuestion.body, BankQuestion.files)
        .where(BankQuestion.bank_id == bank.id, BankQuestion.state == "active")
        .order_by(BankQuestion.id)
    )
    return _exportable(db, storage, [(body, files) for body, files in rows])


def of_course(db: Session, storage: Storage, course: Course) -> Exportable:
    """The questions of a course: the quizzes of its newest version in the order of its lessons, then its banks."""
    newest = select(func.max(CourseVersion.id)).where(CourseVersion.course_id == course.id).scalar_subquery()
    quizzes = db.scalars(
        select(LessonVersion.quiz).where(LessonVersion.course_version_id == newest).order_by(LessonVersion.id)
    )
    rows: list[tuple[Question, Mapping[str, int]]] = [
        (question, quiz.get("files", {})) for quiz in quizzes if quiz for question in quiz["questions"]
    ]
    banks = db.execute(
        select(BankQuestion.body, BankQuestion.files)
        .join(QuestionBank, QuestionBank.id == BankQuestion.bank_id)
        .where(QuestionBank.course_id == course.id, BankQuestion.state == "active")
        .order_by(BankQuestion.id)
    )
    return _exportable(db, storage, [*rows, *((body, files) for body, files in banks)])


def _exportable(db: Session, storage: Storage, rows: Sequence[tuple[Question, Mapping[str, int]]]) -> Exportable:
    asked = []
    taken: dict[str, int] = {}
    for question, files in rows:
        names = [one.name for text in questions.texts_of(question) for one in media_in(text) if one.name in files]
        # Files of two lessons may share a name.
        renamed = {name: f"{files[name]}-{name}" for name in names if taken.get(name, files[name]) != files[name]}
        taken |= {renamed.get(name, name): files[name] for name in names}
        asked.append(_with_names(question, renamed) if renamed else question)
    images = select(Asset.id, Asset.storage_key).where(Asset.id.in_(set(taken.values())), Asset.kind == "image")
    contents = {id_: b"".join(storage.read(key)) for id_, key in db.execute(images)}
    return Exportable(tuple(asked), {name: contents[id_] for name, id_ in taken.items() if id_ in contents})


def _with_names(value: Any, renamed: Mapping[str, str]) -> Any:
    """The question with other names for its files."""
    if isinstance(value, str):
        return re.sub(
            r"(!\[[^\]]*\]\()([^)\s]+)", lambda found: found[1] + renamed.get(found[2], found[2]), value
        ) if renamed else value  # fmt: skip
    if isinstance(value, Mapping):
        return {name: _with_names(one, renamed) for name, one in value.items()}
    return [_with_names(one, renamed) for one in value] if isinstance(value, list) else value
