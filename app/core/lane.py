"""The fast lane: finds a route by a table and does its whole work in one hop to a thread.

FastAPI asks its routes one after the other and sends each synchronous dependency, and then the handler, to a thread of
its own: on a page that costs as much as the queries. Routes are declared as ever (APIRouter, Depends, Annotated, Form)
and stay among FastAPI's own, for whoever lists or describes them. What the lane does not take (uploads, static files,
unknown addresses) goes on to FastAPI.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.csrf import SAFE_METHODS
from app.core.db import Database
from app.core.error_answers import answer_error
from app.core.errors import TooLarge
from app.core.web import database_in_turn, session_in_turn


class Table:
    """What the lane takes of some routes, by the first word of their paths; any number of lanes may share it."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._entries: dict[str, list[_Entry]] = defaultdict(list)
        for context in iter_route_contexts(routes):
            if answer := _answer_of(context):
                entry = _Entry(frozenset(context.methods or ()), context.path_regex, context.param_convertors, answer)
                self._entries[_first_word(context.path or "")].append(entry)

    def find(self, scope: Scope) -> "_Answer | None":
        """What answers a request, its place in the path told in `scope`; None for what is left to FastAPI."""
        for entry in self._entries.get(_first_word(scope["path"]), ()):
            if scope["method"] in entry.methods and (found := entry.pattern.match(scope["path"])):
                convertors = entry.convertors
                scope["path_params"] = {
                    name: convertors[name].convert(text) for name, text in found.groupdict().items()
                }
                return entry.answer
        return None


class Lane:
    """Middleware, directly inside `LastResort`."""

    def __init__(self, app: ASGIApp, table: Table) -> None:
        self.app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._table.find(scope) if scope["type"] == "http" else None
        if answer is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await answer(request)
        except Exception as error:
            response = await run_in_threadpool(answer_error, request, error)
        finally:
            # A form that came in parts has its files open.
            await request.close()
        await response(scope, receive, send)


_Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class _Entry:
    methods: frozenset[str]
    pattern: re.Pattern[str]
    convertors: dict[str, Any]
    answer: _Answer


def _first_word(path: str) -> str:
    """`/learn` of `/learn/a-course/a-lesson`; routes are looked up by it."""
    return path[: path.find("/", 1)] if "/" in path[1:] else path


def _answer_of(context: RouteContext) -> _Answer | None:
    """How the lane answers this route; None if it leaves it to FastAPI."""
    route, endpoint = context.original_route, context.endpoint
    if endpoint is None or "{" in _first_word(context.path or ""):
        return None
    if not isinstance(route, APIRoute):
        # A bare route does its own work from the first byte.
        is_bare = isinstance(route, Route) and inspect.iscoroutinefunction(endpoint)
        return cast(_Answer, endpoint) if is_bare else None
    work = _Work(context.dependant, is_safe=SAFE_METHODS.issuperset(context.methods or ()))
    return work.answer if work.fits else None


class _Work:
    """What answering a route takes. Coroutines go first, on the event loop: they read the body. All the rest follows in
    one thread and one transaction: who asks, what the address names, the handler, the commit. A handler that opens
    transactions of its own (`Databases`) is held in none.
    """

    def __init__(self, route: Dependant, *, is_safe: bool) -> None:
        self._route = route
        needs = list(_all_needs(route))
        self._coroutines = [need for need in needs if inspect.iscoroutinefunction(need.call)]
        self._writes = not is_safe and any(need.call is session_in_turn for need in needs)
        self._opens_its_own = not is_safe and any(need.call is database_in_turn for need in needs)

    @property
    def fits(self) -> bool:
        """Whether the lane can do it: forms without files, plain functions, not both kinds of transaction."""
        needs = list(_all_needs(self._route))
        return (
            not inspect.iscoroutinefunction(self._route.call)
            and all(_is_plain_field(field.field_info) for field in self._route.body_params)
            and all(not need.body_params for need in needs)
            and all(not need.dependencies for need in self._coroutines)
            and not (self._writes and self._opens_its_own)
            and all(
                need.call in (session_in_turn, database_in_turn) or not inspect.isasyncgenfunction(need.call)
                for need in needs
            )
        )

    async def answer(self, request: Request) -> Response:
        if getattr(request.state, "too_large", False):
            raise TooLarge
        known = {need.call: await cast(Any, need.call)(request) for need in self._coroutines}
        fields: dict[str, Any] = {}
        problems: list[dict[str, Any]] = []
        if self._route.body_params:
            form = await request.form()
            fields, problems = await request_body_to_args(self._route.body_params, form, embed_body_fields=True)
        database: Database = request.app.state.database
        known[database_in_turn] = database
        turns = request.app.state.turns
        if self._opens_its_own:
            async with turns.others:
                return await run_in_threadpool(self._call, request, known, fields, problems)
        async with turns.writers if self._writes else turns.readers:
            return await run_in_threadpool(self._call_in_session, database, request, known, fields, problems)

    def _call_in_session(self, database: Database, request: Request, known: dict[Any, Any], *sent: Any) -> Response:
        # A session begins at its first statement: who is turned away before costs no transaction.
        with database.writing() if self._writes else database.reading() as session:
            request.state.session = known[session_in_turn] = session
            try:
                return self._call(request, known, *sent)
            finally:
                del request.state.session

    def _call(
        self, request: Request, known: dict[Any, Any], fields: dict[str, Any], problems: list[dict[str, Any]]
    ) -> Response:
        values = _solve(self._route, request, known, problems)
        if problems:
            raise RequestValidationError(problems)
        return cast(Response, cast(Any, self._route.call)(**values, **fields))


def _solve(part: Dependant, request: Request, known: dict[Any, Any], problems: list[dict[str, Any]]) -> dict[str, Any]:
    """The arguments of a function, as FastAPI would find them: what it needs first, each only once, then the address.

    What has problems of its own is not called, nor what needs it; the problems say why.
    """
    values: dict[str, Any] = {}
    for need in part.dependencies:
        if need.call not in known:
            before = len(problems)
            given = _solve(need, request, known, problems)
            if len(problems) > before:
                continue
            known[need.call] = cast(Any, need.call)(**given)
        if need.name is not None:
            values[need.name] = known[need.call]
    for asked, said in (
        (part.path_params, request.path_params),
        (part.query_params, request.query_params),
        (part.header_params, request.headers),
    ):
        if asked:
            found, wrong = request_params_to_args(asked, said)
            values |= found
            problems += wrong
    if part.request_param_name is not None:
        values[part.request_param_name] = request
    return values


def _all_needs(part: Dependant) -> Iterator[Dependant]:
    for need in part.dependencies:
        yield from _all_needs(need)
        yield need


def _is_plain_field(info: object) -> bool:
    return isinstance(info, params.Form) and not isinstance(info, params.File)
