"""The form of a question as it arrives, with the picture chosen in it: for banks and for the quizzes of lessons."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from app.authoring.bank_form import QuestionFields, of_form, question_of
from app.authoring.question_files import PICTURE_LIMIT_BYTES, name_pictures
from app.catalogue import questions
from app.catalogue.inline import media_in
from app.core.access import Actor
from app.core.db import Database, Session
from app.core.errors import AppError, Invalid
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.storage import Storage
from app.media.queries import own_uploads
from app.media.quota import must_fit
from app.media.service import store

# Stands for the picture just chosen until it has a name.
_CHOSEN = "anh"


@dataclass(frozen=True)
class Sent:
    """A question's form as it came, with the picture chosen in it and how many bytes that has."""

    form: dict[str, list[str]]
    picture: tuple[str, BinaryIO] | None
    picture_size: int


async def _receive(request: Request) -> AsyncIterator[Sent]:
    form = await request.form(max_files=1, max_fields=200)
    chosen = form.get("picture")
    values = {name: [one for one in form.getlist(name) if isinstance(one, str)] for name in form}
    try:
        yield Sent(
            {name: found for name, found in values.items() if found},
            (chosen.filename, chosen.file) if isinstance(chosen, UploadFile) and chosen.filename else None,
            chosen.size or 0 if isinstance(chosen, UploadFile) else 0,
        )
    finally:
        await form.close()


SentForm = Annotated[Sent, Depends(_receive)]


@dataclass(frozen=True)
class Desk:
    """What is needed to keep a picture. `unit_of`: whose room it takes; raises as the page does for who may not."""

    databases: Database
    files: Storage
    settings: Settings
    actor: Actor
    unit_of: Callable[[Session], int]


def question_sent(desk: Desk, sent: Sent, kind: str) -> tuple[QuestionFields, dict[str, Any], dict[str, str]]:
    """The form of a question of that kind as typed, the question it makes, and what is wrong with it by field.

    A chosen picture is stored and named in the text already, so that it is kept however often the form comes back.
    """
    fields, errors = _with_picture(desk, sent, of_form(kind, sent.form))
    body, faults = question_of(fields)
    return fields, body, faults | errors


def _with_picture(desk: Desk, sent: Sent, fields: QuestionFields) -> tuple[QuestionFields, dict[str, str]]:
    """Its own sessions: none is held while a picture is checked."""
    if sent.picture is None:
        return fields, {}
    file_name, stream = sent.picture
    alt = fields.picture_alt.replace("]", ")").replace("[", "(")
    if not alt:
        return fields, {"picture_alt": _("Hãy tả ảnh bằng lời cho người không nhìn thấy, rồi chọn lại ảnh.")}
    try:
        with desk.databases.reading() as db:
            must_fit(db, desk.settings, desk.unit_of(db), sent.picture_size, file_name)
        stored = store(desk.files, stream, file_name, only="image", limit_bytes=PICTURE_LIMIT_BYTES)
    except AppError as error:
        return fields, {"picture": error.message}
    with desk.databases.writing() as db:
        typed = {"text": f"{fields.text}\n![{alt}]({_CHOSEN})".strip()}
        named, _files = name_pictures(db, desk.unit_of(db), typed, {_CHOSEN: stored}, by=desk.actor.account_id)
    return replace(fields, text=named["text"], picture_alt=""), {}


def files_shown(db: Session, actor: Actor, body: dict[str, Any], known: dict[str, int]) -> dict[str, int]:
    """The files a question names: those there were, and what this author uploaded. Raises Invalid for any other."""
    names = {one.name for text in questions.texts_of(body) for one in media_in(text)}
    uploads = own_uploads(db, actor, [PurePath(name).stem for name in names - known.keys()])
    found = {name: view.asset_id for name in names - known.keys() if (view := uploads.get(PurePath(name).stem))}
    if lacking := sorted(names - known.keys() - found.keys()):
        raise Invalid(fields={"text": _("Không có tệp “%(name)s”. Hãy chọn ảnh ở dưới.", name=lacking[0])})
    return {name: asset_id for name, asset_id in known.items() if name in names} | found
