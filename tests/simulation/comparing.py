"""Reads whole databases as values that do not depend on identifiers, nonces and random codes."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Table, select

from app.core.db import Base, Session
from app.identity import sealing
from app.identity.models import Person

# Not written by the bulk path on purpose: the PDF of a simulated certificate is made when somebody asks for it. How far
# the balances are hangs on when they were asked for; the balances themselves are compared.
LEFT_OUT = {"job", "coverage_book"}
# What differs between any two runs: opaque references, codes, keys.
RANDOM = {"person": {"ref", "wrapped_key"}, "certificate": {"code"}}
# Rows of these get their ids in a different order. All other ids stand in both databases before either way begins.
RENUMBERED = {"person", "affiliation", "enrolment", "block_progress", "completion", "certificate"}

Described = dict[str, Counter[str]]


def describe(db: Session) -> Described:
    """Table -> rows as text, each with how often it occurs. A row names others by what they say, not by their ids."""
    reader = _Reader(db)
    # The audit names rows of any table without a foreign key to it.
    tables = sorted(Base.metadata.sorted_tables, key=lambda table: table.name == "audit_entry")
    return {table.name: Counter(reader.rows_of(table)) for table in tables if table.name not in LEFT_OUT}


class _Reader:
    def __init__(self, db: Session) -> None:
        self._db = db
        self._people = {person.id: person for person in db.scalars(select(Person))}
        # Table -> id -> a short hash of the row, which stands for it wherever it is named.
        self._named: dict[str, dict[int, str]] = {name: {} for name in RENUMBERED}

    def rows_of(self, table: Table) -> list[str]:
        names = [one.name for one in table.columns if one.name not in {"id"} | RANDOM.get(table.name, set())]
        targets = {
            column.name: self._named[key.column.table.name]
            for column in table.columns
            for key in column.foreign_keys
            if key.column.table.name in RENUMBERED
        }
        if table.name not in RENUMBERED and not targets and table.name != "audit_entry":
            return [repr(tuple(row)) for row in self._db.execute(select(*(table.c[name] for name in names)))]
        rows = []
        for row in self._db.execute(select(table)).mappings():
            values = {name: self._value(table.name, name, row, targets) for name in names}
            said = msgspec.json.encode(values, enc_hook=str, order="sorted").decode()
            if table.name in RENUMBERED:
                self._named[table.name][row["id"]] = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
            rows.append(said)
        return rows

    def _value(self, table: str, name: str, row: Mapping[str, Any], targets: Mapping[str, Mapping[int, str]]) -> Any:
        value = row[name]
        if value is None:
            return None
        if name in targets:
            return targets[name][value]
        if name == "subject_id":
            return self._named[row["subject_kind"]][int(value)] if row["subject_kind"] in RENUMBERED else value
        if (table, name) == ("person", "sealed"):
            return str(sealing.unseal(self._people[row["id"]]))
        if name == "sealed_birth_date":
            return sealing.unseal_text(self._people[row["person_id"]], value)
        return value.hex() if isinstance(value, bytes) else value


def differences(one: Described, other: Described, most: int = 3) -> list[str]:
    """Sentences about tables that differ; empty if both say the same."""
    found = []
    for table in one:
        lacking, extra = one[table] - other[table], other[table] - one[table]
        if lacking or extra:
            found.append(f"{table}: {lacking.total()} rows only in the first, {extra.total()} only in the other")
            found += [f"  first: {row}" for row in list(lacking)[:most]]
            found += [f"  other: {row}" for row in list(extra)[:most]]
    return found
