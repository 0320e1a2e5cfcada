"""Every template compiles, and none holds what the content-security policy forbids."""

import re

import pytest
from jinja2.meta import find_referenced_templates
from jinja2.nodes import Call, Const

from app.core.settings import ROOT
from app.core.templating import environment

TEMPLATES = sorted(
    str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html") if path.is_file()
)
_ASKS = re.compile(r"\bhx-(?:get|post|put|patch|delete)\b")
_FORBIDDEN = re.compile(r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|<style|<script(?![^>]*\ssrc=)|javascript:""", re.I)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name: str) -> None:
    environment().get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_nothing_inline(name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    assert not _FORBIDDEN.search(source), f"{name}: {_FORBIDDEN.search(source)}"


def _is_asking(name: str) -> bool:
    """Whether a template, or one it takes in, has an attribute for htmx. The macros get theirs from the page."""
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    tree = environment().parse(source)
    taken = (call.args[0] for call in tree.find_all(Call) if getattr(call.node, "name", "") == "macros")
    parts = [*find_referenced_templates(tree), *(name.value for name in taken if isinstance(name, Const))]
    return bool(_ASKS.search(source)) or any(_is_asking(part) for part in parts if part and not part.startswith("ui/"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_page_brings_htmx_exactly_where_it_uses_it(name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    if '{% extends "base.html" %}' in source:
        assert _is_asking(name) == ("ui.htmx(" in source)
