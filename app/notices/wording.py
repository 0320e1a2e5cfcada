"""A notice as it is read: its sentence in the reader's language."""

from app.core.i18n import gettext
from app.notices.models import Notice


def sentence_of(notice: Notice) -> str:
    return gettext(notice.sentence, **notice.values)
