"""A question of every kind: the examples of docs/questions.md, as a quiz file has them."""

import re
from pathlib import Path
from typing import Any

import yaml

_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
_EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# By kind.
SAMPLES: dict[str, dict[str, Any]] = {
    question["kind"]: question
    for example in _EXAMPLE.findall(_DOCUMENT.read_text(encoding="utf-8"))
    if (question := yaml.safe_load(example))
}
