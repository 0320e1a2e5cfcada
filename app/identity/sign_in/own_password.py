"""Asking somebody signed in for their password once more, before what would hand over the account."""

from app.core import limiting
from app.core.access import Actor
from app.core.db import Database
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.identity.models import Account
from app.identity.sign_in import passwords
from app.identity.sign_in.passwords import Verdict


def password_error(databases: Database, config: Settings, actor: Actor, password: str) -> str:
    """What is wrong with it, "" if it is theirs. Slow: outside of any transaction. Raises TooMany.

    Whoever found a phone lying signed in must not make the account their own.
    """
    key = f"account:{actor.account_id}"
    with databases.reading() as db:
        limiting.check(db, "password", config.sign_in_limit, key)
        password_hash = db.get_one(Account, actor.account_id).password_hash
    if passwords.verify(password_hash, password) is not Verdict.WRONG:
        return ""
    with databases.writing() as db:
        limiting.hit(db, "password", config.sign_in_limit, key)
    return _("Mật khẩu hiện nay chưa đúng.")
