"""Every route asked what its description allows and what it does not; in `make proof` by every persona."""

from contextlib import nullcontext
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.schemas import APIOperation, BaseSchema

from tests.access.declarations import DECLARED, Declared
from tests.access.stage import Stage
from tests.browser import BASE_URL
from tests.fuzz.answers import assert_proper
from tests.fuzz.conftest import EXAMPLES, askers
from tests.fuzz.described import described, names_in

pytestmark = [
    pytest.mark.xdist_group("fuzz"),
    pytest.mark.by_turns,
    pytest.mark.filterwarnings("ignore:Duplicate Operation ID"),  # HEAD and GET of one function
]

NAMED = {(declared.method, declared.path): declared for declared in reversed(DECLARED)}


@pytest.fixture(scope="module")
def schema(stage: Stage) -> BaseSchema:
    return described(stage)


@pytest.mark.parametrize(("method", "path"), NAMED)
def test_whatever_a_route_is_asked_it_answers_properly(
    stage: Stage, schema: BaseSchema, method: str, path: str
) -> None:
    looks = method == "GET"

    @settings(
        # The first is always the plainest there is.
        max_examples=1 + EXAMPLES, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(_cases(schema[path][method], NAMED[method, path], stage))
    def ask(case: Case[Any]) -> None:
        for persona in askers(NAMED[method, path]):
            answer = _send(stage, persona, case)
            if answer is not None:
                assert_proper(answer)

    before = stage.everything()
    with nullcontext() if looks else stage.copied():
        ask()
    assert stage.everything()[0] == before[0], "looking changes nothing, and acting only the copy"


def _cases(
    operation: APIOperation[Any, Any, Any, Any], declared: Declared, stage: Stage
) -> st.SearchStrategy[Case[Any]]:
    """What fits the description and what does not, at an address that exists and at any other."""
    names = names_in(declared, stage.world)
    modes = list(GenerationMode) if operation.body or any(operation.iter_parameters()) else [GenerationMode.POSITIVE]
    addresses = (names, None) if names else (None,)
    kinds = [
        operation.as_strategy(mode, feedback=NO_FEEDBACK, path_parameters=address)
        for address in addresses
        for mode in modes
    ]
    return st.sampled_from(kinds).flatmap(lambda kind: kind)


def _send(stage: Stage, persona: str, case: Case[Any]) -> httpx.Response | None:
    """The answer; None for what no client could send."""
    own = {"x-csrf-token": stage.callers[persona].token, "accept": "text/html"}
    try:
        made = requests.Request(**case.as_transport_kwargs(base_url=BASE_URL)).prepare()
        headers = {name.lower(): value for name, value in made.headers.items()} | own
        return stage.ask(persona, made.method or "", made.url or "", headers=headers, content=made.body or b"")
    except (requests.exceptions.RequestException, httpx.InvalidURL, UnicodeEncodeError):
        return None
