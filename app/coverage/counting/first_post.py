"""At which of several posts a completion counts, in SQL (DESIGN 5, Two posts); judging.py says it in memory."""

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from app.learning.models import CompletionPost

_BETTER = aliased(CompletionPost)


def is_first_post() -> ColumnElement[bool]:
    """Whether a row of CompletionPost is the post its completion counts at: primary, then the earliest start, then the
    lowest id. To ask it of all posts is faster than to look for the best of each completion.
    """
    return ~exists().where(
        _BETTER.completion_id == CompletionPost.completion_id,
        # Most hold one post, and this much the index knows.
        _BETTER.affiliation_id != CompletionPost.affiliation_id,
        or_(
            _BETTER.is_primary > CompletionPost.is_primary,
            and_(
                _BETTER.is_primary == CompletionPost.is_primary,
                or_(
                    _BETTER.started_on < CompletionPost.started_on,
                    and_(
                        _BETTER.started_on == CompletionPost.started_on,
                        _BETTER.affiliation_id < CompletionPost.affiliation_id,
                    ),
                ),
            ),
        ),
    )
