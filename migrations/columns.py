"""Columns as the models have them (app/core/db.py), for the migrations that make tables."""

import sqlalchemy as sa


def wide_id() -> sa.types.TypeEngine[int]:
    """Of `core.db.pk` and of whatever counts or points: 64 bits; SQLite numbers rows by itself only as INTEGER."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
