"""`python -m app privacy`: who was erased, and erasing them again after an older backup was restored."""

import argparse
import json
from pathlib import Path

from sqlalchemy import select

from app.core import audit, clock
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.identity.models import Person
from app.privacy import erasing
from app.privacy.models import PrivacyRequest
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    privacy = commands.add_parser("privacy", help="dữ liệu cá nhân đã xóa theo yêu cầu / data erased on request")
    verbs = privacy.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    erased = verbs.add_parser(
        "erased", help="in mã của những người đã xóa, JSON, không có tên / print who was erased, without names"
    )
    erased.set_defaults(func=_erased)
    again = verbs.add_parser(
        "erase-again", help="sau khi phục hồi bản sao lưu cũ: xóa lại những người trong tệp / erase them once more"
    )
    again.add_argument("file", type=Path, metavar="TỆP/FILE", help="tệp do lệnh erased in ra / what `erased` printed")
    again.set_defaults(func=_erase_again)


def _erased(args: argparse.Namespace, runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        rows = db.execute(
            select(Person.ref, Person.erased_at).where(Person.erased_at.is_not(None)).order_by(Person.erased_at)
        ).all()
    print(json.dumps([{"person": ref, "erased_at": at and at.isoformat()} for ref, at in rows], indent=1))
    return 0


def _erase_again(args: argparse.Namespace, runtime: Runtime) -> int:
    """0 all of them are erased; 1 some are not in this database (they came after the backup)."""
    refs = _refs(args.file)
    with runtime.database.writing() as db:
        back = db.execute(select(Person.ref, Person.id, Person.erased_at).where(Person.ref.in_(refs))).all()
        requests = []
        for _ref, person_id, erased_at in back:
            if erased_at is None:
                now = clock.now()
                again = PrivacyRequest(
                    person_id=person_id, kind="erase", asked_at=now, state="granted", answered_at=now, files=[]
                )
                db.add(again)
                db.flush()
                audit.record(db, "privacy.erase.again", "privacy_request", again.id)
                requests.append(again.id)
    for request_id in requests:
        erasing.carry_out(runtime.database, runtime.storage, request_id, lambda: None)
    print(_("Đã xóa lại %(count)s người.", count=len(requests)))
    missing = len(refs) - len(back)
    if missing:
        print(_("%(count)s mã không có trong cơ sở dữ liệu này.", count=missing))
    return 1 if missing else 0


def _refs(path: Path) -> list[str]:
    """Raises CommandFailed for a file that is none of ours."""
    try:
        return sorted({str(one["person"]) for one in json.loads(path.read_text(encoding="utf-8"))})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandFailed(
            _("Không đọc được tệp %(path)s: cần tệp do lệnh “privacy erased” in ra.", path=path)
        ) from error
