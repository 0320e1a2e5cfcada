"""Slips for a first sign-in: cards to cut out, each with a user name, a one-time code and a QR code that opens it.

Only who has never signed in gets one. The codes exist in the PDF and nowhere else; it lies sealed in the storage for a
day, for whoever had it made.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session, contains_eager

from app.core import clock, ids, jobs, qr
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import AppError, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.jobs import Job, JobContext
from app.core.paper import forget_recent, typeset
from app.core.settings import get_settings
from app.core.storage import Storage
from app.core.templating import format_date
from app.core.text import name_key, vietnamese_key
from app.identity.codes.issuing import beyond_own
from app.identity.codes.models import SlipSheet
from app.identity.codes.one_time_codes import KINDS, issue
from app.identity.models import Account, Affiliation, SignInSession
from app.identity.people.people_queries import posts_of
from app.identity.policy import MANAGE, held_on, visible_people
from app.identity.sealing import seal_file, unseal_file
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import actor_of
from app.identity.units.unit_queries import UnitOnDay, units_by_id

KEPT = timedelta(days=1)
# Slips of one file: fifty pages are what a printer takes, and what may lie in memory.
MOST_SLIPS = 500
_AT_ONCE = 100
_SHOWN = 60


@dataclass(frozen=True)
class Slip:
    """One card."""

    name: str
    unit: str
    username: str
    code: str


@dataclass(frozen=True)
class SheetView:
    """A sheet its maker had made. `state`: waiting, ready, failed, gone."""

    id: int
    title: str
    created_at: datetime
    until: datetime
    count: int | None
    state: str
    progress_ratio: float
    problem: str


def order_unit_slips(db: Session, actor: Actor, unit: UnitOnDay) -> list[SlipSheet]:
    """`order_slips` for all who hold a post today in the unit or below it."""
    below = select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit.unit_id, closure_on(clock.today()), UnitClosure.carried != "before"
    )
    here = select(Affiliation.person_id).where(Affiliation.unit_id.in_(below), held_on(clock.today()))
    return _order(db, actor, _waiting(db, actor, Account.person_id.in_(here)), unit.name)


def order_slips(db: Session, actor: Actor, person_ids: Sequence[int], title: str) -> list[SlipSheet]:
    """Have slips made by a job for those of these people who have never signed in and whom the actor may let in.

    Many make several files, in the order of units and names. Raises Invalid (field `unit`) if there is nobody.
    """
    waiting: list[Account] = []
    for at in range(0, len(person_ids), _AT_ONCE):
        waiting += _waiting(db, actor, Account.person_id.in_(person_ids[at : at + _AT_ONCE]))
    return _order(db, actor, waiting, title)


def may_order_slip(db: Session, actor: Actor, person_id: int) -> bool:
    """Whether `order_slips` would take this person."""
    return bool(_waiting(db, actor, Account.person_id == person_id))


def sheets_of(db: Session, actor: Actor) -> list[SheetView]:
    """The newest sheets the actor had made."""
    mine = select(SlipSheet).where(SlipSheet.account_id == actor.account_id).order_by(SlipSheet.id.desc())
    sheets = db.scalars(mine.limit(_SHOWN)).all()
    subjects = [_subject(sheet.id) for sheet in sheets]
    jobs_of = {job.subject: job for job in db.scalars(select(Job).where(Job.subject.in_(subjects)))}
    return [_view(sheet, jobs_of.get(_subject(sheet.id))) for sheet in sheets]


def read_sheet(db: Session, storage: Storage, actor: Actor, sheet_id: int) -> bytes:
    """The PDF. Raises NotFound for somebody else's, or one that is not there yet or any more."""
    sheet = db.get(SlipSheet, sheet_id)
    if sheet is None or sheet.account_id != actor.account_id or not sheet.storage_key:
        raise NotFound
    return unseal_file(b"".join(storage.read(sheet.storage_key)))


# --- what the jobs do ---------------------------------------------------------------------------------------------


def make_slips(context: JobContext, sheet_id: int) -> dict[str, int] | None:
    """Make codes and the PDF that tells them. A second run makes them anew: the first ones open nothing any more."""
    with context.database.reading() as db:
        sheet = db.get(SlipSheet, sheet_id)
        if sheet is None or sheet.storage_key:
            return None
        people, title, made_at = sheet.people, sheet.title, sheet.created_at
    slips: list[Slip] = []
    for at in range(0, len(people), _AT_ONCE):
        with context.database.writing() as db:
            slips += _issued(db, sheet_id, people[at : at + _AT_ONCE])
        context.progress(0.8 * (at + _AT_ONCE) / len(people), _("Đã cấp %(count)s mã", count=len(slips)))
    if not slips:
        with context.database.writing() as db:
            db.get_one(SlipSheet, sheet_id).people = []
        raise AppError(_("Không còn ai cần phiếu: mọi người trong danh sách đã đăng nhập."))
    key = f"slips/{ids.token()}.sealed"
    context.storage.put(key, io.BytesIO(seal_file(draw(title, slips, made_at))))
    forget_recent()
    with context.database.writing() as db:
        sheet = db.get_one(SlipSheet, sheet_id)
        # Whose slips they were is no longer asked.
        sheet.storage_key, sheet.count, sheet.people = key, len(slips), []
    return {"count": len(slips)}


def forget_slips(context: JobContext) -> dict[str, int]:
    """Delete the files of more than a day ago, and whom sheets that never came to be were for; that they were asked
    for stays known."""
    with context.database.reading() as db:
        old = select(SlipSheet.id, SlipSheet.storage_key).where(
            SlipSheet.storage_key != "", SlipSheet.created_at < clock.now() - KEPT
        )
        forgotten = db.execute(old).all()
    for sheet_id, key in forgotten:
        context.storage.delete(key)
        with context.database.writing() as db:
            db.get_one(SlipSheet, sheet_id).storage_key = ""
    with context.database.writing() as db:
        never_made = SlipSheet.count.is_(None) & (SlipSheet.created_at < clock.now() - KEPT)
        for sheet in db.scalars(select(SlipSheet).where(never_made)):
            job = jobs.latest(db, _subject(sheet.id))
            # One whose turn is still to come needs them.
            if job is None or job.state in jobs.FINISHED:
                sheet.people = []
    return {"forgotten": len(forgotten)}


def draw(title: str, slips: Sequence[Slip], made_at: datetime) -> bytes:
    """The PDF: ten cards a page, each unit on pages of its own, in Vietnamese order of units and names."""
    day, url = clock.day_of(made_at), get_settings().public_url
    until = format_date(clock.day_of(made_at + KINDS["slip"].holds))
    ordered = sorted(slips, key=lambda slip: _by_unit(slip.unit, slip.name))
    said = {
        "title": f"Phiếu đăng nhập lần đầu: {title}",
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "page": f"{url}/sign-in/code".removeprefix("https://").removeprefix("http://"),
        "until": until,
        "units": [
            {
                "name": unit,
                "slips": [
                    {
                        "name": slip.name, "username": slip.username, "code": slip.code,
                        "qr": qr.svg(f"{url}/sign-in/code?code={quote(slip.code)}"),
                    }
                    for slip in some
                ],
            }
            for unit, some in groupby(ordered, lambda slip: slip.unit)
        ],
    }  # fmt: skip
    return typeset(Path(__file__).with_name("slips.typ"), said)


def _order(db: Session, actor: Actor, waiting: Sequence[Account], title: str) -> list[SlipSheet]:
    if not waiting:
        raise Invalid(fields={"unit": _("Ở đây không còn ai chưa đăng nhập lần nào mà anh/chị cấp phiếu được.")})
    units = _units(db, [account.person_id for account in waiting])
    in_order = sorted(waiting, key=lambda one: _by_unit(units.get(one.person_id, ""), one.person.name))
    people = [account.person_id for account in in_order]
    parts = [people[at : at + MOST_SLIPS] for at in range(0, len(people), MOST_SLIPS)]
    sheets = []
    for number, part in enumerate(parts, start=1):
        called = f"{title[:180]} ({number}/{len(parts)})" if len(parts) > 1 else title[:200]
        sheet = SlipSheet(account_id=actor.account_id, title=called, people=part, created_at=clock.now())
        db.add(sheet)
        db.flush()
        jobs.enqueue(db, "identity.make_slips", subject=_subject(sheet.id), owner=actor.account_id, sheet_id=sheet.id)
        sheets.append(sheet)
    return sheets


def _by_unit(unit: str, name: str) -> tuple[object, ...]:
    return vietnamese_key(unit), unit, name_key(name)


def _waiting(db: Session, actor: Actor, which: ColumnElement[bool]) -> list[Account]:
    """Those of these accounts that nobody has signed in to and that the actor may let somebody into."""
    signed_in = exists().where(SignInSession.account_id == Account.id)
    accounts = db.scalars(
        select(Account)
        .join(Account.person)
        .where(which, Account.must_change_password, Account.disabled_at.is_(None), ~signed_in)
        .where(visible_people(actor, MANAGE))
        .order_by(Account.id)
        .options(contains_eager(Account.person))
    ).all()
    beyond = set()
    for at in range(0, len(accounts), _AT_ONCE):
        beyond |= beyond_own(db, actor, [account.id for account in accounts[at : at + _AT_ONCE]])
    return [account for account in accounts if account.id not in beyond]


def _issued(db: Session, sheet_id: int, person_ids: Sequence[int]) -> list[Slip]:
    """Codes for those who are still waiting; what opened their accounts before does so no longer."""
    # What the maker may do is judged now, not when the button was pressed.
    actor = actor_of(db, db.get_one(SlipSheet, sheet_id).account_id)
    if actor is None:
        raise NotFound
    accounts = _waiting(db, actor, Account.person_id.in_(person_ids))
    codes = issue(db, [account.id for account in accounts], "slip", actor.account_id)
    # Nobody knows this one: the code of an imported list ends with the slip that follows it.
    shut = passwords.hash_one_time_code(ids.token())
    db.execute(update(Account).where(Account.id.in_(codes)).values(password_hash=shut))
    units = _units(db, [account.person_id for account in accounts])
    return [
        Slip(account.person.name, units.get(account.person_id, ""), account.username, codes[account.id])
        for account in accounts
    ]


def _units(db: Session, person_ids: Sequence[int]) -> dict[int, str]:
    """Where each person works today, by the primary post if there are several."""
    today = clock.today()
    held = {}
    for person_id, posts in posts_of(db, person_ids).items():
        for post in sorted((one for one in posts if one.held_on(today)), key=lambda one: one.is_primary):
            held[person_id] = post.unit_id
    units = units_by_id(db, set(held.values()), today)
    return {person_id: units[unit_id].name for person_id, unit_id in held.items()}


def _view(sheet: SlipSheet, job: Job | None) -> SheetView:
    state = "ready" if sheet.storage_key else "gone" if sheet.count is not None else "waiting"
    if state == "waiting" and (job is None or job.state in ("failed", "cancelled")):
        state = "failed"
    return SheetView(
        sheet.id, sheet.title, sheet.created_at, sheet.created_at + KEPT, sheet.count, state,
        job.progress_ratio if job else 0.0, (job.error if job else "") or "",
    )  # fmt: skip


def _subject(sheet_id: int) -> str:
    return f"slips:{sheet_id}"
