"""Everything an installation holds in one file, and back: the commands `backup FILE` and `restore FILE`.

One format for both databases and both storages, so a backup also moves an installation from SQLite to PostgreSQL, or
from a disk to an object store, and back. The two keys are not in it (app/core/keys.py): whoever holds only the backup
cannot read identity numbers, phones or dates of birth.
"""
