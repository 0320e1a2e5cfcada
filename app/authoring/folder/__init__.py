"""The courses/ folder in and out (docs/courses-format.md)."""

from app.authoring.folder.loading import load_course, load_starter_courses
from app.authoring.folder.problems import CourseProblems, Problem
from app.authoring.folder.quality import weaknesses
from app.authoring.folder.reading import read_course
from app.authoring.folder.writing import export_course

__all__ = [
    "CourseProblems", "Problem", "export_course", "load_course", "load_starter_courses", "read_course", "weaknesses",
]  # fmt: skip
