"""A presentation as one lesson: each slide a section with its points and pictures, its notes as text below them."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from app.authoring.from_office.reading import (
    PICTURE_ENDINGS,
    Picture,
    Piece,
    Read,
    as_paragraph,
    described,
    figure,
    lost_note,
    said,
    table,
)
from app.core.i18n import gettext as _
from app.core.text import nfc

_LONGEST_TITLE = 200


def read_presentation(stream: BinaryIO) -> Read:
    """One lesson of a checked PPTX, called as its first slide is; hidden slides are left out."""
    slides = [slide for slide in Presentation(stream).slides if slide._element.get("show") != "0"]
    pictures: dict[str, Picture] = {}
    lost = 0
    sections = []
    title = ""
    for number, slide in enumerate(slides, start=1):
        heading = _line(slide.shapes.title.text_frame.text) if slide.shapes.title is not None else ""
        if number == 1:
            title = heading
        parts = [f"## {said(heading or _('Trang %(number)s', number=number))}"] if number > 1 else []
        for shape in _shapes(slide.shapes):
            if shape == slide.shapes.title:
                continue
            if shape.shape_type == MSO_SHAPE_TYPE.PICTURE:
                ending = PICTURE_ENDINGS.get(shape.image.content_type, "")
                if not ending:
                    lost += 1
                    continue
                name = f"trang-{number}-hinh-{len(pictures) + 1}{ending}"
                pictures[name] = Picture(shape.image.blob, _alt(shape))
                parts.append(figure(name, pictures[name].alt))
            elif shape.has_table:
                parts.append(table([[said(_line(cell.text)) for cell in row.cells] for row in shape.table.rows]))
            elif shape.has_text_frame and (points := list(_points(shape.text_frame))):
                parts.append("\n".join(points))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            parts += [
                as_paragraph(said(text))
                for line in slide.notes_slide.notes_text_frame.text.splitlines()
                if (text := _line(line))
            ]
        sections.append("\n\n".join(parts))
    text = "\n\n".join(section for section in sections if section)
    return Read((Piece(title[:_LONGEST_TITLE], text, pictures),) if text else (), lost_note(lost))


def _shapes(found: Any) -> Iterator[Any]:
    """Shapes from the top of the slide to its foot, those of groups too."""
    for shape in sorted(found, key=lambda one: (one.top or 0, one.left or 0)):
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _points(frame: Any) -> Iterator[str]:
    lines = [(paragraph.level, _line("".join(run.text for run in paragraph.runs))) for paragraph in frame.paragraphs]
    worded = [(level, text) for level, text in lines if text]
    if len(worded) == 1:
        yield as_paragraph(said(worded[0][1]))
        return
    for level, text in worded:
        yield f"{'  ' * min(level, 3)}- {said(text)}"


def _alt(shape: Any) -> str:
    return described(str(shape._element.xpath("string(./p:nvPicPr/p:cNvPr/@descr)")))


def _line(text: str) -> str:
    return nfc(" ".join(text.split()))
