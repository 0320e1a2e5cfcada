"""YAML that remembers its lines: plain data only, no anchors, no repeated keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from app.authoring.folder.problems import Findings
from app.core.i18n import gettext as _

# libyaml reads a course in a thirtieth of the time; its composer falls over deep nesting, so depth is looked at first.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A course has five or six levels. The parser looks at every open bracket again for each new one: five thousand of them,
# one short line, kept a processor busy for ten seconds.
_DEEPEST = 50


@dataclass(frozen=True)
class Node:
    """A value and the line it begins on: a dict of nodes, a list of nodes, or a plain value with its `raw` text."""

    value: Any
    line: int
    raw: str = ""

    @property
    def text(self) -> str | None:
        """The value as text, numbers and dates as they were written; None for lists, maps and nothing."""
        if self.value is None or isinstance(self.value, dict | list):
            return None
        return self.raw.strip()


class YamlProblem(Exception):
    """The text is no YAML we take."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_yaml(text: str, first_line: int = 1) -> Node:
    """The tree of nodes; `first_line` is where the text begins in its file. Raises YamlProblem with the line."""
    shift = first_line - 1
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            line = (event.start_mark.line if event.start_mark else 0) + 1 + shift
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            # An alias can make a small file swell without end; nobody needs one in a course.
            if isinstance(event, yaml.AliasEvent):
                raise YamlProblem(line, _("Không dùng neo (&) và tham chiếu (*) của YAML ở đây."))
            if depth > _DEEPEST:
                raise YamlProblem(line, _("YAML lồng quá sâu: nhiều nhất %(depth)s cấp.", depth=_DEEPEST))
        root = yaml.compose(text, Loader=_LOADER)
        return Node(None, first_line) if root is None else _node(root, shift)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise YamlProblem(
            line + shift, _("YAML sai cú pháp: %(reason)s.", reason=error.problem or error.context)
        ) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise YamlProblem(first_line, _("YAML sai cú pháp: %(reason)s.", reason=str(error).splitlines()[0])) from error


def _node(node: yaml.Node, shift: int) -> Node:
    line = node.start_mark.line + 1 + shift
    if isinstance(node, yaml.MappingNode):
        return Node(_mapping(node, shift), line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(child, shift) for child in node.value], line)
    try:
        return Node(SafeConstructor().construct_object(node), line, node.value)
    except ValueError as error:
        raise YamlProblem(
            line, _("Giá trị “%(value)s” không đọc được; hãy đặt trong dấu nháy.", value=node.value)
        ) from error


def _mapping(node: yaml.MappingNode, shift: int) -> dict[str, Node]:
    children: dict[str, Node] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1 + shift
        if not isinstance(key, yaml.ScalarNode):
            raise YamlProblem(line, _("Tên trường phải là một từ."))
        if key.value in children:
            raise YamlProblem(line, _("Trường “%(name)s” xuất hiện hai lần.", name=key.value))
        children[key.value] = _node(value, shift)
    return children


class Fields:
    """The fields of one map, taken by name and kind; whatever does not fit is added to the findings with its line."""

    def __init__(self, node: Node, file: str, findings: Findings, known: tuple[str, ...]) -> None:
        self.file = file
        self.line = node.line
        self.findings = findings
        self.children: dict[str, Node] = {}
        if not isinstance(node.value, dict):
            self.complain(_("Chỗ này phải là các dòng “tên: giá trị”, gồm: %(names)s.", names=", ".join(known)))
            return
        self.children = node.value
        for name, child in self.children.items():
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = (
                    _("Có phải “%(name)s”?", name=near[0])
                    if near
                    else _("Các trường có thể dùng: %(names)s.", names=", ".join(known))
                )
                self.complain(_("Trường lạ “%(name)s”. %(hint)s", name=name, hint=hint), child.line)

    def complain(self, message: str, line: int | None = None) -> None:
        self.findings.add(self.file, line or self.line, message)

    def line_of(self, name: str) -> int:
        return self.children[name].line if name in self.children else self.line

    def has(self, name: str) -> bool:
        return name in self.children and self.children[name].value is not None

    def text(self, name: str, *, required: bool = True, longest: int = 200, default: str = "") -> str:
        """One line or paragraph of text; `default` when it is missing."""
        text = self._child(name, required).text
        if text is None or not text:
            if self.has(name):
                self.complain(_("Trường “%(name)s” phải là một dòng chữ.", name=name), self.line_of(name))
            return default
        if len(text) > longest:
            self.complain(_("Trường “%(name)s” dài quá %(limit)s ký tự.", name=name, limit=longest), self.line_of(name))
        return " ".join(text.split())

    def choice(self, name: str, choices: tuple[str, ...], *, required: bool = True) -> str:
        """One of the words; the first of them when it is missing or none of them."""
        text = self.text(name, required=required)
        if text and text not in choices:
            self.complain(
                _("Trường “%(name)s” phải là một trong: %(choices)s.", name=name, choices=", ".join(choices)),
                self.line_of(name),
            )
        return text if text in choices else choices[0]

    def number(self, name: str, least: float, most: float, *, whole: bool = False) -> float:
        """A number within bounds; `least` when it is missing or wrong."""
        value = self._child(name, True).value
        if value is None:
            return least
        right_kind = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right_kind or not least <= value <= most:
            kind = _("số nguyên") if whole else _("số (dấu thập phân là dấu chấm)")
            self.complain(
                _(
                    "Trường “%(name)s” phải là %(kind)s từ %(least)s đến %(most)s.",
                    name=name,
                    kind=kind,
                    least=least,
                    most=most,
                ),
                self.line_of(name),
            )
            return least
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """true or false."""
        value = self._child(name, False).value
        if value is None:
            return default
        if not isinstance(value, bool):
            self.complain(_("Trường “%(name)s” phải là true hoặc false.", name=name), self.line_of(name))
            return default
        return value

    def texts(self, name: str, *, required: bool = True) -> tuple[tuple[str, int], ...]:
        """A list of texts, each with its line."""
        found = []
        for item in self.items(name, required=required):
            if item.text:
                found.append((" ".join(item.text.split()), item.line))
            else:
                self.complain(_("Mỗi mục của “%(name)s” phải là một dòng chữ.", name=name), item.line)
        return tuple(found)

    def items(self, name: str, *, required: bool = True) -> Iterator[Node]:
        """The nodes of a list, at least one if required."""
        child = self._child(name, required)
        if child.value is None:
            return
        if not isinstance(child.value, list):
            self.complain(
                _("Trường “%(name)s” phải là một danh sách (các dòng bắt đầu bằng “- ”).", name=name), child.line
            )
            return
        if required and not child.value:
            self.complain(_("Danh sách “%(name)s” đang trống.", name=name), child.line)
        yield from child.value

    def _child(self, name: str, required: bool) -> Node:
        child = self.children.get(name, Node(None, self.line))
        if required and child.value is None:
            self.complain(_("Thiếu trường “%(name)s”.", name=name), child.line)
        return child
