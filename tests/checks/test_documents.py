"""Documents that are made from the code say what the code says."""

from app.admin.configuration_doc import configuration_markdown
from app.core.settings import ROOT


def test_configuration_document_is_the_one_the_settings_make() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == configuration_markdown(), (
        "run `make docs`"
    )
