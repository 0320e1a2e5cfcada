"""`python -m app doctor`: whether this installation is sound, and whether its audit is still what was sealed."""

import argparse
import json

from app.admin import health
from app.admin.health import Check
from app.core import audit_seals
from app.core.audit_seals import Examined
from app.core.i18n import gettext as _
from app.core.templating import format_number
from app.runtime import Runtime


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser(
        "doctor", help="khám hệ thống, kiểm chuỗi niêm phong của nhật ký / examine the installation and the audit"
    )
    doctor.add_argument(
        "--seal", metavar="MÃ/HASH", help="con dấu đã ghi lại ở nơi khác, phải còn trong chuỗi / a seal noted elsewhere"
    )
    doctor.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")
    doctor.set_defaults(func=_doctor)


def _doctor(args: argparse.Namespace, runtime: Runtime) -> int:
    """0 all well, 1 something to do, 2 the database could not be examined."""
    checks = health.essential_checks(runtime.database, runtime.storage)
    if not checks[0].ok:
        _tell(args, checks, None)
        return 2
    with runtime.database.reading() as db:
        checks += health.work_checks(db, runtime.storage)
        chain = audit_seals.examine(db)
        checks.append(_chain(chain))
        if args.seal:
            checks.append(_noted(args.seal, audit_seals.is_known(db, args.seal)))
    _tell(args, checks, chain)
    return 0 if all(check.ok for check in checks) else 1


def _chain(chain: Examined) -> Check:
    if chain.faults:
        return Check("chain", False, " ".join(fault.text for fault in chain.faults))
    counts = {"batches": format_number(chain.batches), "entries": format_number(chain.entries)}
    return Check("chain", True, _("%(entries)s mục trong %(batches)s lô đều như lúc niêm phong", **counts))


def _noted(seal: str, is_known: bool) -> Check:
    if is_known:
        return Check("noted", True, _("con dấu %(seal)s còn trong chuỗi", seal=seal))
    text = _("Con dấu %(seal)s không có trong chuỗi: nhật ký đã bị cắt, thay cả chuỗi, hoặc phục hồi từ bản sao lưu cũ "
             "hơn.", seal=seal)  # fmt: skip
    return Check("noted", False, text)


def _tell(args: argparse.Namespace, checks: list[Check], chain: Examined | None) -> None:
    if args.json:
        told = {"ok": all(check.ok for check in checks), "checks": [vars(check) for check in checks]}
        if chain is not None:
            faults = [vars(fault) for fault in chain.faults]
            told["audit"] = {
                "batches": chain.batches, "entries": chain.entries, "last_seal": chain.last, "faults": faults,
            }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    titles = health.titles() | {"chain": _("Chuỗi niêm phong"), "noted": _("Con dấu đã ghi lại")}
    good, bad = _("tốt"), _("CẦN XỬ LÝ")
    for check in checks:
        print(f"{good if check.ok else bad}  {titles[check.name]}: {check.text}")
    if chain is not None and chain.last:
        print(_("Con dấu cuối: %(seal)s. Hãy ghi lại ở nơi khác; lần sau kiểm bằng --seal.", seal=chain.last))
