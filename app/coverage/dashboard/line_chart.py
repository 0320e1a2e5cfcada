"""Where the points of a line chart go: pure geometry, in the units of the picture's own box."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 18, 12, 24


@dataclass(frozen=True)
class Spot:
    x: float
    y: float


@dataclass(frozen=True)
class Drawn:
    """A line of the chart; `strokes` are its pieces, broken where a value is missing."""

    style: str
    strokes: tuple[tuple[Spot, ...], ...]

    @property
    def spots(self) -> tuple[Spot, ...]:
        return tuple(spot for stroke in self.strokes for spot in stroke)


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """`floor` is the y of nothing; `target` the y of the target line, None without one."""

    lines: tuple[Drawn, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    target: float | None
    breaks: tuple[float, ...]
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    floor: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def chart(
    lines: Sequence[tuple[str, Sequence[float | None]]], across: Sequence[str], target: float | None = None,
    breaks: Sequence[float] = (),
) -> Chart:  # fmt: skip
    """Ratios (0 to 1 and more) of each line, style first, under the words of `across`; `breaks` lie between its places,
    counted from 0 (0.5 is between the first and the second)."""
    top = max([1.0, target or 0.0, *(value for _style, values in lines for value in values if value is not None)])
    steps = max(1, len(across) - 1)

    def x(place: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * place / steps, 1)

    def y(ratio: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * ratio / top, 1)

    return Chart(
        lines=tuple(
            Drawn(
                style,
                _strokes([None if value is None else Spot(x(place), y(value)) for place, value in enumerate(values)]),
            )
            for style, values in lines
        ),
        across=tuple(Tick(x(place), text) for place, text in enumerate(across)),
        up=tuple(Tick(y(top * part / 4), f"{round(top * part * 25)}%") for part in (0, 2, 4)),
        target=None if target is None else y(target),
        breaks=tuple(x(place) for place in breaks),
    )


def _strokes(spots: Sequence[Spot | None]) -> tuple[tuple[Spot, ...], ...]:
    strokes: list[list[Spot]] = [[]]
    for spot in spots:
        if spot is None:
            strokes.append([])
        else:
            strokes[-1].append(spot)
    return tuple(tuple(stroke) for stroke in strokes if stroke)
