"""What is wrong in a course folder: which file, which line, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.core.errors import Invalid
from app.core.i18n import lazy as _


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend. `file` is relative to the course folder, with slashes; `line` counts from 1.

    `rule`: which one was broken, as mending.ADVICE names it; empty for what keeps a folder from being read.
    """

    file: str
    line: int
    message: str
    rule: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class CourseProblems(Invalid):
    """The folder cannot be loaded; `problems` are in the order of files and lines."""

    title = _("Thư mục khóa học chưa dùng được")

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("Khóa học có %(count)s chỗ cần sửa."), count=len(problems))
        self.problems = sorted(set(problems))


class Findings:
    """Collects problems while a folder is read, so that its author sees all of them at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._rule = ""

    def under(self, rule: str) -> "Findings":
        """The same; what is added from here on breaks this rule."""
        self._rule = rule
        return self

    def add(self, file: str, line: int, message: str) -> None:
        self.problems.append(Problem(file, line, message, self._rule))
