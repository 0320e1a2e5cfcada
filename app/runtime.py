"""What a process needs before it can do anything: settings, database, storage; the second argument of commands."""

from dataclasses import dataclass
from functools import cached_property

from app.core.db import Database
from app.core.settings import Settings
from app.core.storage import Storage, storage_of


@dataclass
class Runtime:
    """Opened lazily, so that `--help` and `courses check` need no database."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        return Database.of(self.settings)

    def close(self) -> None:
        """Give back what was opened."""
        if "database" in self.__dict__:
            self.database.dispose()

    @cached_property
    def storage(self) -> Storage:
        return storage_of(self.settings.media_url, self.settings)
