"""The whole shelf on an empty database: how long it takes to load, and what axe finds on every page of it."""

import time
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import select

from app.authoring.folder import load_starter_courses
from app.catalogue.models import Course, LessonVersion
from app.core import events, limiting
from app.core.settings import ROOT, Settings
from app.learning.service import enrol
from app.main import HANDLERS
from tests import factories
from tests.journey.conftest import LiveServer, Screen
from tests.seeded import Seeded


def test_all_courses_load_and_their_pages_pass_axe(tmp_path: Path, seeded: Seeded, chromium: Browser) -> None:
    with seeded.copied(tmp_path) as url:
        settings = Settings(
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=0,
            courses_dir=ROOT / "courses",
        )  # fmt: skip
        events.wire(HANDLERS)
        limiting.forget_all()
        server = LiveServer(settings)
        started = time.perf_counter()
        titles = load_starter_courses(server.runtime)
        took_s = time.perf_counter() - started
        pages = []
        with server.runtime.database.writing() as db:
            person = factories.person(db, "Trần Văn Giả Định")
            factories.account(db, person, "hocvien")
            for course in db.scalars(select(Course).order_by(Course.code)):
                enrol(db, person.id, course.id)
                pages.append(f"/courses/{course.slug}")
                keys = db.scalars(
                    select(LessonVersion.key).where(LessonVersion.course_version_id == course.published_version_id)
                )
                pages += [f"/learn/{course.slug}/{key}" for key in keys]
        server.start()
        found = []
        for width in (360, 1280):
            screen = Screen(chromium, server.url, width, "ca-ke")
            screen.sign_in("hocvien", factories.PASSWORD)
            screen.page.wait_for_url(lambda url: "/sign-in" not in url)
            for address in pages:
                screen.page.goto(address)
                screen.picture("bai")
                found += [f"{width} px {address}: {fault}" for fault in screen.judged("body")]
            screen.close()
        server.stop()
    print(f"\n{len(titles)} courses, {len(pages)} pages, loaded in {took_s:.1f} s; axe finds {len(found)}")
    assert not found, "\n".join(found)
