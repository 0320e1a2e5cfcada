"""Who may do what: every route of the application, tried by every persona (declarations.py, world.py)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import httpx
import pytest

from app.main import BARE, PAGES
from tests.access.declarations import DECLARED, EVERYBODY, SIGNED_IN, Declared
from tests.access.stage import Stage, staged
from tests.access.world import ANONYMOUS, PERSONAS
from tests.seeded import Seeded

# One world for all: on several workers it would be built several times.
pytestmark = pytest.mark.xdist_group("access")

UNSAFE = [declared for declared in DECLARED if declared.is_unsafe]
REFUSING = [declared for declared in DECLARED if declared.allowed < EVERYBODY]


def routes() -> list[tuple[str, str]]:
    """Method and path of every route, HEAD apart: it is GET without a body."""
    found = [route for module in (*PAGES, *BARE) for route in module.router.routes]
    return [(method, route.path) for route in found for method in sorted(route.methods - {"HEAD"})]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("access"), seeded) as stage:
        yield stage


# --- the declarations ---------------------------------------------------------------------------------------------


def test_every_route_is_declared_and_every_declaration_names_a_route() -> None:
    assert sorted(set(routes())) == sorted({(declared.method, declared.path) for declared in DECLARED})


def test_no_route_hides_from_the_list(stage: Stage) -> None:
    assert [route.path for route in stage.app.routes if hasattr(route, "path")] == ["/static"]
    assert len(routes()) == len(set(routes()))


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")  # HEAD and GET of one function
def test_the_routes_can_be_described(stage: Stage) -> None:
    described = stage.app.openapi()["paths"]
    hot = {
        "/progress", "/attempts/{attempt_id}/answers", "/media/{public_id}/{name}", "/media/{seal}/{public_id}/{name}",
    }  # fmt: skip
    assert set(described) == {path for _method, path in routes()} - hot, "the hot routes read their own requests"


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_a_route_lets_somebody_in_and_keeps_somebody_out(declared: Declared) -> None:
    assert declared.allowed
    assert declared.allowed <= EVERYBODY
    assert declared.told_to <= declared.allowed
    if declared.allowed >= SIGNED_IN:
        assert declared.allowed in (EVERYBODY, SIGNED_IN)
        assert declared.why_open, "what is open to all says why"
    else:
        assert not declared.why_open
        assert ANONYMOUS not in declared.allowed


# --- every route tried by every persona ---------------------------------------------------------------------------


@pytest.mark.by_turns
@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_who_is_let_in_gets_an_answer(stage: Stage, declared: Declared) -> None:
    let_in = [persona for persona in PERSONAS if persona in declared.allowed]
    if not declared.is_unsafe:
        before = stage.everything()

        def look(persona: str) -> None:
            assert_let_in(stage, declared, persona)
            assert stage.everything() == before, "looking changes nothing"

        wrong = failures(let_in, look)
    else:
        act = partial(assert_let_in, stage, declared)
        with stage.copied():
            late = failures(let_in, act)
        # What one has done may be done for the others: they are tried again, each in a world of their own.
        wrong = {}
        for persona in late:
            with stage.copied():
                wrong |= failures([persona], act)
    assert not wrong, said(wrong)


@pytest.mark.by_turns
@pytest.mark.parametrize("declared", REFUSING, ids=str)
def test_who_is_refused_changes_nothing_and_learns_nothing(stage: Stage, declared: Declared) -> None:
    before = stage.everything()

    def ask(persona: str) -> None:
        answer = stage.send(persona, declared)
        assert answer.status_code == declared.refusal(persona), answer.text
        assert stage.everything() == before
        assert_secret_kept(stage, declared, persona, answer)
        assert_says_what_to_do(answer)

    wrong = failures([persona for persona in PERSONAS if persona not in declared.allowed], ask)
    assert not wrong, said(wrong)


@pytest.mark.by_turns
@pytest.mark.parametrize("declared", [one for one in DECLARED if not one.is_unsafe], ids=str)
def test_head_opens_no_other_door(stage: Stage, declared: Declared) -> None:
    for persona in (ANONYMOUS, sorted(declared.allowed)[0], "other_learner"):
        answer = stage.send(persona, declared, method="HEAD")
        is_let_in = persona in declared.allowed
        assert answer.status_code in (declared.answers if is_let_in else (declared.refusal(persona),))


# --- form tokens --------------------------------------------------------------------------------------------------


@pytest.mark.by_turns
@pytest.mark.parametrize("declared", UNSAFE, ids=str)
def test_without_a_token_of_ones_own_nothing_happens(stage: Stage, declared: Declared) -> None:
    persona = sorted(declared.allowed - {ANONYMOUS})[0]
    own, foreign = stage.callers[persona].token, stage.callers["operator" if persona != "operator" else "author"].token
    nonce, tag = own.split(".", 1)
    before = stage.everything()
    for token in ("", "khong-phai-ma", foreign, f"{nonce}x.{tag}"):
        answer = stage.send(persona, declared, token=token)
        assert answer.status_code == 403, token
        assert_says_what_to_do(answer)
    elsewhere = stage.send(persona, declared, origin="https://noi-khac.example")
    assert elsewhere.status_code == 403
    assert stage.everything() == before


# --- what an answer must be like ----------------------------------------------------------------------------------


def failures(personas: Iterable[str], check: Callable[[str], None]) -> dict[str, str]:
    """What is wrong, by the persona it befell: no failure hides another."""
    found = {}
    for persona in personas:
        try:
            check(persona)
        except AssertionError as error:
            found[persona] = str(error)
    return found


def said(wrong: Mapping[str, str]) -> str:
    """What was expected of whom, then the beginning of what came."""
    lines = []
    for persona, what in wrong.items():
        answer, _assert, expected = what.rpartition("\nassert ")
        lines += [f"{persona}: {expected}", answer[:2000]]
    return "\n".join(lines)


def assert_let_in(stage: Stage, declared: Declared, persona: str) -> None:
    answer = stage.send(persona, declared)
    assert answer.status_code in declared.answers, answer.text
    if is_html(answer):
        assert ("<title>" in answer.text) != declared.is_part
        assert "Traceback" not in answer.text
    if answer.status_code == 303:
        assert not answer.headers["location"].startswith("/sign-in")
    assert_secret_kept(stage, declared, persona, answer)


def is_html(answer: httpx.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def assert_secret_kept(stage: Stage, declared: Declared, persona: str, answer: httpx.Response) -> None:
    if declared.secret:
        assert (stage.world.fill(declared.secret) in answer.text) == (persona in declared.told_to)


def assert_says_what_to_do(answer: httpx.Response) -> None:
    """A refusal leads to the sign-in, is a page of ours with a way on, or names the problem to a program."""
    if answer.status_code == 303:
        assert answer.headers["location"].split("?")[0] == "/sign-in"
    elif is_html(answer):
        main = answer.text.partition("<main")[2]
        assert '<header class="mast">' in answer.text
        assert "<h1" in main
        assert 'class="btn main"' in main, "a button says what to do next"
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
