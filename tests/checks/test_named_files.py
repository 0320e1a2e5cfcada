"""The files that documents name are there: a renamed module takes its mention along."""

import re
from pathlib import Path

import pytest

from app.core.settings import ROOT

DOCUMENTS = (
    "README.md",
    "README.en.md",
    "docs/architecture.md",
    "docs/coverage.md",
    "docs/licences.md",
    "docs/operations.md",
    "docs/performance.md",
)
_CODE = re.compile(r"`([\w./*-]+\.(?:py|csv|yaml|toml|lock|js|md|txt|html)|[\w./-]+/)`")
_LINK = re.compile(r"\]\(((?!https?://|#)[^)#]+)")
_MADE_BY_RUNNING = {"var/", ".cache/"}


def named_files(document: str) -> set[str]:
    """Paths in code marks and links; a path of the code may leave out `app/`, a bare name the folder of its domain."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blockless = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    linked = {str((ROOT / document).parent / path) for path in _LINK.findall(blockless)}
    return linked | set(_CODE.findall(blockless))


def is_there(path: str) -> bool:
    if path in _MADE_BY_RUNNING:
        return True
    if path.startswith("/"):
        return Path(path).exists()
    pattern = path.rstrip("/")
    tries = [(ROOT, pattern), (ROOT / "app", pattern)]
    if "/" not in pattern:
        tries += [(ROOT / folder, f"**/{pattern}") for folder in ("app", "tests", "courses")]
    return any(next(folder.glob(wanted), None) for folder, wanted in tries)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_a_document_names_exist(document: str) -> None:
    named = named_files(document)
    assert named, f"{document} names no file at all: the pattern must have gone wrong"
    assert sorted(path for path in named if not is_there(path)) == []
