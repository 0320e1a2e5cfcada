"""Backup and restore: every row of every table and every file, on either database and storage, and across them."""

import io
import json
import random
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import JSON, Text, cast, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from app.admin.backup import archive, making, rows
from app.admin.backup.archive import Column, End, Head
from app.catalogue.search import search
from app.certificates.models import Certificate, CertificateDocument
from app.core import clock, events, keys
from app.core.db import Base, Database
from app.core.errors import StorageFull
from app.core.settings import Settings, get_settings
from app.core.storage import LocalStorage, Storage
from app.coverage.models import IndicatorVersion
from app.identity import sealing
from app.identity.models import Person
from app.learning.models import Completion, CompletionAnnulment
from app.main import HANDLERS, create_app
from app.runtime import Runtime
from tests import factories
from tests.access.world import BORN, build
from tests.browser import BASE_URL, Browser
from tests.seeded import Seeded
from tests.swift.running import Swift

Operate = Callable[..., int]
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def original(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """An installation with something in nearly every table: people, files, a certificate, courses, jobs.

    Made once and never changed: a test that wants to change something restores its backup elsewhere.
    """
    folder = tmp_path_factory.mktemp("original")
    with seeded.copied(folder) as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATA_DIR", str(folder))
        get_settings.cache_clear()
        events.wire(HANDLERS)
        media_url = (folder / "media").as_uri()
        settings = Settings(data_dir=folder, database_url=url, media_url=media_url)  # type: ignore[call-arg]
        with closing(Runtime(settings)) as runtime:
            build(runtime)
            yield runtime
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def kept(original: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its backup."""
    path = tmp_path_factory.mktemp("kept") / "hocso.tar"
    making.make(original.database, original.storage, path, print)
    return path


@pytest.fixture
def backup(kept: Path, tmp_path: Path) -> Path:
    """A copy of its backup, to be spoiled."""
    return Path(shutil.copy(kept, tmp_path))


@pytest.fixture
def elsewhere(seeded: Seeded, tmp_path: Path) -> Iterator[Settings]:
    """Another machine, with nothing on it: the same kind of database, empty, and a folder for files."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with seeded.empty(folder) as url:
        yield Settings(data_dir=folder, database_url=url, media_url=(folder / "media").as_uri())  # type: ignore[call-arg]


@pytest.fixture
def restored(elsewhere: Settings, kept: Path, operate: Operate) -> Iterator[Runtime]:
    """The other machine with the backup restored to it."""
    assert operate(elsewhere, "restore", str(kept)) == 0
    with closing(Runtime(elsewhere)) as runtime:
        yield runtime


def rows_of(database: Database) -> Rows:
    """Everything the models know, JSON as the text it is, in the order of the keys."""
    found: Rows = {}
    with database.reading() as db:
        for table in Base.metadata.sorted_tables:
            columns = [cast(column, Text) if isinstance(column.type, JSON) else column for column in table.columns]
            found[table.name] = [tuple(row) for row in db.execute(select(*columns).order_by(*table.primary_key))]
    return found


def files_of(storage: Storage) -> dict[str, bytes]:
    return {key: b"".join(storage.read(key)) for key in storage.all_keys()}


def schema_of(database: Database) -> list[Any]:
    """Tables, keys, indexes, checks and triggers, as the database itself words them.

    Of a table that a migration made anew, SQLite keeps the keys in no order that means anything: lines are sorted.
    """
    queries = {
        "sqlite": ["SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"],
        "postgresql": [
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
            "SELECT tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 3",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2",
            "SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2",
        ],
    }
    with database.reading() as db:
        found = [row for query in queries[database.engine.dialect.name] for row in db.execute(text(query))]

    def in_order(words: object) -> object:
        return sorted(re.split(r",?\s*\n", words)) if isinstance(words, str) else words

    return [tuple(map(in_order, row)) for row in found]


def assert_same(restored: Runtime, original: Rows, files: dict[str, bytes]) -> None:
    rows = rows_of(restored.database)
    assert rows.keys() == original.keys()
    for table, expected in original.items():
        assert rows[table] == expected, table
    assert files_of(restored.storage) == files


def test_whatever_column_names_a_stored_file_is_known() -> None:
    columns = [column for table in rows.tables() for column in table.columns]
    places = {one.name for one in columns if one.name.endswith("_key") and getattr(one.type, "length", None) == 200}
    assert places == rows.STORAGE_KEYS


def test_every_row_and_every_file_comes_back(
    original: Runtime, elsewhere: Settings, operate: Operate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, files = rows_of(original.database), files_of(original.storage)
    assert sum(1 for found in rows.values() if found) > 30, "most tables hold something"
    assert len(files) > 5
    backup = str(tmp_path / "hocso.tar")
    assert operate(original.settings, "backup", backup, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == {name: len(found) for name, found in rows.items()}
    assert (told["files"], told["file_bytes"]) == (len(files), sum(map(len, files.values())))
    assert Path(backup).stat().st_mode & 0o077 == 0, "for its owner's eyes only"

    # Set up, but never used: what its migrations put there is nobody's.
    assert operate(elsewhere, "migrate") == 0
    capsys.readouterr()
    assert operate(elsewhere, "restore", backup, "--json") == 0
    assert json.loads(capsys.readouterr().out) == told
    with closing(Runtime(elsewhere)) as restored:
        assert_same(restored, rows, files)
        assert schema_of(restored.database) == schema_of(original.database), "all guards stand again"


def test_people_go_on_working_with_what_was_restored(original: Runtime, restored: Runtime) -> None:
    with original.database.reading() as db:
        code, found = db.scalars(select(Certificate.code)).one(), search(db, "bai")
        pdf = b"".join(original.storage.read(db.scalars(select(CertificateDocument.storage_key)).one()))
    app = create_app(restored)
    with TestClient(app, base_url=BASE_URL) as client:
        learner = Browser(client).sign_in("learner", factories.PASSWORD)
        assert learner.get(f"/certificates/{code}/pdf").content == pdf
        with restored.database.writing() as db:
            assert search(db, "bai") == found
            known = db.scalars(select(Person).order_by(Person.id)).all()
            assert BORN in {sealing.unseal(person).birth_date for person in known}, "sealed fields open"
            assert factories.person(db, "Người Đến Sau").id == known[-1].id + 1, "numbers go on where they were"
        for forbidden in (
            update(Completion).values(hours=99),
            insert(CompletionAnnulment).values(completion_id=999_999, annulled_at=clock.now(), reason="không có"),
        ):
            with pytest.raises(DBAPIError), restored.database.writing() as db:
                db.execute(forbidden)


@pytest.mark.databases("postgresql")
def test_an_installation_moves_between_the_databases(
    original: Runtime, kept: Path, elsewhere: Settings, operate: Operate, tmp_path: Path
) -> None:
    rows, files = rows_of(original.database), files_of(original.storage)
    small = elsewhere.model_copy(
        update={"database_url": f"sqlite:///{tmp_path / 'small.db'}", "media_url": (tmp_path / "small").as_uri()}
    )
    back = str(tmp_path / "back.tar")
    for target, backup in ((small, str(kept)), (elsewhere, back)):
        assert operate(target, "restore", backup) == 0
        with closing(Runtime(target)) as there:
            assert_same(there, rows, files)
        assert operate(target, "backup", back) == 0


@pytest.mark.xdist_group("s3")
def test_an_installation_moves_between_disk_and_object_store(
    restored: Runtime, swift: Swift, operate: Operate, tmp_path: Path
) -> None:
    restored.storage.put("assets/large", io.BytesIO(random.Random(7).randbytes(20 * 1024 * 1024)))
    rows, files = rows_of(restored.database), files_of(restored.storage)
    on_disk, in_store = restored.settings, swift.settings(restored.settings)
    for source, target in ((on_disk, in_store), (in_store, on_disk)):
        backup = str(tmp_path / "move.tar")
        assert operate(source, "backup", backup) == 0
        assert operate(target, "restore", "--force", backup) == 0
        with closing(Runtime(target)) as there:
            assert_same(there, rows, files)


def test_data_that_is_there_is_given_up_only_by_force(
    original: Runtime, restored: Runtime, kept: Path, operate: Operate, capsys: pytest.CaptureFixture[str]
) -> None:
    with restored.database.writing() as db:
        factories.account(db, username="toi-sau")
    changed = rows_of(restored.database)
    restored.database.dispose()
    assert operate(restored.settings, "restore", str(kept)) == 2
    assert "đã có dữ liệu" in capsys.readouterr().err
    assert rows_of(restored.database) == changed
    restored.database.dispose()
    assert operate(restored.settings, "restore", str(kept), "--force") == 0
    assert rows_of(restored.database) == rows_of(original.database)


def test_a_restore_that_fails_leaves_the_database_as_it_was(
    restored: Runtime, kept: Path, operate: Operate, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with restored.database.writing() as db:
        factories.account(db, username="toi-sau")
    rows, schema = rows_of(restored.database), schema_of(restored.database)
    restored.database.dispose()

    def full(*_args: object) -> int:
        raise StorageFull

    monkeypatch.setattr(LocalStorage, "put", full)
    assert operate(restored.settings, "restore", str(kept), "--force") == 2
    assert "hết chỗ lưu trữ" in capsys.readouterr().err
    assert (rows_of(restored.database), schema_of(restored.database)) == (rows, schema)


def with_other_bytes(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def content_of(path: Path, name: str) -> bytes:
    with tarfile.open(path) as tar:
        source = tar.extractfile(name)
        assert source is not None
        return source.read()


def place_of(path: Path, prefix: str) -> int:
    """Where the content of the first member of that name lies in the file."""
    with tarfile.open(path) as tar:
        return next(member.offset_data for member in tar if member.name.startswith(prefix))


def rewrite(path: Path, **head: object) -> None:
    """The same backup with another head."""
    told = json.loads(content_of(path, "backup.json")) | head
    with tarfile.open(path, "w") as tar:
        content = json.dumps(told).encode()
        member = tarfile.TarInfo("backup.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: with_other_bytes(path, place_of(path, "files/") + 5), "bị hỏng hoặc bị cắt cụt (files/"),
        (lambda path: with_other_bytes(path, place_of(path, "tables/person/") + 30), "(tables/person/000001.jsonl.gz)"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30_000]), "bị hỏng hoặc bị cắt cụt"),
        (lambda path: path.write_bytes(path.read_bytes()[: place_of(path, "sums/") - 512]), "bị hỏng hoặc bị cắt cụt"),
        (lambda path: path.write_bytes(path.read_bytes()[: place_of(path, "files/") + 5]), "bị cắt cụt (files/"),
        (lambda path: path.write_bytes(b"khong phai"), "bị hỏng hoặc bị cắt cụt"),
        (lambda path: path.write_bytes(b""), "bị hỏng hoặc bị cắt cụt"),
        (lambda path: path.unlink(), "Không đọc hoặc ghi được"),
        (lambda path: rewrite(path, format=2), "phiên bản Học Số mới hơn"),
        (lambda path: rewrite(path, revision="9999"), "phiên bản Học Số mới hơn"),
        (lambda path: rewrite(path, key_mark="0" * 16), "không phải khóa của bản sao lưu"),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_backup_of_ours_is_refused_before_anything_changes(
    backup: Path, elsewhere: Settings, operate: Operate, capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None], words: str,
) -> None:  # fmt: skip
    spoil(backup)
    assert operate(elsewhere, "restore", str(backup)) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    with closing(Runtime(elsewhere)) as untouched:
        assert inspect(untouched.database.engine).get_table_names() == []
        assert list(untouched.storage.all_keys()) == []


def test_a_tar_of_something_else_is_no_backup(
    elsewhere: Settings, operate: Operate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w") as tar:
        tar.addfile(tarfile.TarInfo("readme.txt"))
    assert operate(elsewhere, "restore", str(other)) == 2
    assert "không phải bản sao lưu của Học Số" in capsys.readouterr().err


def test_the_keys_are_not_in_the_backup_and_the_right_one_must_be_there(
    backup: Path, elsewhere: Settings, operate: Operate, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for key in (keys.field_key(), keys.secret_key()):
        assert key not in backup.read_bytes()
    assert b"for-tests-only" not in backup.read_bytes()
    try:
        monkeypatch.delenv("FIELD_KEY")
        keys.forget_cached_keys()
        assert operate(elsewhere, "restore", str(backup)) == 2
        assert "Chưa có khóa FIELD_KEY" in capsys.readouterr().err
        assert not (elsewhere.data_dir / "field_key").exists(), "no new key in its place"
        (elsewhere.data_dir / "field_key").write_text("mot-khoa-khac")
        assert operate(elsewhere, "restore", str(backup)) == 2
        assert "không phải khóa của bản sao lưu" in capsys.readouterr().err
        assert operate(elsewhere, "restore", "--other-key", str(backup)) == 0
    finally:
        monkeypatch.undo()
        keys.forget_cached_keys()


def test_a_file_that_is_named_but_gone_is_a_finding(
    restored: Runtime, operate: Operate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with restored.database.reading() as db:
        key = db.scalars(select(CertificateDocument.storage_key)).one()
    restored.storage.delete(key)
    capsys.readouterr()
    backup = str(tmp_path / "without.tar")
    assert operate(restored.settings, "backup", backup, "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["missing"] == [key]
    assert key in said.err
    restored.database.dispose()
    assert operate(restored.settings, "restore", "--force", backup) == 1
    assert key in capsys.readouterr().err


def test_a_backup_that_fails_leaves_no_file_and_keeps_the_older_one(
    original: Runtime, backup: Path, operate: Operate, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = backup.read_bytes()

    def broken(*_args: object) -> object:
        raise OSError(5, "Input/output error", "media")

    monkeypatch.setattr(LocalStorage, "read", broken)
    assert operate(original.settings, "backup", str(backup)) == 2
    assert backup.read_bytes() == before
    assert [path.name for path in backup.parent.glob("*hocso*tar*")] == ["hocso.tar"]


def test_a_database_of_another_version_is_not_backed_up(
    elsewhere: Settings, operate: Operate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operate(elsewhere, "backup", str(tmp_path / "x.tar")) == 2
    assert "migrate" in capsys.readouterr().err
    assert operate(elsewhere, "backup", str(tmp_path)) == 2
    assert "là thư mục" in capsys.readouterr().err


def test_a_backup_of_an_older_version_is_brought_to_the_newest(
    elsewhere: Settings, operate: Operate, tmp_path: Path
) -> None:
    """Before migration 0004 an indicator had one audience; after it a list."""
    columns = {
        "indicator": [Column(name, "plain") for name in ("code", "name", "plan", "source_section", "note")],
        "indicator_version": [
            *(
                Column(name, "plain")
                for name in ("id", "indicator_code", "number", "measure", "audience_code", "recurrence", "denominator",
                             "figure_source", "valid_from_year")
            ),
            Column("counts", "json"), Column("targets", "json"), Column("recorded_at", "instant"),
        ],
        "audience": [Column(name, "plain") for name in ("code", "name", "description", "source")],
    }  # fmt: skip
    rows: dict[str, list[list[Any]]] = {
        "audience": [["CBCC", "Cán bộ", "", ""]],
        "indicator": [["X", "Chỉ tiêu", "", "", ""]],
        "indicator_version": [
            [1, "X", 1, "people", "CBCC", "annual", "roster", "computed", 2026, "{}", "[]", "2026-01-02T03:04:05Z"]
        ],
    }
    path = tmp_path / "old.tar"
    with archive.writing(path) as writer:
        head = Head(archive.FORMAT, "0.0.9", "2026-01-02T03:04:05+00:00", "sqlite", "0003", making.key_mark(), columns)
        writer.add(archive.HEAD, msgspec.json.encode(head))
        for table, found in rows.items():
            writer.add_rows(table, 1, b"".join(msgspec.json.encode(row) + b"\n" for row in found))
        writer.finish(End({table: len(found) for table, found in rows.items()}, 0, 0, []))
    assert operate(elsewhere, "restore", str(path)) == 0
    with closing(Runtime(elsewhere)) as restored, restored.database.reading() as db:
        version = db.scalars(select(IndicatorVersion)).one()
        assert (version.audiences, version.recorded_at) == (["CBCC"], datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
