"""The fast lane: a page's whole work in one thread and one transaction, decided as FastAPI would decide it."""

import threading
from collections import Counter
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.web import Databases, Db, Me, Response, having
from app.identity.models import RoleGrant, SignInSession, Unit
from tests import factories
from tests.browser import Browser

router = APIRouter()
Author = Annotated[object, having("course.author")]
seen: dict[str, list[object]] = {"threads": [], "sessions": []}
# Connections each thread holds.
held: Counter[int] = Counter()


def _look(db: Db) -> int:
    seen["threads"].append(threading.get_ident())
    seen["sessions"].append(db)
    return db.scalar(select(Unit.id).limit(1)) or 0


Looked = Annotated[int, Depends(_look)]


@router.get("/test/together/{number}")
def together(number: int, looked: Looked, again: Looked, db: Db, request: Request, page: int = 1) -> Response:
    seen["threads"].append(threading.get_ident())
    seen["sessions"].append(db)
    return Response(f"{number} {page} {looked == again} {request.url.path}")


@router.post("/test/kept")
def keep(db: Db, name: Annotated[str, Form()], much: Annotated[int, Form()] = 1) -> Response:
    db.execute(update(Unit).where(Unit.id == 1).values(key=Unit.key))
    return Response(f"{name} {much}")


@router.post("/test/alone")
def open_one_alone(actor: Me, databases: Databases, name: Annotated[str, Form()]) -> Response:
    me = threading.get_ident()
    before = held[me]
    with databases.writing() as db:
        db.execute(update(Unit).where(Unit.id == 1).values(key=Unit.key))
        return Response(f"{name} {actor.name} {before} {held[me]}")


@router.get("/test/mine/{number}")
def mine(number: int, actor: Me) -> Response:
    return Response(actor.name)


@router.get("/test/authors")
def authors(actor: Author) -> Response:
    return Response("for authors")


def test_all_of_a_page_happens_in_one_thread_and_one_session(browser: Browser) -> None:
    for values in seen.values():
        values.clear()
    assert browser.client.get("/test/together/7?page=3").text == "7 3 True /test/together/7"
    assert len(seen["threads"]) == 2, "a dependency asked for twice is solved once"
    assert len(set(seen["threads"])) == len(set(map(id, seen["sessions"]))) == 1


@pytest.mark.parametrize("path", ["/test/together/seven", "/test/together/7?page=x"])
def test_an_address_that_does_not_parse_names_nothing(browser: Browser, path: str) -> None:
    assert browser.client.get(path).status_code == 404


def test_who_must_sign_in_learns_that_before_anything_about_the_address(browser: Browser) -> None:
    response = browser.client.get("/test/mine/no-number", headers={"accept": "text/html"}, follow_redirects=False)
    assert response.headers["location"].startswith("/sign-in")


def test_a_form_is_read_and_its_missing_fields_are_named(browser: Browser) -> None:
    assert browser.post("/test/kept", {"name": "Bài một", "much": "4"}).text == "Bài một 4"
    refused = browser.client.post(
        "/test/kept", data={"csrf_token": browser.token, "much": "x"}, headers={"accept": "application/json"}
    )
    assert refused.status_code == 422
    assert set(refused.json()["errors"]) == {"name", "much"}


def test_who_opens_transactions_of_his_own_holds_none_before(db: Session, database: Database, browser: Browser) -> None:
    """A password is hashed there: a connection held meanwhile would be one nobody else can use."""
    account = factories.account(db, factories.person(db, "Lò Thị Hạnh"))
    db.commit()
    browser.sign_in(account.username)
    browser.get("/account")
    held.clear()
    event.listen(database.engine, "checkout", lambda *_: held.update([threading.get_ident()]))
    event.listen(database.engine, "checkin", lambda *_: held.subtract([threading.get_ident()]))
    assert browser.post("/test/alone", {"name": "Bài hai"}).text == "Bài hai Lò Thị Hạnh 0 1"


def test_what_another_process_revokes_is_gone_with_the_next_request(
    db: Session, database: Database, browser: Browser
) -> None:
    account = factories.account(db, role="author")
    db.commit()
    browser.sign_in(account.username)
    assert browser.get("/test/authors").status_code == 200
    other = Database(database.url)
    with other.writing() as elsewhere:
        elsewhere.execute(delete(RoleGrant).where(RoleGrant.account_id == account.id))
    assert browser.client.get("/test/authors").status_code == 403
    with other.writing() as elsewhere:
        elsewhere.execute(delete(SignInSession).where(SignInSession.account_id == account.id))
    other.dispose()
    assert browser.client.get("/test/authors", headers={"accept": "application/json"}).status_code == 401
