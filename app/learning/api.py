"""What an open page sends by itself, again and again: POST /progress and POST /attempts/{id}/answers.

Each is one `async def` and one hop to a committer's thread, answered after COMMIT. They check form token and session
themselves, since a dependency would cost each save a thread hop (TECH).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.catalogue.questions import fields_of
from app.core import i18n
from app.core.csrf import BROWSER_COOKIE, SESSION_COOKIE, check_token
from app.core.errors import AppError, Invalid, NotFound, SignInRequired, TooLarge
from app.core.i18n import gettext as _
from app.core.web import form_fields, redirect, render_part, wants_fragment
from app.learning import stamps
from app.learning.answering import AnswerSave, SavedAnswers
from app.learning.finishing import SeenEnough, finished
from app.learning.guest_saving import enrolment_of_page
from app.learning.pages import private
from app.learning.saving import Save, Saved

# No text has a NUL: PostgreSQL would not keep it.
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern="^[^\0]*$")]


class ProgressBody(msgspec.Struct):
    """`spans` are [start, end] of what was done since the last save: seconds of the video played, repeats included, or
    seconds since the page was opened in which its text was read (block "@read"), or pages of a document that were in
    front for LEAST_PAGE_S (the fifth is [4, 5]). `position`: where the video is, or the page in front.
    `client` names the page (random), `seq` counts its saves of a block: together they make a save repeatable.
    """

    stamp: Annotated[str, Meta(max_length=200)]
    block: Name
    client: Name
    seq: Annotated[int, Meta(ge=0, le=2**53)]
    spans: list[tuple[float, float]]
    position: float = 0.0


class ProgressReply(msgspec.Struct):
    """Seconds, or pages of a document. `credited` came for the first time in this save; `reason` says why a claim
    earned nothing.

    `earned` of `whole` is what the learner has, `needed` what the lesson asks.
    """

    earned: float
    whole: float
    needed: float
    credited: float
    reason: str | None
    position: float
    lesson_finished: bool


_decoder = msgspec.json.Decoder(ProgressBody)
_encoder = msgspec.json.Encoder()
router = APIRouter()


async def save_progress(request: Request) -> Response:
    """Credit what was watched. 401 without a session, unless the page was open to guests; 404 for an enrolment or video
    that is not the reader's own.
    """
    token = request.cookies.get(SESSION_COOKIE, "")
    if token:
        await check_token(request)
    body = await _read(request)
    stamp = stamps.read(body.stamp, request.cookies.get(BROWSER_COOKIE, ""))
    guest_id = None
    if not token:
        if not stamp.course_id:
            raise SignInRequired
        await check_token(request)
    if stamp.course_id:
        async with request.app.state.turns.others:
            stamp, guest_id = await run_in_threadpool(enrolment_of_page, request, stamp, token)
    save = Save(token, stamp, body.block, body.client, body.seq, body.spans, body.position, guest_id)
    saved: Saved | AppError = await request.app.state.progress_committer.save(save)
    if isinstance(saved, AppError):
        raise saved
    is_finished = saved.lesson_finished
    if saved.should_judge:
        is_finished = await finished(request, SeenEnough(save.stamp.enrolment_id, save.stamp.lesson_key)) is True
    return Response(_encoder.encode(_reply(saved, is_finished)), media_type="application/json")


router.add_route("/progress", save_progress, methods=["POST"])


async def save_answer(request: Request) -> Response:
    """Keep one answer: `question`, its value(s) as `value` or in the fields of the page, a rising `seq`, and `waited`,
    the milliseconds since it was given.

    404 for an attempt that is not the learner's own, 409 once it is handed in or its time is over.
    """
    if getattr(request.state, "too_large", False):
        raise TooLarge
    await check_token(request)
    fields = await form_fields(request)
    question = _one(fields, "question")
    save = AnswerSave(
        token=request.cookies.get(SESSION_COOKIE, ""),
        browser=request.cookies.get(BROWSER_COOKIE, ""),
        attempt_id=_row_id(request.path_params["attempt_id"]),
        question_id=question,
        fields={"": fields["value"]} if fields.get("value") else fields_of(question, fields),
        sequence=_count(_one(fields, "seq")),
        waited=timedelta(milliseconds=_count(_one(fields, "waited")) or 0),
        language=i18n.language(),
    )
    saved: SavedAnswers | AppError = await request.app.state.answer_committer.save(save)
    if isinstance(saved, AppError):
        raise saved
    if not wants_fragment(request):
        return redirect(request, f"/attempts/{save.attempt_id}")
    return private(render_part("learning/attempt.html", "saved", saved=saved))


router.add_route("/attempts/{attempt_id}/answers", save_answer, methods=["POST"])


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, [])), "")


def _count(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 16:
        raise Invalid
    return int(text)


def _row_id(text: str) -> int:
    """As core.web.RowId has it: what no database could hold names nothing."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) < 2**63):
        raise NotFound
    return int(text)


async def _read(request: Request) -> ProgressBody:
    if getattr(request.state, "too_large", False):
        raise TooLarge
    try:
        return _decoder.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(_("Không đọc được tiến độ vừa gửi: %(detail)s"), detail=str(error)) from error


def _reply(saved: Saved, finished: bool) -> ProgressReply:
    return ProgressReply(
        earned=round(saved.earned, 3),
        whole=round(saved.measure.whole, 3),
        needed=round(saved.measure.needed, 3),
        credited=round(saved.credited, 3),
        reason=str(saved.reason) if saved.reason else None,
        position=round(saved.position, 3),
        lesson_finished=finished,
    )
