"""Pictures, videos, documents, sounds and captions of a course folder, judged before anything is stored."""

from pathlib import Path

from app.authoring.folder.problems import Findings
from app.catalogue.markdown import (
    DOCUMENT_ENDINGS,
    IMAGE_ENDINGS,
    SHEET_ENDINGS,
    SOUND_ENDINGS,
    VIDEO_ENDINGS,
    media_kind,
)
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.settings import get_settings
from app.core.templating import format_filesize
from app.media.captions import CaptionsInvalid, read_captions
from app.media.files import local_file_type
from app.media.images import open_image
from app.media.office import check_office_file
from app.media.pdf import draw_pages
from app.media.probe import probe
from app.media.shelf import scratch_folder
from app.media.sound import MOST_LESSON_MINUTES, sound_length_s
from app.media.svg import check_svg

# A phone on a weak signal must get a picture in a few seconds.
LARGEST_IMAGE_BYTES = 1024 * 1024


def check_media_file(path: Path, file: str, findings: Findings) -> None:
    """Add a finding for a file that is too large, broken, unsafe, or not what its name says."""
    ending = path.suffix.lower()
    size = path.stat().st_size
    sound = ending in SOUND_ENDINGS
    wanted = media_kind(path.name)
    limit = LARGEST_IMAGE_BYTES
    if wanted in ("video", "document", "sound", "download"):
        limit = get_settings().upload_limit_bytes
    if size > limit:
        findings.add(
            file,
            1,
            _("Tệp nặng %(size)s, quá giới hạn %(limit)s.", size=format_filesize(size), limit=format_filesize(limit)),
        )
        return
    try:
        if ending not in (*IMAGE_ENDINGS, *VIDEO_ENDINGS, *DOCUMENT_ENDINGS, *SHEET_ENDINGS, *SOUND_ENDINGS):
            read_captions(path.read_bytes(), path.name)
            return
        kind = local_file_type(path)
        if kind.kind != wanted:
            findings.add(file, 1, _("Nội dung tệp không đúng với đuôi “%(ending)s”.", ending=ending))
        elif kind.reader == "SVG":
            check_svg(path.read_bytes(), path.name)
        elif sound:
            sound_length_s(path, kind.reader, most_minutes=MOST_LESSON_MINUTES)
        elif wanted == "video":
            probe(path, kind.reader)
        elif kind.reader == "office":
            check_office_file(path)
        elif wanted == "document":
            with scratch_folder("pages") as scratch:
                draw_pages(path, scratch)
        else:
            open_image(path, kind.reader)
    except CaptionsInvalid as error:
        for problem in error.problems:
            findings.add(file, problem.line, problem.message)
    except Invalid as error:
        findings.add(file, 1, error.message)
