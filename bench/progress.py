"""Durable progress saves: over HTTP against the floor, and committed in groups against one by one."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.core import clock, ids
from app.core.db import Database
from app.identity.accounts import find_candidate, new_account, sign_in
from app.identity.models import Person
from app.learning.saving import ProgressSaver, Save, progress_committer
from app.learning.service import enrol
from app.learning.stamps import Stamp
from bench.load import request_of, run_load
from bench.pages import Row
from bench.servers import floor, ours

WAITERS, SECONDS = 128, 6.0
COURSE, LESSON, VIDEO = "khai-thac-nen-tang-so", "KH04.1.2", "02-ban-do-nen-tang-so"
# Short enough that the server's clock allows all of them: it credits two seconds of video per second.
SPAN_S = 0.02
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_STAMP = re.compile(r'data-stamp="([^"]+)"')


@dataclass(frozen=True)
class Learner:
    enrolment_id: int
    session: str


def rows() -> Iterator[Row]:
    with ours() as (url, folder):
        database = Database(f"sqlite:///{folder / 'hocso.db'}")
        with database.writing() as db:
            learners = [_learner(db, number) for number in range(WAITERS)]
        pages = [_Page(url, learner) for learner in learners]
        with floor() as bare_url:
            same_size = pages[0].request().replace(b"/progress", b"/", 1)
            bare = run_load(bare_url, lambda _n: same_size, connections=WAITERS, seconds=SECONDS)
        saves = run_load(url, lambda n: pages[n % WAITERS].request(), connections=WAITERS, seconds=SECONDS)
        yield Row(
            f"Lưu tiến độ bền vững qua HTTP ({WAITERS} người cùng lúc)",
            f"{saves.per_second:,.0f} lượt/giây = {saves.per_second / bare.per_second:.1%} của sàn "
            f"({bare.per_second:,.0f}), p99 {saves.p99_ms:.0f} ms",
            "≥ 40% của sàn",
        )
        grouped, grouped_p99_ms = _in_groups(database, learners)
        direct, _p99_ms = _one_by_one(database, learners)
        yield Row(
            f"Ghi theo nhóm, {WAITERS} người chờ (SQLite, synchronous=FULL)",
            f"{grouped:,.0f} lượt/giây = {grouped / direct:.1f} lần ghi từng lượt ({direct:,.0f}), "
            f"p99 {grouped_p99_ms:.0f} ms",
            "≥ 10 lần, p99 ≤ 50 ms",
        )
        database.dispose()


def _learner(db: Session, number: int) -> Learner:
    """Somebody signed in and enrolled in the starter course; the password is never used."""
    name = f"Người đo {number}"
    person = Person(ref=ids.token(), name=name, folded_name=name, sort_name=name, created_at=clock.now())
    db.add(new_account(person, f"nguoi-do-{number}", "!", must_change=False))
    db.flush()
    course_id = db.scalars(select(Course.id).where(Course.slug == COURSE)).one()
    candidate = find_candidate(db, f"nguoi-do-{number}")
    assert candidate
    return Learner(enrol(db, person.id, course_id).id, sign_in(db, candidate))


class _Page:
    """An open lesson: its stamp and form token, as a browser holds them."""

    def __init__(self, url: str, learner: Learner) -> None:
        with httpx.Client(base_url=url, cookies={"hs_session": learner.session}) as client:
            text = client.get(f"/learn/{COURSE}/{LESSON}", headers={"accept": "text/html"}).text
            cookies = {"hs_session": learner.session} | dict(client.cookies)
        token, stamp = _TOKEN.search(text), _STAMP.search(text)
        assert token
        assert stamp
        self._stamp = stamp[1]
        self._headers = {
            "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "x-csrf-token": token[1], "content-type": "application/json", "accept": "application/json",
        }  # fmt: skip
        self._numbers = count()

    def request(self) -> bytes:
        number = next(self._numbers)
        start = number * SPAN_S % 60
        body = {
            "stamp": self._stamp, "block": VIDEO, "client": "may-do", "seq": number,
            "spans": [[round(start, 2), round(start + SPAN_S, 2)]], "position": start,
        }  # fmt: skip
        return request_of("POST", "/progress", self._headers, json.dumps(body).encode())


def _in_groups(database: Database, learners: list[Learner]) -> tuple[float, float]:
    """(saves per second, milliseconds at the 99th percentile)."""
    committer = progress_committer(database)
    committer.start()
    measured = asyncio.run(_waiters(learners, lambda save: asyncio.wrap_future(committer.submit(save))))
    committer.stop()
    return measured


def _one_by_one(database: Database, learners: list[Learner]) -> tuple[float, float]:
    saver = ProgressSaver()

    def commit(save: Save) -> object:
        with database.writing() as db:
            return saver.save(db, [save])

    async def direct() -> tuple[float, float]:
        with ThreadPoolExecutor(8) as pool:
            loop = asyncio.get_running_loop()
            return await _waiters(learners, lambda save: loop.run_in_executor(pool, commit, save))

    return asyncio.run(direct())


async def _waiters(learners: list[Learner], commit: Callable[[Save], Awaitable[object]]) -> tuple[float, float]:
    """Everybody saves again as soon as the last save is committed."""
    took: list[float] = []
    page, deadline = ids.token(48), time.perf_counter() + SECONDS

    async def one(learner: Learner) -> None:
        stamp = Stamp(learner.enrolment_id, LESSON, clock.now() - timedelta(days=7))
        for sequence in count():
            begun = time.perf_counter()
            if begun > deadline:
                return
            start = sequence * SPAN_S % 60
            await commit(Save(learner.session, stamp, VIDEO, page, sequence, [(start, start + SPAN_S)], start))
            took.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(one(learner) for learner in learners))
    spent = time.perf_counter() - begun
    took.sort()
    return len(took) / spent, took[int(len(took) * 0.99)] * 1000
