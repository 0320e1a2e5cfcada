"""Which fields a question may have and what each must be: one table a kind, read by quiz files and imports alike.

A shape is a Leaf; [shape] for a list; {"name": shape} for a map, with the name ANY for names of the author's own; or
(leaf, map) where a plain value may stand for the map.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

from app.core.i18n import gettext as _

ANY = "*"


@dataclass(frozen=True)
class Leaf:
    """A plain value. `kind`: text, number, flag (true or false), value (any of these)."""

    kind: str
    longest: int = 0


Shape: TypeAlias = "Leaf | list[Shape] | dict[str, Shape] | tuple[Leaf, dict[str, Shape]]"

TEXT, LONG_TEXT = Leaf("text", 500), Leaf("text", 2000)
NUMBER, FLAG, VALUE = Leaf("number"), Leaf("flag"), Leaf("value")

OPTIONS: Shape = [{"text": TEXT, "right": FLAG, "feedback": TEXT}]
# A text that is right, alone or with the share of the point it earns.
ACCEPTED: Shape = [(TEXT, {"text": TEXT, "credit": NUMBER})]
COMMON: dict[str, Shape] = {
    "id": TEXT, "kind": TEXT, "text": LONG_TEXT, "explanation": LONG_TEXT, "points": NUMBER, "topic": TEXT,
    "difficulty": NUMBER, "skill": TEXT,
}  # fmt: skip


def faults(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """What does not fit, in sentences that name the field: “pairs[2].left”."""
    match shape:
        case Leaf():
            yield from _leaf_faults(value, shape, path)
        case (leaf, fields):
            yield from faults(value, fields if isinstance(value, Mapping) else leaf, path)
        case list():
            if not isinstance(value, list):
                yield _("Trường “%(name)s” phải là một danh sách.", name=path)
                return
            for place, one in enumerate(value, start=1):
                yield from faults(one, shape[0], f"{path}[{place}]")
        case dict():
            if not isinstance(value, Mapping):
                yield _("Trường “%(name)s” phải gồm các dòng “tên: giá trị”.", name=path)
                return
            for name, one in value.items():
                here = f"{path}.{name}" if path else str(name)
                if (inner := shape.get(str(name), shape.get(ANY))) is None:
                    yield _("Trường lạ “%(name)s”.", name=here)
                else:
                    yield from faults(one, inner, here)


def _leaf_faults(value: Any, leaf: Leaf, path: str) -> Iterator[str]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if leaf.kind == "text" and not isinstance(value, str):
        yield _("Trường “%(name)s” phải là chữ.", name=path)
    elif leaf.kind == "text" and len(value) > leaf.longest:
        yield _("Trường “%(name)s” dài quá %(limit)s ký tự.", name=path, limit=leaf.longest)
    elif leaf.kind == "flag" and not isinstance(value, bool):
        yield _("Trường “%(name)s” phải là true hoặc false.", name=path)
    elif leaf.kind == "number" and not is_number:
        yield _("Trường “%(name)s” phải là số (dấu thập phân là dấu chấm).", name=path)
    elif leaf.kind == "value" and not isinstance(value, str | int | float):
        yield _("Trường “%(name)s” phải là một giá trị.", name=path)
