"""A course of one lesson with an author, two learners of one ward and its manager."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.catalogue.service import publish, save_version
from app.core.storage import Storage
from app.learning.service import enrol
from tests import factories
from tests.browser import Browser
from tests.catalogue import making

PLACE = "/learn/khoa-thu/THU.1.1"


@pytest.fixture
def people(db: Session, storage: Storage, new_browser: Callable[[], Browser]) -> dict[str, Browser]:
    """Browsers of hanh and binh (learners), quanly (their manager), tacgia (author), noikhac (not enrolled)."""
    province = factories.unit_id(db, "24")
    author = factories.account(db, username="tacgia", role="author", at="24")
    course = making.course(making.lesson("THU.1.1"), slug="khoa-thu", code="THU", access="assigned")
    version = publish(db, save_version(db, storage, course, province, author.id), None)
    for username, name in (("hanh", "Nguyễn Thị Hạnh"), ("binh", "Trần Văn Bình")):
        enrol(db, factories.civil_servant(db, username, name=name).person_id, version.course_id)
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    factories.account(db, username="quanlykhac", role="unit_manager", at="07681")
    factories.civil_servant(db, "noikhac")
    db.commit()
    names = ("hanh", "binh", "quanly", "quanlykhac", "tacgia", "noikhac")
    return {name: new_browser().sign_in(name) for name in names}
