"""Putting a draft in force: a new version is appended, the old ones stay, and the ledger follows."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict
from app.core.i18n import gettext as _
from app.coverage.indicators.definition_form import IndicatorForm, checked, choices_for
from app.coverage.indicators.definitions import definitions
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.models import Indicator


def put_in_force(db: Session, actor: Actor, draft: IndicatorDraft) -> str:
    """Append the version of a draft, which goes; returns the code. Raises Conflict if there is a newer version than
    the one it starts from, Invalid if what it says holds no more."""
    known = definitions(db, draft.indicator_code)
    newest = max((one.number for one in known), default=None)
    if newest != draft.base_number:
        raise Conflict(_("Chỉ tiêu này vừa có phiên bản mới. Bản nháp vẫn còn; hãy lập bản mới từ phiên bản ấy."))
    form = IndicatorForm(**draft.typed)
    words, version = checked(form, choices_for(db), is_new=newest is None)
    indicator = db.get(Indicator, draft.indicator_code)
    if indicator is None:
        words.position = (db.scalar(select(func.max(Indicator.position))) or 0) + 1
        db.add(words)
    else:
        for name in ("plan", "title", "name", "source_section", "note"):
            setattr(indicator, name, getattr(words, name))
    db.flush()
    version.number, version.recorded_at, version.account_id = (newest or 0) + 1, clock.now(), actor.account_id
    db.add(version)
    db.delete(draft)
    db.flush()
    audit.record(
        db, "indicator.define", "indicator_version", version.id, account_id=actor.account_id,
        indicator=version.indicator_code, number=version.number, from_year=version.valid_from_year,
    )  # fmt: skip
    jobs.enqueue(db, "coverage.rebuild", unique_key="coverage.rebuild")
    return version.indicator_code


def drafts_of(db: Session, code: str | None) -> list[IndicatorDraft]:
    """Drafts of new versions of an indicator; of new indicators for None."""
    fitting = IndicatorDraft.base_number.is_(None) if code is None else IndicatorDraft.indicator_code == code
    return list(db.scalars(select(IndicatorDraft).where(fitting).order_by(IndicatorDraft.id)))
