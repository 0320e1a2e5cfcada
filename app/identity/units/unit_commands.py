"""`units tree`, `units history` and `units import`: the units of any day, for terminals and scripts."""

import argparse
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import Session
from app.core.errors import CommandFailed, Invalid
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.identity.models import Unit
from app.identity.units.reorganising import carry_out, preview
from app.identity.units.unit_history import Relation, UnitHistory, history
from app.identity.units.unit_list import COLUMNS, lines_of_file, lines_of_text, wish_of
from app.identity.units.unit_pages import KIND_NAMES
from app.identity.units.unit_queries import UnitNode, UnitOnDay, bearers_of, count_by_kind, first_day, tree_on
from app.identity.units.unit_timeline import stretch, timeline
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    units = commands.add_parser("units", help="đơn vị: cây theo ngày, lịch sử / units: tree of a day, history")
    verbs = units.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    tree = verbs.add_parser("tree", help="cây đơn vị của một ngày / the tree of units on a day")
    tree.set_defaults(func=_tree)
    story = verbs.add_parser(
        "history",
        help="lịch sử của đơn vị mang một mã vào một ngày / history of the unit that bears a code on a day",
        epilog="valid_to là ngày đầu tiên hết hiệu lực. / valid_to is exclusive: the first day no more in force.",
    )
    story.add_argument("code", metavar="MÃ/CODE", help="mã đơn vị / unit code")
    story.set_defaults(func=_history)
    load = verbs.add_parser(
        "import",
        help="lập nhiều đơn vị từ tệp XLSX hoặc CSV / found units from an XLSX or CSV file",
        epilog="cột / columns: " + ", ".join(COLUMNS),
    )
    load.add_argument("file", type=Path, metavar="TỆP/FILE")
    load.add_argument("--on", metavar="NGÀY/DATE", default="", help="ngày hiệu lực; mặc định hôm nay / default today")
    load.add_argument("--decision", metavar="SỐ/NUMBER", required=True, help="số quyết định / number of the decision")
    load.add_argument("--dry-run", action="store_true", help="chỉ kiểm tra / only check")
    load.set_defaults(func=_import)
    for verb in (tree, story):
        verb.add_argument(
            "--on", metavar="NGÀY/DATE", default="", help="2025-07-01 hoặc 01/07/2025; mặc định hôm nay / default today"
        )
        verb.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")


def _tree(args: argparse.Namespace, runtime: Runtime) -> int:
    day = _day(args.on)
    with runtime.database.reading() as db:
        nodes = tree_on(db, day)
        if not nodes:
            raise _nothing_yet(db)
    if args.json:
        _print_json(tree_as_json(nodes, day))
    else:
        print(_("Đơn vị ngày %(day)s", day=format_date(day)))
        _print_branches(nodes, 0)
    return 0


def _history(args: argparse.Namespace, runtime: Runtime) -> int:
    day = _day(args.on)
    with runtime.database.reading() as db:
        found, began = history(db, args.code, day), first_day(db)
        if found is None:
            raise _no_such_unit(db, args.code, day)
    if args.json:
        _print_json(history_as_json(found))
    else:
        _print_history(found, began)
    return 0


def _import(args: argparse.Namespace, runtime: Runtime) -> int:
    day = _day(args.on)
    try:
        lines = lines_of_text(lines_of_file(args.file.read_bytes(), args.file.name))
        with runtime.database.writing() as db:
            names = {kind: str(name) for kind, name in KIND_NAMES.items()}
            wish, problems = wish_of(db, lines, day, db.scalars(select(Unit.id)), names)
            problems = problems if wish is None else list(preview(db, wish, day).problems)
            if wish is not None and not problems and not args.dry_run:
                carry_out(db, wish, day, args.decision, account_id=None)
    except OSError as error:
        raise CommandFailed(_("Không đọc được tệp: %(reason)s"), reason=error.strerror or "") from error
    except Invalid as error:
        raise CommandFailed(error.message) from error
    if problems:
        raise CommandFailed("\n".join(problems))
    said = _("%(count)s đơn vị lập được.") if args.dry_run else _("Đã lập %(count)s đơn vị.")
    print(said % {"count": len(lines)})
    return 0


def tree_as_json(nodes: Sequence[UnitNode], day: date) -> dict[str, Any]:
    """The stable document of `units tree --json`."""
    by_kind = count_by_kind(nodes)
    return {
        "on": day.isoformat(),
        "units": sum(by_kind.values()),
        "by_kind": by_kind,
        "tree": [_node_as_json(node) for node in nodes],
    }


def history_as_json(found: UnitHistory) -> dict[str, Any]:
    """The stable document of `units history --json`; dates are ISO, `valid_to` is the first day no longer in force."""
    unit = found.unit
    return {
        "code": unit.code,
        "on": found.on.isoformat(),
        "unit": {
            "key": unit.key,
            "code": unit.code,
            "name": unit.name,
            "kind": unit.kind,
            "type": unit.type_name,
            "former_province_code": unit.former_province_code,
            "parent": _unit_as_json(found.parent),
        },
        "versions": [
            {
                "code": version.unit.code,
                "name": version.unit.name,
                "type": version.unit.type_name,
                "parent": _unit_as_json(version.parent),
                **_validity(version.unit),
                "resolution": version.resolution,
            }
            for version in found.versions
        ],
        "predecessors": [_relation_as_json(relation) for relation in found.predecessors],
        "successors": [_relation_as_json(relation) for relation in found.successors],
        "other_bearers_of_code": [
            {"key": bearer.key, "name": bearer.name, **_validity(bearer)} for bearer in found.other_bearers
        ],
    }


def _node_as_json(node: UnitNode) -> dict[str, Any]:
    return {
        "code": node.unit.code,
        "name": node.unit.name,
        "kind": node.unit.kind,
        "type": node.unit.type_name,
        "former_province_code": node.unit.former_province_code,
        "children": [_node_as_json(child) for child in node.children],
    }


def _relation_as_json(relation: Relation) -> dict[str, Any]:
    return {
        "key": relation.unit.key,
        "code": relation.unit.code,
        "name": relation.unit.name,
        "district": relation.district or None,
        "on": relation.on.isoformat(),
        "flags": list(relation.flags),
        "resolution": relation.resolution,
        "confidence": relation.confidence,
    }


def _unit_as_json(unit: UnitOnDay | None) -> dict[str, str] | None:
    return {"code": unit.code, "name": unit.name} if unit else None


def _validity(unit: UnitOnDay) -> dict[str, str | None]:
    until = unit.valid_to.isoformat() if unit.valid_to else None
    return {"valid_from": unit.valid_from.isoformat(), "valid_to": until}


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _print_branches(nodes: Sequence[UnitNode], depth: int) -> None:
    for node in nodes:
        below = sum(node.below.values())
        print("  " * depth + f"{node.unit.name} [{node.unit.code}]" + (f" ({below})" if below else ""))
        _print_branches(node.children, depth + 1)


def _print_history(found: UnitHistory, began: date | None) -> None:
    print(f"{found.unit.name} [{found.unit.code}]" + (f", {found.parent.name}" if found.parent else ""))
    for moment in timeline(found, began):
        print(f"  {moment.at}: {moment.title}. {moment.text}".rstrip())
    for title, relations in ((_("Hình thành từ hoặc nhận thêm"), found.predecessors), (_("Đi vào"), found.successors)):
        if relations:
            print(f"{title}:")
        for relation in relations:
            place = f", {relation.parent.name}" if relation.parent else ""
            doubt = f" ({relation.doubt})" if relation.doubt else ""
            name = f"{relation.unit.name} [{relation.unit.code}]{place}"
            print(f"  {format_date(relation.on)}: {name}: {relation.words}{doubt}")
    if found.other_bearers:
        print(_("Vào thời gian khác, mã này là của:"))
    for bearer in found.other_bearers:
        print(f"  {bearer.name}, {stretch(bearer.valid_from, bearer.last_day)}")


def _day(text: str) -> date:
    day = clock.parse_day(text) if text else clock.today()
    if day is None:
        raise CommandFailed(_("“%(typed)s” không phải là ngày. Ví dụ đúng: 2025-07-01 hoặc 01/07/2025."), typed=text)
    return day


def _nothing_yet(db: Session) -> CommandFailed:
    began = first_day(db)
    if began is None:
        return CommandFailed(_("Chưa có đơn vị nào. Hãy chạy: python -m app seed"))
    return CommandFailed(_("Bảng đơn vị bắt đầu từ ngày %(day)s."), day=format_date(began))


def _no_such_unit(db: Session, code: str, day: date) -> CommandFailed:
    details = [f"  {bearer.name}, {stretch(bearer.valid_from, bearer.last_day)}" for bearer in bearers_of(db, code)]
    if not details:
        return CommandFailed(_("Chưa đơn vị nào mang mã %(code)s."), code=code)
    return CommandFailed(
        _("Ngày %(day)s không có đơn vị nào mang mã %(code)s. Vào thời gian khác, mã này là của:"),
        details,
        day=format_date(day),
        code=code,
    )
