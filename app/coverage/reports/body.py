"""The words of a report around its forms: the five parts as offices write them, with the figures filled in.

A line in square brackets asks its reader to write something; a report is not issued while one is left.
"""

import re
from collections.abc import Mapping, Sequence

from app.coverage.reports.frames import Basis, Cell, Letterhead, Section, Table, printed

BASES = (
    "Căn cứ Quyết định số 1908/QĐ-UBND ngày 06/12/2023 của Ủy ban nhân dân tỉnh Bắc Giang;",
    "Căn cứ Kế hoạch số 250/KH-UBND ngày 27/4/2022 của Ủy ban nhân dân tỉnh Bắc Ninh.",
)
SOURCES = (
    "Số liệu trích từ nền tảng Học Số: sổ chỉ tiêu, ghi danh, kết quả hoàn thành, giấy chứng nhận; số khai báo, số khảo"
    " sát có nguồn và ngày ghi ở trang của từng chỉ tiêu.",
)
_TO_WRITE = re.compile(r"^\[.*\]$")


def subject(basis: Basis) -> str:
    return f"Kết quả đào tạo, bồi dưỡng kỹ năng số {basis.period_name}"


def addressee(letterhead: Letterhead) -> str:
    return letterhead.superior or "Ủy ban nhân dân thành phố Bắc Ninh"


def recipients(letterhead: Letterhead) -> tuple[str, ...]:
    return ("- Như trên;", f"- Lưu: VT, {letterhead.symbol.partition('-')[2]}.")


def still_to_write(sections: Sequence[Section]) -> list[str]:
    """The headings of the parts in which a line still asks for something."""
    return [one.heading for one in sections if any(_TO_WRITE.match(line.strip()) for line in one.paragraphs)]


def sections(basis: Basis, tables: Mapping[str, Table]) -> tuple[Section, ...]:
    """The parts I to V; what the chosen forms do not tell is not said."""
    return (
        Section("I. TÌNH HÌNH TRIỂN KHAI", (
            f"Báo cáo tổng hợp kết quả đào tạo, bồi dưỡng kỹ năng số {basis.period_name} của {_in_sentence(basis)}.",
            *_activity(tables.get("B02")),
            "[Nêu việc chỉ đạo, ban hành văn bản, tổ chức thực hiện trong kỳ.]",
        )),
        Section("II. KẾT QUẢ THỰC HIỆN", (
            *_indicators(tables.get("B01")), *_officials(tables.get("B03")), *_teams(tables.get("B04")),
            f"Số liệu chi tiết ở {'các phụ lục' if len(tables) > 1 else 'phụ lục'} kèm theo.",
        )),
        Section("III. TỒN TẠI, NGUYÊN NHÂN", (*_behind(tables.get("B01")), "[Nêu tồn tại, hạn chế và nguyên nhân.]")),
        Section("IV. PHƯƠNG HƯỚNG, NHIỆM VỤ THỜI GIAN TỚI", ("[Nêu việc sẽ làm, thời hạn, đơn vị chủ trì.]",)),
        Section("V. KIẾN NGHỊ, ĐỀ XUẤT", ("[Nêu kiến nghị; không có thì ghi: Không.]",)),
    )  # fmt: skip


def _in_sentence(basis: Basis) -> str:
    """“tỉnh Bắc Ninh”, “phường Kinh Bắc”: the word for the kind of unit is no part of its name."""
    return basis.unit_name[:1].lower() + basis.unit_name[1:]


def _activity(tasks: Table | None) -> tuple[str, ...]:
    if tasks is None:
        return ()
    total = tasks.rows[-1]
    return (
        f"Trong kỳ có {_n(total[5])} lớp tập trung kết thúc, {_n(total[6])} lượt ghi danh của {_n(total[7])} người trên"
        f" nền tảng, {_n(total[9])} giấy chứng nhận được cấp.",
    )


def _indicators(table: Table | None) -> tuple[str, ...]:
    if table is None:
        return ()
    met, not_met = _with_verdict(table, "Đạt"), _with_verdict(table, "Chưa đạt")
    rest = len(table.rows) - len(met) - len(not_met)
    said = [
        f"Trong {len(table.rows)} chỉ tiêu đang theo dõi, {len(met)} chỉ tiêu đạt, {len(not_met)} chỉ tiêu chưa đạt,"
        f" {rest} chỉ tiêu chưa kết luận được vì chưa có số, chưa có mẫu số, chưa có mục tiêu hoặc không đo."
    ]
    said += [f"- {_sentence(row)}" for row in (*met, *not_met)]
    return tuple(said)


def _sentence(row: Sequence[Cell]) -> str:
    """“Cán bộ …: 4.411/5.235 người, 84,3%, mục tiêu 100%, chưa đạt.”"""
    title, counted, target, all_, count, percent = row[1], str(row[2]), row[3], row[4], row[7], row[8]
    words = counted.removesuffix(" (%)")
    parts = []
    if count is not None:
        parts.append(f"{_n(count)}/{_n(all_)} {words}" if all_ is not None else f"{_n(count)} {words}")
    if percent is not None:
        parts.append(f"{printed(percent, 'percent')}%")
    sign = "%" if counted.endswith("(%)") else ""
    parts += [f"mục tiêu {printed(target, 'number')}{sign}", str(row[10]).lower()]
    return f"{title}: {', '.join(parts)}."


def _officials(table: Table | None) -> tuple[str, ...]:
    if table is None:
        return ()
    total = table.rows[-1]
    if total[2] is None:
        return ("Chưa có danh sách cán bộ, công chức, viên chức để tính tỷ lệ.",)
    return (
        f"Có {_n(total[6])}/{_n(total[2])} cán bộ, công chức, viên chức đã hoàn thành bồi dưỡng trong năm"
        f" ({printed(total[7], 'percent')}%).",
    )


def _teams(table: Table | None) -> tuple[str, ...]:
    if table is None or not table.rows:
        return ()
    members, done = (sum(int(row[place] or 0) for row in table.rows) for place in (3, 5))
    return (
        f"Tổ công nghệ số cộng đồng có {_n(members)} thành viên, {_n(done)} thành viên đã hoàn thành khóa học trong"
        " năm.",
    )


def _behind(table: Table | None) -> tuple[str, ...]:
    if table is None or not (rows := _with_verdict(table, "Chưa đạt")):
        return ()
    return ("Chỉ tiêu chưa đạt mục tiêu năm: " + "; ".join(str(row[1]) for row in rows) + ".",)


def _with_verdict(table: Table, verdict: str) -> list[tuple[Cell, ...]]:
    return [row for row in table.rows if row[10] == verdict]


def _n(cell: Cell) -> str:
    return printed(cell, "int")
