"""A long table as CSV: what `write_csv` writes, column by column in bytes, without csv.writer.

It is asked of a whole column at once whether any of its texts needs quotes; hardly ever does one.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.long_columns import HOUR_US, HOURS_KEPT, LongColumn, Once, RawBatch, hour_of, meaning, repeats
from app.core.tables import RUNS_AS_FORMULA, csv_cell, write_csv

# What a reader of CSV would take for the end of a cell; the end of a line is looked for by counting.
_DELICATE = (b'"', b",", b"\r")
_MINUTES = [b"%02d" % minute for minute in range(60)]
_FORMULA = [sign.encode() for sign in sorted(RUNS_AS_FORMULA - set("\r\n"))]


class LongCsv:
    """Columns and what was said of their values, for all parts of a file."""

    def __init__(self, columns: Sequence[LongColumn]) -> None:
        self._columns = [one.column for one in columns]
        self._speak = [_spoken(one) for one in columns]

    def write(self, path: Path, batches: Iterable[RawBatch], *, with_head: bool = True) -> int:
        """The number of rows; texts are bytes. Without its head it is a part, to be put behind another."""
        count = 0
        with path.open("wb") as out:
            if with_head:
                write_csv(out, self._columns, ())
            for batch in batches:
                count += len(batch[0])
                said = [say(cells) for say, cells in zip(self._speak, batch, strict=True)]
                out.write(b"\r\n".join([*map(b",".join, zip(*said, strict=True)), b""]))
        return count


def _spoken(one: LongColumn) -> Callable[[Sequence[Any]], Iterable[bytes]]:
    """What makes of the values of a column what stands between two commas."""
    cell = meaning(one)
    said = Once(lambda value: _quoted(csv_cell(cell(value))))

    def texts(cells: Sequence[bytes | None]) -> Iterable[bytes]:
        if repeats(cells):
            return said.of_each(cells)
        full = [text or b"" for text in cells]
        return full if _is_plain(full) else said.of_each(cells)

    if one.column.kind == "text" and one.is_plain:
        return texts
    return _minutes() if one.column.kind == "instant" else said.of_each


def _quoted(text: str) -> bytes:
    plain = text.encode()
    if b"\n" in plain or any(sign in plain for sign in _DELICATE):
        return b'"' + plain.replace(b'"', b'""') + b'"'
    return plain


def _is_plain(texts: Sequence[bytes]) -> bool:
    """None of them needs quotes or would run as a formula."""
    together = b"\n".join([b"", *texts])
    return (
        together.count(b"\n") == len(texts)
        and not any(sign in together for sign in _DELICATE)
        # The first question is answered ten times as fast.
        and not any(sign in together and b"\n" + sign in together for sign in _FORMULA)
    )


def _minutes() -> Callable[[Sequence[Any]], list[bytes]]:
    """Instants to the minute. Hardly any comes twice, but hours do."""
    hours = Once(lambda hour: csv_cell(hour_of(hour)).encode()[:-2], HOURS_KEPT)

    def said(value: bytes | int | datetime | None) -> Any:
        if isinstance(value, bytes):
            return hours[value[:13]] + value[14:16]
        if isinstance(value, int):
            hour, rest = divmod(value, HOUR_US)
            return hours[hour] + _MINUTES[rest // 60_000_000]
        return csv_cell(value).encode()

    return lambda cells: list(map(said, cells))
