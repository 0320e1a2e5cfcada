"""The lesson form on its way in. The token was checked before a byte of the body was read (core/csrf.py)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, BinaryIO

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from app.authoring.lesson_form import MORE_PICTURES, SLOTS, LessonFields
from app.catalogue.source import Citation
from app.core.errors import StorageFull, TooLarge
from app.core.forms import lines_in, text_in
from app.core.text import nfc, whole
from app.media.shelf import is_full

_SOURCES_MOST = 20
_PICK = "pick_"


@dataclass(frozen=True)
class LessonUpload:
    """What the form carries: typed fields, files chosen now, and by public id the files of an earlier try."""

    fields: LessonFields
    files: dict[str, tuple[str, BinaryIO]]
    kept: dict[str, str]
    # By the name the text shows it by, the public id of a file put in where it stands.
    placed: dict[str, str]
    # The slot whose words are to be looked for in the library, instead of saving; and those words.
    find: str = ""
    words: str = ""
    # Where two authors changed the same: what this one chose to keep, by the clash's key.
    picks: dict[str, str] = field(default_factory=dict)


async def _receive(request: Request) -> AsyncIterator[LessonUpload]:
    """Reads the body here, not as parameters of the route: those would be read before the token is checked."""
    try:
        form = await request.form(max_files=len(SLOTS), max_fields=200)
    except ClientDisconnect:
        # Bodies of unknown length are cut off where they pass the limit (core/middleware.py).
        raise TooLarge from None
    except OSError as error:
        raise (StorageFull() if is_full(error) else error) from error
    files = {slot: chosen for slot in SLOTS if (chosen := _chosen(form, slot))}
    try:
        yield LessonUpload(
            fields=_fields(form),
            files=files,
            kept={slot: kept for slot in SLOTS if slot not in files and (kept := _kept(form, slot))},
            placed=_placed(form),
            find=(find := text_in(form, "find")),
            words=text_in(form, f"find_{find}"),
            picks={name.removeprefix(_PICK): text_in(form, name) for name in form if name.startswith(_PICK)},
        )
    finally:
        await form.close()


Upload = Annotated[LessonUpload, Depends(_receive)]


def _chosen(form: FormData, slot: str) -> tuple[str, BinaryIO] | None:
    file = form.get(slot)
    # Browsers send an empty part for a file field nobody touched.
    return (file.filename, file.file) if isinstance(file, UploadFile) and file.filename else None


def _kept(form: FormData, slot: str) -> str:
    return "" if form.get(f"drop_{slot}") else text_in(form, f"kept_{slot}")


def _placed(form: FormData) -> dict[str, str]:
    names, ids = ([nfc(str(one)) for one in form.getlist(f"placed_{column}")] for column in ("name", "id"))
    return {name: public_id for name, public_id in zip(names, ids, strict=False) if name}


def _fields(form: FormData) -> LessonFields:
    base = text_in(form, "base_version")
    return LessonFields(
        module=text_in(form, "module"),
        title=text_in(form, "title"),
        minutes=text_in(form, "minutes"),
        objectives=lines_in(form, "objectives"),
        role=text_in(form, "role"),
        body=lines_in(form, "body"),
        sources=_sources(form),
        picture_alt=text_in(form, "picture_alt"),
        picture_caption=text_in(form, "picture_caption"),
        more_pictures={
            slot: (text_in(form, f"{slot}_alt"), text_in(form, f"{slot}_caption")) for slot in MORE_PICTURES
        },
        video_title=text_in(form, "video_title"),
        sound_title=text_in(form, "sound_title"),
        document_title=text_in(form, "document_title"),
        download_title=text_in(form, "download_title"),
        base_version=whole(base) or 0,
    )


def _sources(form: FormData) -> tuple[Citation, ...]:
    """The rows somebody wrote in; the three columns come as three lists of the same length."""
    columns = [[nfc(str(one)) for one in form.getlist(f"source_{name}")] for name in ("title", "ref", "url")]
    rows = (Citation(*row) for row in zip(*columns, strict=False))
    return tuple(row for row in rows if row != Citation("", ""))[:_SOURCES_MOST]
