"""Who is missing: the balances lead to the same people as the ledger does, page after page, whoever asks."""

from datetime import date

from app.core.access import Actor
from app.core.db import Database, Session
from app.coverage.counting.figures import Question, figure_alone
from app.coverage.counting.settling import settle
from app.coverage.dashboard.missing import missing_people
from app.identity.units.reorganising import carry_out
from app.identity.units.wishes import Create, Draft
from tests import factories

TODAY = date(2026, 11, 21)
# Members of the roster by unit, every third of them done; T1 and T2 are villages of the first commune.
MEMBERS = {"07210": 5, "T1": 7, "T2": 2, "07228": 4, "09187": 3}
SEEN = (("24",), ("07210",), ("T2", "07228"), ("24", "T1"), ("09208",))


def test_the_balances_lead_to_the_people_the_ledger_finds(database: Database) -> None:
    with database.writing() as db:
        _fill(db)
    asked = [(unit, seen_at) for unit in ("24", "07210") for seen_at in SEEN]
    added_up = [_listed(database, *one, per_page=100) for one in asked]
    assert len(added_up[0]) == 16, "who has done nothing, in the whole province"
    assert not added_up[4], "nobody of what the actor is not responsible for"
    settle(database)
    for few in (0, 1000):
        for one, should in zip(asked, added_up, strict=True):
            found = _listed(database, *one, per_page=5, few=few)
            assert sorted(found) == sorted(should)
            units = [unit for unit, _person in found]
            assert units == sorted(units, key=units.index), "by unit"


def _listed(
    database: Database, unit: str, seen_at: tuple[str, ...], *, per_page: int, few: int = 0
) -> list[tuple[str, str]]:
    """Unit and name, of all pages."""
    with database.reading() as db:
        grants = frozenset(factories.unit_id(db, code) for code in seen_at)
        actor = Actor(1, 1, "Lê Thị Quản", 1, {"coverage.people": grants})
        figure = figure_alone(db, Question("BD-CBCC", unit, TODAY))
        first = missing_people(db, actor, figure, per_page=per_page, few=few)
        others = [
            missing_people(db, actor, figure, page, per_page=per_page, few=few) for page in range(2, first.pages + 1)
        ]
        found = [(one.unit_name, one.name) for page in (first, *others) for one in page.people]
        assert {page.total for page in (first, *others)} == {len(found)}
        return found


def _fill(db: Session) -> None:
    version = factories.course(db)
    commune = factories.unit_id(db, "07210")
    for code in ("T1", "T2"):
        draft = Draft(code, f"Thôn {code}", "village", "Thôn", commune)
        carry_out(db, Create(draft), date(2026, 1, 1), "thử", account_id=None)
    for code, count in MEMBERS.items():
        for number, letter in enumerate("ABCDEGH"[:count]):
            member = factories.person(db, f"Nguyễn Văn {letter}")
            factories.post(db, member, code, started_on=date(2026, 2, 1))
            if number % 3 == 2:
                factories.completion(db, member, version, date(2026, 3, 10))
