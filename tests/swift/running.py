"""The object store as a fixture: one Swift per test process, a folder of its own in it for each test."""

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store
from pydantic import SecretStr

from app.core import ids
from app.core.settings import ROOT, Settings

ACCESS_KEY, SECRET_KEY = "hocso:app", "secret-of-tests"  # as server.py gives them out
BUCKET = "hocso"
_PYTHON = ROOT / ".cache" / "swift" / "bin" / "python"


class Swift:
    """A running object store; `url` is where S3 is spoken. Its bytes lie under `folder`."""

    def __init__(self, folder: Path) -> None:
        assert _PYTHON.exists(), "run `make object-store` (or tests/swift/bring) first"
        self.folder = folder
        self._process = subprocess.Popen(
            [_PYTHON, "-W", "ignore", ROOT / "tests" / "swift" / "server.py", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the object store did not start"
        self._make_bucket()

    def settings(self, base: Settings) -> Settings:
        """The same installation with its files in a new folder of this store."""
        return base.model_copy(
            update={
                "media_url": f"s3://{BUCKET}/tests/{ids.token(48)}", "s3_endpoint": self.url,
                "s3_access_key": ACCESS_KEY, "s3_secret_key": SecretStr(SECRET_KEY),
            }
        )  # fmt: skip

    def held_bytes(self) -> int:
        """All bytes of objects and of parts of objects on its disk."""
        return sum(path.stat().st_size for path in (self.folder / "devices").rglob("*.data"))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
        shutil.rmtree(self.folder)

    def _make_bucket(self) -> None:
        store = S3Store(
            BUCKET, endpoint=self.url, region="us-east-1", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY,
            client_options={"allow_http": True},
        )  # fmt: skip
        # Signed for an object without a name: the bucket itself.
        address = obstore.sign(store, "PUT", "", timedelta(minutes=5))
        urllib.request.urlopen(urllib.request.Request(address, method="PUT")).close()


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """Tests that use it carry `pytest.mark.xdist_group("s3")`, so that one process of a parallel run starts one."""
    server = Swift(tmp_path_factory.mktemp("swift"))
    yield server
    server.close()
