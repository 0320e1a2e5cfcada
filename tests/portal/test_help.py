"""The help page leads everybody to what they may do, and nobody to what they may not."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.browser import Browser

OWN = {"/account/second-factor", "/account/shared-phone", "/my/data"}
MANAGER = OWN | {"/people", "/people/new", "/people/slips", "/people/duplicates"}
ADMIN = MANAGER | {"/people/imports", "/units/acts"}


def links(page: str) -> set[str]:
    return set(re.findall(r'<h3><a href="([^"]+)"', page))


@pytest.mark.parametrize(
    ("role", "shown"),
    [(None, OWN), ("author", OWN), ("unit_manager", MANAGER), ("province_admin", ADMIN)],
    ids=["learner", "author", "manager", "administrator"],
)
def test_every_link_shown_opens(
    db: Session, new_browser: Callable[[], Browser], role: str | None, shown: set[str]
) -> None:
    at = "24" if role == "province_admin" else factories.BAC_GIANG
    factories.account(db, username="nguoidoc", role=role, at=at)
    db.commit()
    reader = new_browser().sign_in("nguoidoc")
    found = links(reader.get("/help").text)
    assert found == shown
    assert {url: reader.get(url).status_code for url in found} == dict.fromkeys(found, 200)


def test_who_is_not_signed_in_is_led_to_no_account(browser: Browser) -> None:
    assert links(browser.get("/help").text) == set()
