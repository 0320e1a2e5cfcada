"""Every template compiles, and none holds what the content-security policy forbids."""

import re

import pytest

from app.core.settings import ROOT
from app.core.templating import environment

TEMPLATES = sorted(
    str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html") if path.is_file()
)
_FORBIDDEN = re.compile(r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|<style|<script(?![^>]*\ssrc=)|javascript:""", re.I)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name: str) -> None:
    environment().get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_nothing_inline(name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    assert not _FORBIDDEN.search(source), f"{name}: {_FORBIDDEN.search(source)}"
