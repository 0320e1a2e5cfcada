"""What changed between two reports, cell by cell; a pure function."""

from dataclasses import dataclass

from app.coverage.reports.frames import Cell, Report, Table, printed

# Rows are the same where their second cells say the same: the indicator, the task, the unit.
_NAME = 1


@dataclass(frozen=True)
class Change:
    """`place` says where, `column` of a form or "" for the words; "" is what was not there."""

    place: str
    row: str
    column: str
    before: str
    after: str


def changes(old: Report, new: Report) -> list[Change]:
    """In the order of the new report; forms, rows and words that only one of them has are told whole."""
    found = [
        Change(name, "", "", before, after)
        for name, before, after in _words(old, new)
        if before != after
    ]  # fmt: skip
    before_by, after_by = ({table.form: table for table in one.annexes} for one in (old, new))
    for form in dict.fromkeys((*after_by, *before_by)):
        before, after = before_by.get(form), after_by.get(form)
        if before and after:
            found += _cells(before, after)
        else:
            there = before or after
            assert there is not None
            found.append(
                Change(f"Biểu {form[1:]}", "", "", there.title if before else "", there.title if after else "")
            )
    return found


def _cells(old: Table, new: Table) -> list[Change]:
    place, found = f"Biểu {new.form[1:]}", []
    before, after = ({str(row[_NAME]): row for row in table.rows} for table in (old, new))
    for name in dict.fromkeys((*after, *before)):
        if name not in before or name not in after:
            found.append(Change(place, name, "", name if name in before else "", name if name in after else ""))
            continue
        for at, column in enumerate(new.columns):
            was, is_ = _cell(old, before[name], at), _cell(new, after[name], at)
            # The number of the line moves with the lines around it.
            if at and was != is_:
                found.append(Change(place, name, column.header, was, is_))
    return found


def _cell(table: Table, row: tuple[Cell, ...], at: int) -> str:
    return printed(row[at], table.columns[at].kind)


def _words(old: Report, new: Report) -> list[tuple[str, str, str]]:
    parts = [("Tên báo cáo", old.subject, new.subject), ("Số liệu", old.basis_words, new.basis_words)]
    before, after = ({one.heading: "\n".join(one.paragraphs) for one in report.sections} for report in (old, new))
    return parts + [(name, before.get(name, ""), after.get(name, "")) for name in dict.fromkeys((*after, *before))]
