"""Fill a database with a made-up province: units, people, their history from 2023 to yesterday."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, not_, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.certificates.forms import all_forms, chosen
from app.certificates.models import CertificateSeries
from app.core import clock
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.settings import get_settings
from app.coverage.counting.settling import forget_balances
from app.coverage.models import CoverageRollup
from app.identity.models import Person, Unit
from app.identity.people.people import DEMO, SIMULATED
from app.simulation.books import Books
from app.simulation.ledger import LedgerReplay
from app.simulation.places import Map
from app.simulation.population import Population
from app.simulation.replay import Replay
from app.simulation.shelf import Shelved, read_shelf
from app.simulation.stories import Storyteller
from app.simulation.units import add_units

_PEOPLE_A_BATCH = 2000
Say = Callable[[str], None]


@dataclass(frozen=True)
class Simulated:
    """What was written: rows by table."""

    people: int
    seed: int
    until: date
    units_added: int
    units: int
    courses: int
    rows: dict[str, int]


def simulate(db: Session, people: int, seed: int, say: Say = lambda _line: None) -> Simulated:
    """Add so many simulated people; one transaction, the caller's: stopping halfway leaves nothing.

    The same number, seed and day give the same rows, but for identifiers and random codes. A second call goes on
    counting where the first one stopped. Raises CommandFailed if anybody else is here.
    """
    refuse_real_people(db)
    with _much_memory(db):
        map_ = Map.read(db)
        if not map_.first_communes:
            raise CommandFailed(_("Chưa có đơn vị nào trong cơ sở dữ liệu. Hãy chạy lệnh seed trước."))
        say(_("Đang lập thôn, trường, trạm y tế, doanh nghiệp, tổ công nghệ số…"))
        units_added = add_units(db, map_)
        map_ = Map.read(db)
        shelf = read_shelf(db)
        say(_("Có %(units)s đơn vị, %(courses)s khóa học.", units=len(map_.lives), courses=len(shelf)))
        books = Books(db)
        ledger = LedgerReplay(db, books, sorted(map_.lives))
        teller = storyteller(map_, shelf, seed)
        first = 1 + count_simulated(db)
        numbers = range(first, first + people)
        serials = _number_certificates(db, teller, numbers)
        say(_("Đã viết xong câu chuyện của %(people)s người.", people=people))
        settings = get_settings()
        replay = Replay(
            books, map_, ledger, clock.now(), all_forms(db), (settings.signer_name, settings.signer_title)
        )  # fmt: skip
        for done, story in enumerate(teller.tell(numbers), start=1):
            replay.write(story, iter(serials.get(story.number, ())))
            if done % _PEOPLE_A_BATCH == 0 or done == people:
                books.write()
                say(_("Đã ghi %(done)s/%(people)s người.", done=done, people=people))
        books.finish()
        add_sums(db, ledger)
        forget_balances(db)
        # Without fresh statistics SQLite needs minutes for what takes a fifth of a second, e.g. who is still missing.
        db.execute(text("ANALYZE"))
    return Simulated(
        people=people, seed=seed, until=clock.today(), units_added=units_added,
        units=db.scalar(select(func.count()).select_from(Unit)) or 0, courses=len(shelf),
        rows={rows.table.name: rows.written for rows in books.all()},
    )  # fmt: skip


def storyteller(map_: Map, shelf: Sequence[Shelved], seed: int) -> Storyteller:
    """Stories that end yesterday."""
    return Storyteller(Population(map_), shelf, seed, clock.today())


def count_simulated(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(Person).where(Person.ref.startswith(SIMULATED))) or 0


def refuse_real_people(db: Session) -> None:
    """Raises CommandFailed if anybody here is neither simulated nor made up for a trial."""
    made_up: ColumnElement[bool] = or_(Person.ref.startswith(SIMULATED), Person.ref.startswith(DEMO))
    count = db.scalar(select(func.count()).select_from(Person).where(not_(made_up)))
    if count:
        raise CommandFailed(
            _(
                "Cơ sở dữ liệu này có %(count)s người không phải do mô phỏng hay dữ liệu mẫu tạo ra, nên không chạy mô "
                "phỏng trên đó. Hãy đặt DATA_DIR (hoặc DATABASE_URL) tới một nơi khác, chạy seed rồi chạy lại."
            ),
            count=count,
        )


def _number_certificates(db: Session, teller: Storyteller, numbers: range) -> dict[int, list[int]]:
    """The serial numbers of each person's certificates: given out in the order of time, as if issued one by one."""
    certified: list[tuple[datetime, int]] = []
    for story in teller.tell(numbers):
        certified += [(instant, story.number) for instant in story.certified_at]
    certified.sort()
    last: Counter[tuple[str, int]] = Counter(
        {(series.symbol, series.year): series.last_number for series in db.scalars(select(CertificateSeries))}
    )
    forms = all_forms(db)
    serials: dict[int, list[int]] = {}
    for instant, number in certified:
        day = clock.day_of(instant)
        series = chosen(forms, day).symbol, day.year
        last[series] += 1
        serials.setdefault(number, []).append(last[series])
    rows = [{"symbol": symbol, "year": year, "last_number": number} for (symbol, year), number in last.items()]
    _upsert(db, CertificateSeries, ["symbol", "year"], rows)
    return serials


def add_sums(db: Session, ledger: LedgerReplay) -> None:
    """Move the roll-ups by all that was judged."""
    names = ("indicator_version_id", "measure", "period", "unit_id", "half_month")
    rows = [dict(zip(names, key, strict=True), total=total) for key, total in sorted(ledger.sums.items())]
    _upsert(db, CoverageRollup, list(names), rows)


def _upsert(db: Session, model: Any, keys: list[str], rows: list[dict[str, Any]]) -> None:
    """Insert; a row that is there gets the new total added (sums) or the new number (series)."""
    if not rows:
        return
    make = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(model)
    if model is CoverageRollup:
        set_ = {"total": CoverageRollup.total + statement.excluded.total}
    else:
        set_ = {"last_number": statement.excluded.last_number}
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=set_), rows)


@contextmanager
def _much_memory(db: Session) -> Iterator[None]:
    """Let the database keep its indexes in memory, and spare Python from looking through millions of living rows."""
    gc.disable()
    if db.get_bind().dialect.name == "sqlite":
        db.connection().exec_driver_sql("PRAGMA cache_size=-262144")
    try:
        yield
    finally:
        gc.enable()
