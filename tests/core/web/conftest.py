"""One application per module, with the module's own `router` of test routes: making one costs more than a test."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from app.core.csrf import check_token
from app.core.db import Database
from app.core.settings import Settings
from app.core.web import answer_head, identify
from app.main import create_app
from app.runtime import Runtime
from tests.browser import BASE_URL, Browser
from tests.seeded import Seeded


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("web")
    with seeded.copied(folder) as url:
        runtime = Runtime(
            Settings(data_dir=folder, database_url=url, media_url=f"file://{folder}/media", workers=0)  # type: ignore[call-arg]
        )
        yield runtime
        runtime.database.dispose()


@pytest.fixture
def database(runtime: Runtime) -> Database:
    return runtime.database


@pytest.fixture(scope="module")
def app(runtime: Runtime, request: pytest.FixtureRequest) -> FastAPI:
    app = create_app(runtime)
    answer_head(request.module.router)
    app.include_router(request.module.router, dependencies=[Depends(identify), Depends(check_token)])
    return app


@pytest.fixture
def new_browser(app: FastAPI) -> Callable[[], Browser]:
    return lambda: Browser(TestClient(app, base_url=BASE_URL, raise_server_exceptions=False))
