"""The files that documents name are there: a renamed module takes its mention along."""

import re

import pytest

from app.core.settings import ROOT

DOCUMENTS = ("README.md", "README.en.md", "docs/architecture.md", "docs/coverage.md", "docs/licences.md")
_CODE = re.compile(r"`([\w./*-]+\.(?:py|csv|yaml|toml|lock|js|md|txt|html)|[\w./-]+/)`")
_LINK = re.compile(r"\]\(((?!https?://|#)[^)#]+)")
# Made by running, or an example that a reader makes.
_NOT_KEPT = ("var/", "media/", "docs/performance.md")


def named_files(document: str) -> set[str]:
    """Paths in code marks and links; a path of the code may leave out `app/`."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blockless = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    linked = {str((ROOT / document).parent / path) for path in _LINK.findall(blockless)}
    return linked | set(_CODE.findall(blockless))


def is_there(path: str) -> bool:
    if path.startswith(str(ROOT)):
        path = path.removeprefix(f"{ROOT}/")
    if path.startswith(_NOT_KEPT):
        return True
    return any(next(folder.glob(path.rstrip("/")), None) for folder in (ROOT, ROOT / "app"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_a_document_names_exist(document: str) -> None:
    named = named_files(document)
    assert named, f"{document} names no file at all: the pattern must have gone wrong"
    assert sorted(path for path in named if not is_there(path)) == []
