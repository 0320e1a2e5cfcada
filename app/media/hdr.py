"""High dynamic range to ordinary screens: a table of colours that ffmpeg applies (`lut3d`, in every build of it).

Phones film in PQ or HLG with the wide colours of BT.2020; shown as it is, that looks grey and washed out. Pure.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import exp, log
from typing import Literal

Transfer = Literal["pq", "hlg"]
Colour = tuple[float, float, float]

# The numbers a file names its transfer by (ITU-T H.273, table 3).
TRANSFERS: dict[int, Transfer] = {16: "pq", 18: "hlg"}
TABLE_NAME = "hdr.cube"
TABLE_SIDE = 33
# What the curve is made for. Phones film little that is brighter, and room for it would darken all the rest: white
# paper (203 cd/m², ITU-R BT.2408) becomes 78 % here, and 68 % with the 1000 cd/m² of the films of a studio.
_HDR_NITS, _SDR_NITS = 600.0, 100.0
_HLG_NITS = 1000.0
_GAMMA = 2.4
_LUMA: Colour = (0.2627, 0.6780, 0.0593)
# Linear BT.2020 to linear BT.709 (ITU-R BT.2087).
_TO_709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))


@lru_cache
def cube(transfer: Transfer) -> str:
    """The table as a .cube file, red changing fastest."""
    steps = [place / (TABLE_SIDE - 1) for place in range(TABLE_SIDE)]
    lines = (
        " ".join(f"{part:.5f}" for part in to_sdr((red, green, blue), transfer)) for blue, green, red in _all(steps)
    )
    return "\n".join((f"LUT_3D_SIZE {TABLE_SIDE}", *lines, ""))


def to_sdr(coded: Colour, transfer: Transfer) -> Colour:
    """A coded BT.2020 colour as a coded BT.709 one, each part 0 to 1 (ITU-R BT.2446-1, method A)."""
    light = _from_pq(coded) if transfer == "pq" else _from_hlg(coded)
    red, green, blue = (min(part, 1.0) ** (1 / _GAMMA) for part in light)
    luma = _luma((red, green, blue))
    if luma <= 0:
        return (0.0, 0.0, 0.0)
    mapped = _mapped(luma)
    scale = mapped / (1.1 * luma)
    blueness, redness = scale * (blue - luma) / 1.8814, scale * (red - luma) / 1.4746
    base = mapped - max(0.1 * redness, 0.0)
    red, blue = base + 1.4746 * redness, base + 1.8814 * blueness
    green = (base - _LUMA[0] * red - _LUMA[2] * blue) / _LUMA[1]
    linear = [max(part, 0.0) ** _GAMMA for part in (red, green, blue)]
    narrow = (sum(weight * part for weight, part in zip(row, linear, strict=True)) for row in _TO_709)
    red, green, blue = (min(max(part, 0.0), 1.0) ** (1 / _GAMMA) for part in narrow)
    return (red, green, blue)


def _all(steps: list[float]) -> Iterator[tuple[float, ...]]:
    return product(steps, repeat=3)


def _luma(colour: Colour) -> float:
    return sum(weight * part for weight, part in zip(_LUMA, colour, strict=True))


def _mapped(luma: float) -> float:
    hdr, sdr = (1 + 32 * (nits / 10_000) ** (1 / _GAMMA) for nits in (_HDR_NITS, _SDR_NITS))
    seen = log(1 + (hdr - 1) * luma) / log(hdr)
    if seen <= 0.7399:
        bent = 1.0770 * seen
    elif seen < 0.9909:
        bent = -1.1510 * seen**2 + 2.7811 * seen - 0.6302
    else:
        bent = 0.5000 * seen + 0.5000
    return float((sdr**bent - 1) / (sdr - 1))


def _from_pq(coded: Colour) -> Colour:
    """Light as a part of _HDR_NITS (SMPTE ST 2084)."""
    red, green, blue = (_pq_nits(part) / _HDR_NITS for part in coded)
    return (red, green, blue)


def _pq_nits(coded: float) -> float:
    root = coded ** (1 / 78.84375)
    return float(10_000 * (max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125))


def _from_hlg(coded: Colour) -> Colour:
    """Light as a part of _HDR_NITS, as a usual HLG screen of 1000 cd/m² gives it (ITU-R BT.2100, table 5)."""
    red, green, blue = (
        part**2 / 3 if part <= 0.5 else (exp((part - 0.55991073) / 0.17883277) + 0.28466892) / 12 for part in coded
    )
    scene = _luma((red, green, blue))
    gain = scene**0.2 * _HLG_NITS / _HDR_NITS if scene > 0 else 0.0
    return (red * gain, green * gain, blue * gain)
