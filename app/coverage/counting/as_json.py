"""The document `coverage show --json` prints and the page hands to programs (DESIGN 5)."""

from typing import Any

from app.coverage.counting.figures import Figure


def as_json(found: Figure, *, children: bool = True) -> dict[str, Any]:
    """The shape of a computed figure is fixed. What is not computed says so in three more keys: `figure_source`,
    `declared` (what was entered, by whom, from which document; None so far) and `estimate`."""
    target, denominator = found.target, found.denominator
    document: dict[str, Any] = {
        "indicator": found.definition.code, "version": found.definition.number,
        "unit": found.unit_code, "unit_name": found.unit_name,
        "on": found.on.isoformat(), "map": found.map_on.isoformat(),
        "known_at": found.known_at.isoformat() if found.known_at else None, "period": found.period.code,
        "output": {"people": found.output},
        "coverage": {"numerator": found.numerator, "denominator": denominator.value, "ratio": found.ratio},
        "denominator": {
            "kind": denominator.kind, "as_of": denominator.as_of.isoformat() if denominator.as_of else None,
            "recorded_at": denominator.recorded_at.isoformat() if denominator.recorded_at else None,
            "source": denominator.source, "text": denominator.text,
        },
        "target": {"year": target.year, "operator": target.operator, "value": target.value} if target else None,
        "met": found.met, "flags": list(found.flags), "group": list(found.group),
    }  # fmt: skip
    if not found.definition.is_computed:
        document |= {
            "figure_source": found.definition.figure_source, "declared": _declared(found), "estimate": found.estimate,
        }  # fmt: skip
    if children:
        document["children"] = [as_json(child, children=False) for child in found.children]
    return document


def _declared(found: Figure) -> dict[str, Any] | None:
    declared = found.declared
    if declared is None:
        return None
    return {
        "value": declared.value, "as_of": declared.as_of.isoformat(), "recorded_at": declared.recorded_at.isoformat(),
        "source": declared.source, "how": declared.how,
    }  # fmt: skip
