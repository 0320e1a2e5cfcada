"""Workbooks as offices send them, from a seed, with the truth of every row: see messy_people.py for the cells.

Four sheets with lists, each under a head of its own making, among sheets with none.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from tests.identity.messy_people import Cells, Truth, person, spoil

Line = Sequence[object]
_TITLES = ("ỦY BAN NHÂN DÂN TỈNH BẮC NINH", "DANH SÁCH CÁN BỘ, CÔNG CHỨC, VIÊN CHỨC THAM GIA HỌC TẬP", "Năm 2026")
# After so many people a sheet says something else.
_BETWEEN = 400


@dataclass(frozen=True)
class Messy:
    """A workbook and what is true of it: by name of sheet and number of row, as Excel shows them."""

    content: bytes
    truth: dict[tuple[str, int], Truth]
    without_list: tuple[str, ...]


class _Plain:
    """One row of names; sex in words; codes and names of units."""

    sheet, head_at = "Khối tỉnh", 5
    head = (
        ("TT", "Họ và tên", "Ngày, tháng, năm sinh", "Giới tính", "Số CCCD/CMND", "Ngày cấp", "Số điện thoại liên hệ",
         "Mã đơn vị", "Đơn vị công tác", "Ghi chú"),
        ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)", "(10)"),
    )  # fmt: skip

    def cells(self, number: int, given: Cells, truth: Truth) -> Line:
        sex = {"male": "Nam", "female": "Nữ"}[str(given["sex"])]
        return (number, _name(given), given["birth"], sex, given["identity"], "01/01/2022", given["phone"],
                given["code"], given["unit"], "Đảng viên")  # fmt: skip


class _Ticked:
    """Two rows of names; the name in two columns, sex as an x in one of two; the head as low as it may be."""

    sheet, head_at = "Khối xã, phường", 14
    head = (
        ("STT", "Họ và tên", None, "Giới tính", None, "Căn cước", "SĐT", "Đơn vị", None, "Ngày sinh"),
        (None, "Họ và tên đệm", "Tên", "Nam", "Nữ", None, None, "Mã", "Tên", None),
    )

    def cells(self, number: int, given: Cells, truth: Truth) -> Line:
        male, female = ("x", None) if given["sex"] == "male" else (None, "X")
        return (number, given["family"], given["given"], male, female, given["identity"], given["phone"],
                given["code"], given["unit"], given["birth"])  # fmt: skip


class _Years:
    """A name over two columns of which one has a name; years of birth under men and women; a column with no name."""

    sheet, head_at = "Hợp đồng", 1
    head = (
        ("Số TT", "Họ tên", None, "Năm sinh", None, None, "Cơ quan", "Mã đơn vị", "Căn cước công dân"),
        (None, None, None, "Nam", "Nữ", None, None, None, None),
    )

    def cells(self, number: int, given: Cells, truth: Truth) -> Line:
        year = truth.values["birth_year"]
        truth.values["birth_date"] = None
        if "impossible_birth" in truth.troubles:
            year = "không rõ"
        male, female = (year, None) if given["sex"] == "male" else (None, year)
        return (number, given["family"], given["given"], male, female, given["phone"], given["unit"],
                given["code"], given["identity"])  # fmt: skip


class _Parted:
    """The birth in three columns; the unit nowhere but in the name of the sheet."""

    sheet, head_at = "Phường Đa Mai", 4
    head = (
        ("STT", "Họ và tên", "Ngày sinh", None, None, "Giới tính", "Số CCCD", "Điện thoại"),
        (None, None, "Ngày", "Tháng", "Năm", None, None, None),
    )

    def cells(self, number: int, given: Cells, truth: Truth) -> Line:
        born, truth.values["unit"] = truth.values["birth_date"], "07228"
        assert isinstance(born, date)
        if "unit_of_two" in truth.troubles:
            truth.expected = "read"
        day, month = (31, 2) if "impossible_birth" in truth.troubles else (born.day, born.month)
        sex = {"male": "nam", "female": "nữ"}[str(given["sex"])]
        return (number, _name(given), day, month, born.year, sex, given["identity"], given["phone"])


_List = _Plain | _Ticked | _Years | _Parted
_LISTS: tuple[_List, ...] = (_Plain(), _Ticked(), _Years(), _Parted())


def messy_workbook(people: int, seed: int = 1) -> Messy:
    """A workbook of about so many people, one in fifty of them twice."""
    chance, truth, content = random.Random(seed), dict[tuple[str, int], Truth](), BytesIO()
    book = xlsxwriter.Workbook(content, {"constant_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    _write(book.add_worksheet("Tổng hợp"), day, [(), ("Đơn vị", "Số người"), ("Phường Bắc Giang", 12)])
    share = people // len(_LISTS)
    for at, kind in enumerate(_LISTS):
        page = book.add_worksheet(kind.sheet)
        lines: list[Line] = []
        for line, said in _lines(chance, kind, at * share, share):
            lines.append(line)
            if said:
                truth[kind.sheet, len(lines)] = said
        _write(page, day, lines)
    hidden = book.add_worksheet("Danh mục")
    hidden.hide()
    _write(hidden, day, [("Họ và tên", "Ngày sinh"), ("Ai Đó", "01/01/1980")])
    book.close()
    return Messy(content.getvalue(), truth, ("Tổng hợp", "Danh mục"))


def _lines(chance: random.Random, kind: _List, first: int, count: int) -> Iterator[tuple[Line, Truth | None]]:
    for at in range(1, kind.head_at):
        yield (() if at > len(_TITLES) else (None, _TITLES[at - 1])), None
    yield kind.head[0], None
    yield kind.head[1], Truth("skip") if isinstance(kind, _Plain) else None
    again: tuple[Line, Truth] | None = None
    for number in range(1, count + 1):
        given, said = person(chance, first + number)
        spoil(chance, given, said)
        cells = kind.cells(number, given, said)
        yield cells, said
        if number % 50 == 0 and again:
            yield again
        again = cells, said
        if number % _BETWEEN == 0:
            yield (), None
            heading = "Hợp đồng" if isinstance(kind, _Parted) else "Phòng chuyên môn"
            yield (None, f"{heading} số {number // _BETWEEN}"), Truth("skip")
            yield kind.head[0], Truth("skip")
    yield (None, "Tổng cộng", None, count // 2, count - count // 2), Truth("skip")
    yield (), None
    yield (None, f"Danh sách này có {count} người./."), Truth("skip")
    yield (None, None, None, None, None, "Bắc Ninh, ngày 20 tháng 11 năm 2026"), Truth("skip")
    yield (None, "NGƯỜI LẬP BIỂU", None, None, None, "CHỦ TỊCH"), Truth("skip")
    yield (None, "(Ký, ghi rõ họ tên)"), Truth("skip")
    yield (None, "Nguyễn Văn Ký", None, None, None, "Trần Thị Duyệt"), Truth("skip")


def _name(given: Cells) -> str | None:
    parts = [str(given[part]) for part in ("family", "given") if given[part]]
    return " ".join(parts) or None


def _write(page: Worksheet, day: object, lines: Sequence[Line]) -> None:
    for at, line in enumerate(lines):
        if len(line) == 2 and line[0] is None and line[1] in _TITLES:
            page.merge_range(at, 1, at, 8, line[1])
            continue
        for column, value in enumerate(line):
            if isinstance(value, datetime):
                page.write_datetime(at, column, value, day)
            elif isinstance(value, str):
                page.write_string(at, column, value)
            elif value is not None:
                page.write(at, column, value)
