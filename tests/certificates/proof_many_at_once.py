"""10,000 people finish the same course within a minute, and servers are killed: `make proof` prints the figures."""

from app.core.db import Database
from tests.certificates.finishing import expected, figures, finish_all, prepare

PEOPLE = 10_000


def test_ten_thousand_finish_while_servers_are_killed(database: Database) -> None:
    enrolments = prepare(database, PEOPLE)
    went = finish_all(database.url, enrolments, servers=4, at_once=500, kills=20, pause=(0.2, 0.6))
    print(f"\n{PEOPLE} người trong {went.seconds:.0f} giây, {went.kills} lần giết: {figures(database)}")
    assert figures(database) == expected(PEOPLE)
