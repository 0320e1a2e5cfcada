"""Hundreds finish at once while servers are killed: as many certificates, numbered without a gap or a double."""

from app.core.db import Database
from tests.certificates.finishing import expected, figures, finish_all, prepare


def test_everybody_gets_one_certificate_and_the_numbers_run_on(database: Database) -> None:
    enrolments = prepare(database, 300)
    went = finish_all(database.url, enrolments, servers=2, at_once=25, kills=2, pause=(0.05, 0.15))
    assert (went.kills, figures(database)) == (2, expected(300))
