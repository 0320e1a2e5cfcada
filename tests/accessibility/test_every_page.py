"""axe and pa11y find nothing on any page, light on a desktop and dark on a phone (WCAG 2.2 AA)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import events, limiting
from app.core.settings import Settings, get_settings
from app.main import HANDLERS
from tests.accessibility.site import Site, look
from tests.seeded import SeededFile


@pytest.fixture
def site(tmp_path: Path, seeded_file: SeededFile, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with seeded_file.copied(tmp_path) as url:
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        get_settings.cache_clear()
        events.wire(HANDLERS)
        limiting.forget_all()
        settings = Settings(
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=0, demo=True
        )
        site = Site(settings)
        site.start()
        yield site
        site.stop()
    get_settings.cache_clear()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_no_page_shuts_anybody_out(site: Site, theme: str, width: int) -> None:
    visits = site.visits()
    assert len(visits) > 50
    found = look(site, visits, width=width, theme=theme)
    assert not found, "\n".join(f"{page}\n  " + "\n  ".join(issues) for page, issues in found.items())
