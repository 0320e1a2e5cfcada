"""What a fresh installation holds: the province's units, programmes and indicators, starter courses, demo people.

Every step is idempotent and cheap the second time, so that `serve` may run it at each start.
"""

import importlib
from collections.abc import Callable
from typing import Any

from app.core.i18n import gettext as _
from app.runtime import Runtime


def _get(module: str, name: str) -> Callable[..., Any] | None:  # TEMPORARY
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError:
        return None


def seed_everything(runtime: Runtime) -> list[str]:
    """Load what is missing; returns lines that say what was done."""
    done = []
    for module, name in (
        ("app.identity.units", "seed_units"), ("app.catalogue.programmes", "seed_programmes"), ("app.coverage.seeding", "seed_indicators"),
    ):  # fmt: skip
        if step := _get(module, name):
            with runtime.database.writing() as db:
                step(db)
    done.append(_("Đã có đơn vị hành chính, nhiệm vụ đào tạo và chỉ tiêu."))
    if runtime.settings.demo and (step := _get("app.identity.demo", "seed_demo")):
        with runtime.database.writing() as db:
            step(db)
        done.append(_("Đã có người dùng mẫu."))
    if load := _get("app.authoring.folder", "load_starter_courses"):
        for title in load(runtime):
            done.append(_("Đã có khóa học: %(title)s", title=title))
    return done
