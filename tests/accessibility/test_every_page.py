"""axe and pa11y find nothing on any page, light on a desktop and dark on a phone (WCAG 2.2 AA).

Every day axe looks at each page in one of the two views, which share all their parts, and HTML_CodeSniffer at every
fourth; `make proof` looks with both in both.
"""

import os
from collections.abc import Iterator
from zlib import crc32

import pytest

from app.core import events, limiting
from app.core.settings import Settings, get_settings
from app.main import HANDLERS
from tests.accessibility.site import Site, Visit, look
from tests.seeded import SeededFile

# Both views look at one site: it is built, and its pages are found, once.
pytestmark = pytest.mark.xdist_group("accessibility")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, seeded_file: SeededFile) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as environment, seeded_file.copied(folder) as url:
        environment.setenv("DATA_DIR", str(folder))
        get_settings.cache_clear()
        events.wire(HANDLERS)
        limiting.forget_all()
        chosen = Settings(data_dir=folder, database_url=url, media_url=f"file://{folder}/media", workers=0, demo=True)
        site = Site(chosen.model_copy(update={"courses_dir": folder / "courses"}))
        site.start()
        yield site
        site.stop()
    get_settings.cache_clear()


VIEWS = [("light", 1280), ("dark", 360)]
IN_BOTH = "EVERY_VIEW" in os.environ


def judges(visit: Visit) -> list[str]:
    # Not by the bit that chooses the view.
    return ["axe", "htmlcs"] if IN_BOTH or crc32(visit.name.encode()) // len(VIEWS) % 4 == 0 else ["axe"]


@pytest.mark.parametrize(("theme", "width"), VIEWS)
def test_no_page_shuts_anybody_out(site: Site, theme: str, width: int) -> None:
    turn = VIEWS.index((theme, width))
    visits = [one for one in site.visits if IN_BOTH or crc32(one.name.encode()) % len(VIEWS) == turn]
    assert len(visits) > 50
    found = look(site, visits, width=width, theme=theme, judges=judges)
    assert not found, "\n".join(f"{page}\n  " + "\n  ".join(issues) for page, issues in found.items())
