"""Erasing somebody on request: every domain in one transaction, then the files nothing leads to any more."""

from collections.abc import Callable

from sqlalchemy import select

from app.core import audit, clock
from app.core.db import Database
from app.core.storage import Storage
from app.identity.records import shown_as
from app.privacy.holdings import holdings
from app.privacy.models import PrivacyRequest
from app.privacy.service import OPEN


def carry_out(database: Database, storage: Storage, request_id: int, beat: Callable[[], None]) -> int:
    """Do a granted erasure; how many files went. One that was done, or never granted, is left alone.

    What files must go is committed with the erasure, so that whoever comes after a kill knows them.
    """
    with database.writing() as db:
        request = db.get_one(PrivacyRequest, request_id, with_for_update=True)
        if request.state != "granted":
            return 0
        person_id, keys = request.person_id, list(request.files)
        records = sorted(shown_as(db, [person_id]))
        for copy in db.scalars(
            select(PrivacyRequest).where(PrivacyRequest.person_id.in_(records), PrivacyRequest.kind == "copy")
        ):
            keys += copy.files
            copy.files, copy.size = [], None
            copy.state = "cancelled" if copy.state in OPEN else copy.state
        # Identity is the last: until then everybody can still be told apart.
        for holding in reversed(holdings()):
            for record in records:
                keys += holding.erase_person(db, record)
        request.files = keys
        audit.record(db, "person.erase", "person", person_id, request=request_id)
    for number, key in enumerate(keys):
        if number % 20 == 0:
            beat()
        storage.delete(key)
    with database.writing() as db:
        request = db.get_one(PrivacyRequest, request_id)
        request.files, request.state, request.done_at = [], "done", clock.now()
    return len(keys)
