"""How a route is declared, and who may be let in: words for the declarations beside this file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.access.world import ANONYMOUS, PERSONAS, World

SIGN_IN, FORBIDDEN, HIDDEN = 303, 403, 404
EVERYBODY = frozenset(PERSONAS)
SIGNED_IN = EVERYBODY - {ANONYMOUS}
NOBODY: frozenset[str] = frozenset()
LEARNER, MANAGER = frozenset({"learner"}), frozenset({"manager"})
ENROLLED = frozenset({"learner", "other_learner"})
IMPORTER, IMPORTERS = frozenset({"province_admin"}), frozenset({"province_admin", "other_admin"})
MANAGERS = IMPORTERS | {"manager", "other_manager"}
MANAGERS_HERE = IMPORTERS | {"manager"}
MARKERS = IMPORTERS | {"instructor", "other_instructor"}
MARKERS_HERE = IMPORTERS | {"instructor"}
FOLLOWERS = MANAGERS | MARKERS
PUBLISHERS = IMPORTERS | {"content_admin"}
PROVINCE_AUTHORS = PUBLISHERS | {"author"}
AUTHORS = PROVINCE_AUTHORS | {"other_author"}
PROVINCE_REVIEWERS = PROVINCE_AUTHORS | {"reviewer"}
REPORTERS = MANAGERS | {"reporter"}
OPERATORS = IMPORTERS | {"operator"}


# The task in the world is confirmed by a unit manager.
_NO_CONFIRMER = dict.fromkeys(("other_manager", "instructor", "other_instructor"), HIDDEN)


@dataclass(frozen=True)
class Declared:
    """One call of a route. What is open to everybody, or to everybody signed in, must say why.

    `others`: what the signed-in personas get who are not let in; `refused` says it for single ones. `secret` is a text
    only `told_to` may read in an answer, whether they were let in or not.
    """

    method: str
    path: str
    url: str
    allowed: frozenset[str]
    why_open: str = ""
    case: str = ""
    others: int = FORBIDDEN
    refused: Mapping[str, int] = field(default_factory=dict)
    anonymous: int = SIGN_IN
    answers: tuple[int, ...] = (200,)
    secret: str = ""
    told_to: frozenset[str] = NOBODY
    form: Mapping[str, str] = field(default_factory=dict)
    # Form field: name of the file, and the world's field that holds its bytes.
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    # A body that is no form; its token goes into a header.
    content: bytes | None = None
    # Sent besides, as the key of a program.
    headers: Mapping[str, str] = field(default_factory=dict)
    # It answers with a part of a page, for htmx to put into one.
    is_part: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" ({self.case})" if self.case else "")

    @property
    def is_unsafe(self) -> bool:
        return self.method not in ("GET", "OPTIONS")

    def refusal(self, persona: str) -> int:
        """The status somebody gets who is not let in."""
        return self.anonymous if persona == ANONYMOUS else self.refused.get(persona, self.others)

    def request(self, world: World, token: str) -> dict[str, Any]:
        """What httpx sends; a page puts its token into the form, into the address of an upload, or into a header."""
        call: dict[str, Any] = {"url": world.fill(self.url), "headers": {"accept": "text/html,application/xhtml+xml"}}
        call["headers"] |= {name: world.fill(value) for name, value in self.headers.items()}
        if self.json is not None:
            filled = {name: world.fill(value) if isinstance(value, str) else value for name, value in self.json.items()}
            return call | {"json": filled, "headers": {"accept": "application/json", "x-csrf-token": token}}
        if not self.is_unsafe:
            return call
        if self.content is not None:
            return call | {"content": self.content, "headers": call["headers"] | {"x-csrf-token": token}}
        form = {name: world.fill(value) for name, value in self.form.items()}
        if self.files:
            opened = {name: (file, getattr(world, held)) for name, (file, held) in self.files.items()}
            return call | {"params": {"csrf_token": token}, "data": form, "files": opened}
        return call | {"data": form | {"csrf_token": token}}


def page(path: str, allowed: frozenset[str], url: str = "", **more: Any) -> Declared:
    return Declared("GET", path, url or path, allowed, **more)


def act(path: str, allowed: frozenset[str], url: str = "", **more: Any) -> Declared:
    """A form; it answers with the page to go to unless `answers` says otherwise."""
    return Declared("POST", path, url or path, allowed, **{"answers": (303,)} | more)
