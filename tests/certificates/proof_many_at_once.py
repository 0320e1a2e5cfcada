"""10,000 people finish the same course within a minute, and processes are killed: `make proof` prints the figures."""

from app.core.db import Database
from tests.certificates.finishing import expected, figures, finish_all, prepare

PEOPLE = 10_000


def test_ten_thousand_finish_while_processes_are_killed(database: Database) -> None:
    version_id, people = prepare(database, PEOPLE)
    seconds = finish_all(database.url, version_id, people, workers=4, kills=20)
    print(f"\n{PEOPLE} người trong {seconds:.0f} giây, 20 lần giết: {figures(database)}")
    assert figures(database) == expected(PEOPLE)
