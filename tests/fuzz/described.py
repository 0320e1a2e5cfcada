"""The application's own description of its routes, with what people put into its forms (tests/access/declarations.py).

Alone it knows that a field holds a text, not which texts mean something, and nothing of forms that are read by hand.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import schemathesis
from schemathesis.schemas import BaseSchema

from app.learning.api import ProgressBody
from tests.access.declarations import DECLARED, Declared
from tests.access.stage import Stage
from tests.access.world import World

TEXT = {"type": "string"}
_FORM, _UPLOAD, _JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"


def described(stage: Stage) -> BaseSchema:
    """Every declared route, ready to be asked anything that fits its description, or does not."""
    known = stage.app.openapi()
    paths: dict[str, Any] = {}
    for declared in DECLARED:
        operations = paths.setdefault(declared.path, {})
        method = declared.method.lower()
        given = known["paths"].get(declared.path, {}).get(method, {})
        operation = operations.setdefault(method, {"responses": {"default": {"description": "any"}}, **given})
        operation.pop("operationId", None)
        if declared.is_unsafe:
            _know_body(operation, declared, stage.world, known["components"]["schemas"])
    return schemathesis.openapi.from_dict(
        {"openapi": "3.1.0", "info": known["info"], "paths": paths, "components": known["components"]},
        config=schemathesis.Config(),
    )


def names_in(declared: Declared, world: World) -> dict[str, str]:
    """What stands in the declared address in the places of its path: `{"slug": "khoa-thu"}`."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(declared.path))
    found = re.fullmatch(pattern, world.fill(declared.url).partition("?")[0])
    assert found is not None, declared
    return found.groupdict()


def _know_body(operation: dict[str, Any], declared: Declared, world: World, schemas: Mapping[str, Any]) -> None:
    if declared.json is not None:
        schema = msgspec.json.schema(ProgressBody)
        content = {_JSON: schema["$defs"]["ProgressBody"]}
        values: Mapping[str, Any] = {
            name: world.fill(value) if isinstance(value, str) else value for name, value in declared.json.items()
        }
    else:
        content = {kind: body["schema"] for kind, body in operation.get("requestBody", {}).get("content", {}).items()}
        if not content and (declared.form or declared.files):
            content = {_UPLOAD if declared.files else _FORM: {"type": "object", "properties": {}}}
        values = {name: world.fill(value) for name, value in declared.form.items()}
    for schema in content.values():
        if name := schema.pop("$ref", "").rpartition("/")[2]:
            schema |= msgspec.json.decode(msgspec.json.encode(schemas[name]))
        for field, value in values.items():
            schema["properties"][field] = _or_known(schema["properties"].get(field, TEXT), [value])
        for field in declared.files:
            schema["properties"][field] = {"type": "string", "format": "binary"}
    if content:
        operation["requestBody"] = {"content": {kind: {"schema": schema} for kind, schema in content.items()}}


def _or_known(schema: dict[str, Any], values: Iterable[object]) -> dict[str, Any]:
    others = schema.get("anyOf", [schema])
    return {"anyOf": [{"enum": list(values)}, *others]}
