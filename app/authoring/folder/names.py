"""The names files and keys of a course must have."""

import re

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MODULE_FOLDER = re.compile(r"\d\d-[a-z0-9]+(?:-[a-z0-9]+)*")
LESSON_STEM = re.compile(r"\d\d-[a-z0-9]+(?:-[a-z0-9]+)*")
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
COURSE_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")
TAG = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
QUESTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LANGUAGE = re.compile(r"[a-z]{2}")

# A lesson in another language, the same read aloud: 01-ten-bai.en.md, 01-ten-bai.nut.mp3.
TRANSLATION = re.compile(r"(?P<stem>[^.]+)\.(?P<language>[^.]+)\.md")
RECORDING = re.compile(r"(?P<stem>\d\d-[^.]+)\.(?P<language>[a-z]{2,3})\.(?:mp3|m4a)")

MANIFEST = "course.yaml"
LESSON_ENDING = ".md"
QUIZ_ENDING = ".quiz.yaml"
SLIDES_ENDING = ".slides.yaml"
TYPST_ENDING = ".typ"
CAPTION_ENDING = ".vtt"
LONGEST_SLUG = 80
# Pages beside the courses under /studio.
TAKEN_SLUGS = frozenset({"banks", "library", "new", "upload"})
LONGEST_FILE_NAME = 120
LONGEST_TITLE = 200


def is_lesson_key(key: str, course_code: str) -> bool:
    """Keys follow the outline: course code, module, lesson, as KH04.1.2."""
    return re.fullmatch(rf"{re.escape(course_code)}\.\d{{1,2}}\.\d{{1,3}}", key) is not None
