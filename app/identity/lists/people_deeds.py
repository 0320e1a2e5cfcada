"""What a row of a list wrote, so that it can be taken back."""

from dataclasses import dataclass, field
from datetime import date, datetime

from app.identity.models import Affiliation, Person
from app.identity.sealing import SealedFields

PostWas = tuple[int, date | None, datetime | None]


@dataclass(frozen=True)
class Wrote:
    """By ids: the post that began, the posts that ended (their last day from before, and when that was recorded), the
    person's fields before and after if something was completed."""

    person_id: int
    is_new: bool
    post_id: int | None
    ended: tuple[PostWas, ...]
    before: SealedFields | None
    after: SealedFields | None
    sex_given: bool


@dataclass
class Deed:
    """The same while it is done, when rows have no ids yet."""

    person: Person
    is_new: bool = False
    began: Affiliation | None = None
    ended: list[tuple[Affiliation, date | None, datetime | None]] = field(default_factory=list)
    before: SealedFields | None = None
    after: SealedFields | None = None
    sex_given: bool = False

    def written(self) -> Wrote:
        """After the flush."""
        return Wrote(
            self.person.id, self.is_new, self.began.id if self.began else None,
            tuple((post.id, last, recorded) for post, last, recorded in self.ended),
            self.before, self.after, self.sex_given,
        )  # fmt: skip
