"""Files made at the moment they are asked for: to save, or to look at; kept by no browser and no proxy."""

from starlette.responses import Response

PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OFFICE}wordprocessingml.document"
XLSX = f"{_OFFICE}spreadsheetml.sheet"
PPTX = f"{_OFFICE}presentationml.presentation"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
ODT = f"{_OPEN_DOCUMENT}text"
ODP = f"{_OPEN_DOCUMENT}presentation"
ODS = f"{_OPEN_DOCUMENT}spreadsheet"
# What somebody uploaded must not be able to act in the name of this site, however it comes to be opened.
NOTHING_RUNS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox; style-src 'unsafe-inline'",
    "cross-origin-resource-policy": "same-origin",
}


def attachment(content: bytes, name: str, media_type: str = XLSX, *, is_shown: bool = False) -> Response:
    """`name` is what to save it under, in plain letters; `is_shown`: the browser may open it in its own window."""
    place = "inline" if is_shown else "attachment"
    headers = {"content-disposition": f'{place}; filename="{name}"', "cache-control": "private, no-store"}
    # A browser shows no PDF in a sandbox.
    return Response(content, media_type=media_type, headers=headers | ({} if is_shown else NOTHING_RUNS))
