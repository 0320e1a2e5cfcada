"""Whether a course is good to learn from: what `courses check` asks beyond what makes a folder loadable.

A CourseSource in, problems out; of files only their size is looked at. A province may load a course that falls short
here; it is told, not stopped.
The limits are ours, taken from the lessons of the first course and from how people read on a phone.
"""

import re
from collections.abc import Sequence

from app.authoring.folder import names
from app.authoring.folder.problems import Findings, Problem
from app.authoring.folder.translation_quality import translation_faults
from app.authoring.placeholders import placeholders_in
from app.catalogue.drawing import asked_count
from app.catalogue.embeds import USUAL, Site, framed, looks_like_a_video
from app.catalogue.laws import cited, law
from app.catalogue.lone_links import lone_link
from app.catalogue.markdown import media_kind, parse, references
from app.catalogue.outlines import module_outline
from app.catalogue.prose import count_words, paragraphs, sentences, words_of
from app.catalogue.source import CourseSource, LessonSource, ModuleSource
from app.core import clock
from app.core.i18n import gettext as _
from app.core.templating import format_date, format_filesize

LEAST_WORDS, MOST_WORDS = 400, 2000
# Nobody reads office prose faster than this on a phone; what the certificate calls hours must not be air either.
MOST_WORDS_A_MINUTE = 140
LONGEST_MEAN_WORDS = 18
LONGEST_SENTENCE_WORDS = 40
LEAST_ALT_LETTERS = 25
# Who downloads a document pays for every megabyte of it.
LARGEST_DOCUMENT_BYTES = 10 * 1024 * 1024
LEAST_EXPLANATION_WORDS = 5
LEAST_QUESTIONS = 5
LEAST_OBJECTIVES = 2
# The last quiz of a planned module asks over all of it, in several ways.
LEAST_MODULE_QUESTIONS, LEAST_MODULE_KINDS = 6, 3
HOURS_TOLERANCE = 0.15
# A sentence longer than this that comes twice was copied, not written.
COPIED_WORDS = 12


def weaknesses(courses: Sequence[CourseSource], sites: Sequence[Site] = USUAL) -> list[list[Problem]]:
    """For each course, in order, what to mend in it. Sentences are compared across all lessons of all the courses.

    `sites`: those whose videos may be embedded.
    """
    seen: dict[str, str] = {}
    return [_weaknesses_of(course, seen, sites) for course in courses]


def _weaknesses_of(course: CourseSource, seen: dict[str, str], sites: Sequence[Site]) -> list[Problem]:
    findings = Findings()
    _check_hours(course, findings.under("hours"))
    _check_completion(course, findings)
    objectives = " ".join(module.objective for module in course.modules)
    _check_written(f"{course.title} {course.summary} {objectives}", names.MANIFEST, 0, findings.under("written"))
    for module in course.modules:
        _check_outline(course, module, findings.under("outline"))
        if not module.lessons:
            # The page before publication says so by itself: there it is no advice but forbids.
            findings.under("empty").add(
                names.MANIFEST, 1, _("Học phần “%(dir)s” chưa có bài học nào.", dir=module.folder)
            )
        for lesson in module.lessons:
            file = f"{module.folder}/{lesson.stem}{names.LESSON_ENDING}"
            given = " ".join(f"{one.title} {one.ref}" for one in lesson.sources)
            said = f"{lesson.title} {lesson.role} {' '.join(lesson.objectives)} {given}"
            _check_written(said, file, 0, findings.under("written"))
            _check_written(lesson.markdown, file, lesson.front_matter.count("\n"), findings)
            _check_length(lesson, file, findings.under("length"))
            _check_sentences(course, lesson, file, findings, seen)
            _check_pictures(lesson, file, findings)
            _check_documents(lesson, module.folder, findings.under("weight"))
            _check_embeds(lesson, file, findings.under("embeds"), sites)
            _check_sources(lesson, file, findings.under("sources"))
            if len(lesson.objectives) < LEAST_OBJECTIVES:
                findings.under("objectives").add(
                    file, 1, _("Bài cần ít nhất %(least)s mục tiêu.", least=LEAST_OBJECTIVES)
                )
            _check_quiz(lesson, f"{module.folder}/{lesson.stem}", findings)
            _check_translations(lesson, f"{module.folder}/{lesson.stem}", findings.under("translation"))
    return sorted(findings.problems)


def _check_translations(lesson: LessonSource, base: str, findings: Findings) -> None:
    for one in lesson.translations:
        file = f"{base}.{one.language}{names.LESSON_ENDING}"
        for line, message in translation_faults(lesson, one):
            findings.add(file, line + one.front_matter.count("\n") if line else 1, message)


def _check_written(text: str, file: str, line_before: int, findings: Findings) -> None:
    """What the start of a course left to be written."""
    for line, words in placeholders_in(text):
        findings.add(file, line + line_before, _("Chỗ này còn phải viết: %(words)s", words=words))


def _check_completion(course: CourseSource, findings: Findings) -> None:
    """What nobody can meet would let nobody complete the course."""
    lessons = [lesson for module in course.modules for lesson in module.lessons]
    rule = course.completion
    if rule.quiz_percent and not any(lesson.quiz and lesson.is_required for lesson in lessons):
        findings.add(names.MANIFEST, 1, _("completion đòi điểm bài kiểm tra, nhưng không bài bắt buộc nào có."))
    hours = sum(lesson.minutes for lesson in lessons) / 60
    if rule.hours and rule.hours > hours:
        findings.add(
            names.MANIFEST,
            1,
            _("completion đòi %(asked)s giờ, cả khóa chỉ có %(hours)s giờ.", asked=rule.hours, hours=round(hours, 1)),
        )


def _check_hours(course: CourseSource, findings: Findings) -> None:
    hours = sum(lesson.minutes for module in course.modules for lesson in module.lessons if lesson.is_required) / 60
    if abs(course.hours - hours) > max(hours, 1) * HOURS_TOLERANCE:
        findings.add(
            names.MANIFEST,
            1,
            _(
                "hours là %(said)s nhưng các bài bắt buộc cộng lại được %(sum)s giờ; giấy chứng nhận in con số này.",
                said=course.hours,
                sum=round(hours, 2),
            ),
        )


def _check_outline(course: CourseSource, module: ModuleSource, findings: Findings) -> None:
    """A module of a planned course holds the lessons of its outline, all of them, under their titles."""
    if not module.lessons:
        return
    planned = module_outline(course.code, int(module.lessons[0].key.split(".")[1]))
    if planned is None:
        return
    if module.title != planned.title:
        findings.add(
            names.MANIFEST,
            1,
            _("Học phần %(dir)s trong đề cương tên là “%(title)s”.", dir=module.folder, title=planned.title),
        )
    here = {lesson.key: lesson for lesson in module.lessons}
    for key, title in planned.lessons:
        if (lesson := here.get(key)) is None:
            findings.add(
                names.MANIFEST,
                1,
                _(
                    "Học phần %(dir)s thiếu bài %(key)s “%(title)s” của đề cương.",
                    dir=module.folder,
                    key=key,
                    title=title,
                ),
            )
        elif lesson.title != title:
            file = f"{module.folder}/{lesson.stem}{names.LESSON_ENDING}"
            findings.add(file, 1, _("Bài %(key)s trong đề cương tên là “%(title)s”.", key=key, title=title))
    if [lesson.key for lesson in module.lessons if lesson.key in dict(planned.lessons)] != [
        key for key, _title in planned.lessons if key in here
    ]:
        findings.add(names.MANIFEST, 1, _("Các bài của học phần %(dir)s chưa theo thứ tự đề cương.", dir=module.folder))
    _check_module_quiz(module, findings)


def _check_module_quiz(module: ModuleSource, findings: Findings) -> None:
    last = module.lessons[-1]
    if last.quiz is None:
        return
    kinds = {question["kind"] for question in last.quiz["questions"]}
    # What is drawn from a bank is of kinds only the bank knows.
    is_uniform = len(kinds) < LEAST_MODULE_KINDS and not last.quiz.get("draw")
    if is_uniform or asked_count(last.quiz) < LEAST_MODULE_QUESTIONS:
        findings.under("quiz").add(
            f"{module.folder}/{last.stem}{names.QUIZ_ENDING}",
            1,
            _(
                "Bài kiểm tra cuối học phần cần ít nhất %(questions)s câu thuộc %(kinds)s loại.",
                questions=LEAST_MODULE_QUESTIONS,
                kinds=LEAST_MODULE_KINDS,
            ),
        )


def _check_length(lesson: LessonSource, file: str, findings: Findings) -> None:
    count = count_words(lesson.markdown)
    if not LEAST_WORDS <= count <= MOST_WORDS:
        findings.add(
            file,
            1,
            _(
                "Bài có %(count)s chữ; một bài vừa sức có từ %(least)s đến %(most)s chữ.",
                count=count,
                least=LEAST_WORDS,
                most=MOST_WORDS,
            ),
        )
    if count > lesson.minutes * MOST_WORDS_A_MINUTE:
        findings.add(
            file,
            1,
            _(
                "%(count)s chữ khó đọc hết trong %(minutes)s phút. Hãy tăng minutes hoặc tách bài.",
                count=count,
                minutes=lesson.minutes,
            ),
        )


def _check_sentences(
    course: CourseSource, lesson: LessonSource, file: str, findings: Findings, seen: dict[str, str]
) -> None:
    first_line = lesson.front_matter.count("\n")
    lengths: list[int] = []
    mine: dict[str, str] = {}
    for line, sentence in sentences(lesson.markdown):
        words = words_of(sentence)
        lengths.append(len(words))
        where = line + first_line
        if len(words) > LONGEST_SENTENCE_WORDS:
            findings.under("sentences").add(
                file, where, _("Câu này dài %(count)s chữ. Hãy tách thành câu ngắn hơn.", count=len(words))
            )
        if len(words) > COPIED_WORDS:
            text = " ".join(words)
            if text in seen:
                findings.under("copied").add(
                    file, where, _("Câu dài này chép lại từ %(file)s. Hãy viết lại cho hợp với bài.", file=seen[text])
                )
            mine.setdefault(text, f"{course.slug}/{file}:{where}")
    for line, paragraph in paragraphs(lesson.markdown):
        words = words_of(paragraph)
        text = "¶ " + " ".join(words)
        # A copied paragraph of one long sentence was told above.
        if len(words) > COPIED_WORDS and text in seen and text.removeprefix("¶ ") not in seen:
            findings.under("copied").add(file, line + first_line, _("Đoạn này chép lại từ %(file)s.", file=seen[text]))
        mine.setdefault(text, f"{course.slug}/{file}:{line + first_line}")
    seen |= {text: where for text, where in mine.items() if text not in seen}
    if lengths and (mean := sum(lengths) / len(lengths)) > LONGEST_MEAN_WORDS:
        findings.under("sentences").add(
            file,
            1,
            _(
                "Câu trong bài dài trung bình %(mean)s chữ, nhiều nhất nên là %(most)s.",
                mean=round(mean, 1),
                most=LONGEST_MEAN_WORDS,
            ),
        )


def _check_pictures(lesson: LessonSource, file: str, findings: Findings) -> None:
    first_line = lesson.front_matter.count("\n")
    for shown in references(parse(lesson.markdown)):
        where = shown.line + first_line
        if shown.kind == "image" and len(shown.alt) < LEAST_ALT_LETTERS:
            findings.under("alt").add(
                file,
                where,
                _(
                    "Lời mô tả hình “%(name)s” quá ngắn: hãy nói điều hình cho thấy cho người không nhìn thấy.",
                    name=shown.name,
                ),
            )
        if shown.alone and not shown.caption and shown.kind != "download":
            findings.under("figures").add(
                file, where, _('“%(name)s” chưa có chú thích: ![…](%(name)s "Chú thích").', name=shown.name)
            )


def _check_documents(lesson: LessonSource, folder: str, findings: Findings) -> None:
    for file in lesson.files:
        size = file.path.stat().st_size if file.path and media_kind(file.name) in ("document", "download") else 0
        if size > LARGEST_DOCUMENT_BYTES:
            findings.add(
                f"{folder}/{file.name}",
                1,
                _(
                    "Tài liệu “%(name)s” nặng %(size)s. Trên 10 MB thì người học khó tải về; "
                    "hãy giảm cỡ ảnh trong tệp.",
                    name=file.name,
                    size=format_filesize(size),
                ),
            )


def _check_embeds(lesson: LessonSource, file: str, findings: Findings, sites: Sequence[Site]) -> None:
    for token in parse(lesson.markdown):
        link = lone_link(token.children or ())
        if link and looks_like_a_video(link.address) and not (token.level == 1 and framed(link.address, sites)):
            findings.add(
                file,
                (token.map[0] + 1 if token.map else 1) + lesson.front_matter.count("\n"),
                _(
                    "Video “%(address)s” không xem được ngay trong bài, chỉ là một liên kết: nơi ấy không có trong danh"
                    " sách được nhúng, hoặc liên kết nằm trong khung, danh sách.",
                    address=link.address,
                ),
            )


def _check_sources(lesson: LessonSource, file: str, findings: Findings) -> None:
    """A lesson must not rest on a document that counts no more, nor give one a day that is not its own."""
    for source in lesson.sources:
        for number, issued in cited(f"{source.title}; {source.ref}"):
            known = law(number)
            if known is None:
                continue
            # "thay TCVN 11930:2017" tells of the old one; the lesson rests on the other.
            if known.expired_on and known.expired_on <= clock.today() and not re.search(
                rf"thay(?: thế)?(?: cho)? {re.escape(number)}", source.ref
            ):  # fmt: skip
                findings.add(
                    file,
                    1,
                    _("%(number)s hết hiệu lực, nay là %(newer)s.", number=number, newer=known.replaced_by or "–"),
                )
            if issued and known.issued and issued != known.issued:
                findings.add(
                    file,
                    1,
                    _(
                        "%(number)s ban hành ngày %(right)s, không phải %(wrong)s.",
                        number=number,
                        right=format_date(known.issued),
                        wrong=format_date(issued),
                    ),
                )


def _check_quiz(lesson: LessonSource, stem: str, findings: Findings) -> None:
    if lesson.quiz is None:
        if lesson.is_required:
            findings.under("quiz").add(f"{stem}{names.LESSON_ENDING}", 1, _("Bài bắt buộc cần một bài kiểm tra."))
        return
    file = f"{stem}{names.QUIZ_ENDING}"
    questions = lesson.quiz["questions"]
    if (count := asked_count(lesson.quiz)) < LEAST_QUESTIONS:
        findings.under("quiz").add(
            file,
            1,
            _("Bài kiểm tra có %(count)s câu; cần ít nhất %(least)s câu.", count=count, least=LEAST_QUESTIONS),
        )
    for question in questions:
        if len(words_of(question["explanation"])) < LEAST_EXPLANATION_WORDS:
            line = _line_of(lesson.quiz_source, question["id"])
            findings.under("explanation").add(
                file,
                line,
                _("Lời giải thích của câu %(id)s quá ngắn: hãy nói vì sao đúng, vì sao sai.", id=question["id"]),
            )
    if (place := _lazy_answers(questions)) is not None:
        findings.under("quiz").add(
            file,
            1,
            _("Ở mọi câu chọn một, đáp án đúng đều là lựa chọn thứ %(place)s. Hãy đổi chỗ vài câu.", place=place + 1),
        )


def _lazy_answers(questions: Sequence[dict[str, object]]) -> int | None:
    """The place where every right answer of the single-choice questions stands, if it is one and the same."""
    places = {
        place
        for question in questions
        if question["kind"] == "single" and isinstance(options := question["options"], list)
        for place, option in enumerate(options)
        if option.get("right")
    }
    singles = sum(question["kind"] == "single" for question in questions)
    return places.pop() if singles > 2 and len(places) == 1 else None


def _line_of(source: str, question_id: object) -> int:
    found = re.search(rf"id:\s*['\"]?{re.escape(str(question_id))}['\"]?\s*$", source, re.MULTILINE)
    return source.count("\n", 0, found.start()) + 1 if found else 1
