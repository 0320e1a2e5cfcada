"""QR codes as pictures of lines, for papers and pages."""

import math
import re
from typing import Any, cast
from urllib.parse import quote

import zxingcpp

# Modules of white around a code inside its white box, and a run of dark ones.
_QUIET = 2
_DARK = re.compile(rb"\x00+")


def svg(text: str) -> str:
    """The code of a text as an SVG document; level M still reads with a fold or a stain across it.

    Any of the eight masks may be chosen (ISO/IEC 18004, 7.8): letters look random enough, and weighing all eight takes
    six times as long as drawing the code.
    """
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=3)
    # The stubs do not say that an image is a buffer: one byte for each module, zero where it is dark.
    dots = bytes(cast(Any, code.to_image(scale=1, add_quiet_zones=False)))
    count = math.isqrt(len(dots))
    side = count + 2 * _QUIET
    runs = (
        f"M{_QUIET + run.start()} {_QUIET + y + 0.5}h{run.end() - run.start()}"
        for y in range(count)
        for run in _DARK.finditer(dots[y * count : (y + 1) * count])
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}">'
        f'<path stroke="#000" d="{"".join(runs)}"/></svg>'
    )


def data_uri(text: str) -> str:
    """The same code as the address of a picture, for a page."""
    return f"data:image/svg+xml,{quote(svg(text))}"
