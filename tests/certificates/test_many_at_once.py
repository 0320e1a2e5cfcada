"""Hundreds finish at once while a process is killed: as many certificates, numbered without a gap or a double."""

from app.core.db import Database
from tests.certificates.finishing import expected, figures, finish_all, prepare


def test_everybody_gets_one_certificate_and_the_numbers_run_on(database: Database) -> None:
    version_id, people = prepare(database, 300)
    finish_all(database.url, version_id, people, workers=2, kills=2)
    assert figures(database) == expected(300)
