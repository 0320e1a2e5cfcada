"""Files of answers: keep a page with those chosen on it, and give one back to its learner or to who marks."""

from collections.abc import AsyncIterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.core import clock
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import SignInRequired
from app.core.storage import Storage
from app.core.text import whole
from app.core.web import Db, Files, MaybeMe, Response, RowId, form_fields, having, redirect, render
from app.learning.addressed import OwnAttempt, own_attempt
from app.learning.answer_files import Arrived, find_file, keep_with_files, receive
from app.learning.attempt_rules import is_over
from app.learning.marking_queries import find_attempt
from app.learning.models import AnswerFile, Attempt
from app.learning.pages import private
from app.learning.policy import MARK
from app.learning.quiz_queries import attempt_page
from app.media.documents import ENDINGS, read_document

router = APIRouter()

Marker = Annotated[Actor, having(MARK)]
# A field “file:q4” brings files of question q4.
_FIELD = "file:"


Chosen = dict[str, list[tuple[str, BinaryIO]]]


async def _chosen(request: Request) -> AsyncIterator[Chosen]:
    """The files of a form by question, each with its name."""
    chosen: Chosen = {}
    for name, value in (await request.form()).multi_items():
        if name.startswith(_FIELD) and not isinstance(value, str) and value.filename:
            chosen.setdefault(name.removeprefix(_FIELD), []).append((value.filename, value.file))
    try:
        yield chosen
    finally:
        await request.close()


async def _arrived(
    chosen: Annotated[Chosen, Depends(_chosen, scope="function")], attempt_id: RowId, request: Request, actor: MaybeMe,
    files: Files,
) -> AsyncIterator[Arrived]:  # fmt: skip
    if not chosen:
        yield Arrived()
        return
    if actor is None:
        raise SignInRequired

    def check_and_store() -> Arrived:
        with request.app.state.database.reading() as db:
            attempt = own_attempt(db, actor, attempt_id)
            # What comes too late need not be looked at; the route says so.
            if attempt.submitted_at is not None or is_over(attempt.deadline_at, clock.now()):
                return Arrived()
            paper = attempt.paper
        return receive(files, paper, chosen)

    async with request.app.state.turns.others:
        arrived = await run_in_threadpool(check_and_store)
    try:
        yield arrived
    except BaseException:
        await run_in_threadpool(arrived.drop, files, kept=True)
        raise
    await run_in_threadpool(arrived.drop, files, kept=False)


# First among a route's parameters, so that no transaction waits for a slow body.
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]
# Stored before the request's transaction begins, and gone after it if no answer names them.
ArrivedFiles = Annotated[Arrived, Depends(_arrived, scope="function")]


@router.post("/attempts/{attempt_id}/files")
def keep(
    fields: Fields, arrived: ArrivedFiles, request: Request, db: Db, attempt: OwnAttempt, at: str = ""
) -> Response:  # fmt: skip
    """Keep the page with the files chosen on it; `remove` names files to take out, `at` the question to go back to."""
    removed = {number for one in fields.get("remove", []) if (number := whole(one)) is not None}
    if errors := keep_with_files(db, attempt, fields, arrived, removed):
        return paper_again(request, db, attempt, errors)
    return redirect(request, f"/attempts/{attempt.id}{_place(attempt, at)}")


@router.get("/attempts/{attempt_id}/files/{file_id}")
def own_file(db: Db, files: Files, attempt: OwnAttempt, file_id: RowId) -> Response:
    return _download(files, find_file(db, attempt, file_id))


@router.get("/marking/{attempt_id}/files/{file_id}")
def marked_file(attempt_id: RowId, file_id: RowId, actor: Marker, db: Db, files: Files) -> Response:
    return _download(files, find_file(db, find_attempt(db, actor, attempt_id), file_id))


def paper_again(request: Request, db: Session, attempt: Attempt, errors: dict[str, str]) -> Response:
    """The open paper with what was wrong about files, by question; everything else is kept."""
    page = attempt_page(db, attempt, file_errors=errors)
    return private(render(request, "learning/attempt.html", status=422, page=page, saved=page.saved))


def _place(attempt: Attempt, question_id: str) -> str:
    asked = (one["id"] for one in attempt.paper["questions"])
    number = next((number for number, one in enumerate(asked, start=1) if one == question_id), None)
    return f"#q{number}" if number else ""


def _download(storage: Storage, row: AnswerFile) -> Response:
    # Never under the name its learner gave it, which may tell who it is.
    content = read_document(storage, row.storage_key)
    return attachment(content, f"bai-lam-{row.id}.{ENDINGS[row.content_type]}", row.content_type)
