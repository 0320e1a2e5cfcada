"""The secrets of an installation: made once, the same for all, and never empty."""

import base64
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import keys
from app.core.errors import CommandFailed
from app.core.settings import ROOT, get_settings


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation without keys in its environment."""
    for name in ("SECRET_KEY", "FIELD_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    forget()
    yield tmp_path / "var"
    monkeypatch.undo()
    forget()


def forget() -> None:
    get_settings.cache_clear()
    keys.forget_cached_keys()


def test_keys_are_made_once_and_only_we_can_read_them(data_dir: Path) -> None:
    secret, field = keys.secret_key(), keys.field_key()
    assert len(base64.b64decode(secret)) == 32
    assert len(field) == 32
    assert secret != base64.b64encode(field)
    assert sorted(path.name for path in data_dir.iterdir()) == ["field_key", "secret_key"]
    assert {path.stat().st_mode & 0o777 for path in data_dir.iterdir()} == {0o600}
    forget()
    assert (keys.secret_key(), keys.field_key()) == (secret, field)


def test_the_environment_goes_before_the_file(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "một khóa cho trước")
    forget()
    assert keys.secret_key() == "một khóa cho trước".encode()
    assert not data_dir.exists()


def test_a_line_end_from_an_editor_changes_no_key(data_dir: Path) -> None:
    before = keys.secret_key()
    (data_dir / "secret_key").write_bytes(before + b"\n")
    forget()
    assert keys.secret_key() == before


_TELL = "from app.core import keys; print(keys.secret_key().decode(), keys.field_key().hex())"


def test_processes_that_start_together_use_the_same_keys(data_dir: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", _TELL], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(told) == 1
    assert told == {f"{keys.secret_key().decode()} {keys.field_key().hex()}\n"}
    assert sorted(path.name for path in data_dir.iterdir()) == ["field_key", "secret_key"], "no scratch file is left"


def test_threads_that_ask_first_together_use_the_same_key(data_dir: Path) -> None:
    for _ in range(20):
        found: list[bytes | BaseException] = []
        start = threading.Barrier(4)

        def ask(found: list[bytes | BaseException] = found, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                found.append(keys.secret_key())
            except BaseException as error:
                found.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 1, found
        (data_dir / "secret_key").unlink()
        keys.forget_cached_keys()


@pytest.mark.parametrize("content", [b"", b"\n", b"  \n"])
def test_an_empty_key_file_is_refused(data_dir: Path, content: bytes) -> None:
    """With an empty key everybody could forge form tokens, and identity fields would lie open."""
    data_dir.mkdir()
    (data_dir / "field_key").write_bytes(content)
    with pytest.raises(CommandFailed, match="trống"):
        keys.field_key()


def test_a_place_that_cannot_be_written_is_told_in_words(data_dir: Path) -> None:
    data_dir.write_bytes(b"a file where the folder should be")
    with pytest.raises(CommandFailed, match="Hãy kiểm tra DATA_DIR"):
        keys.secret_key()


def test_a_tag_fits_its_purpose_and_message_only() -> None:
    tag = keys.sign("csrf", "nội dung")
    assert len(tag) == 32
    assert keys.signature_fits("csrf", "nội dung", tag)
    for purpose, message, other in (
        ("flash", "nội dung", tag), ("csrf", "nội dung khác", tag), ("csrf", "nội dung", tag[:-1]),
        ("csrf", "nội dung", ""), ("csrf", "nội dung", "ă" * 32), ("csrf", "nội dung", "\udcff"),
    ):  # fmt: skip
        assert not keys.signature_fits(purpose, message, other)


def test_a_tag_fits_again_and_only_for_its_key(data_dir: Path) -> None:
    tag = keys.sign("thu", "lời nhắn")
    assert keys.signature_fits("thu", "lời nhắn", tag)
    assert keys.signature_fits("thu", "lời nhắn", tag)
    assert not keys.signature_fits("thu", "lời nhắn", f"{tag[:-1]}{'A' if tag[-1] != 'A' else 'B'}")
    assert not keys.signature_fits("khac", "lời nhắn", tag)
    (data_dir / "secret_key").unlink()
    forget()
    assert not keys.signature_fits("thu", "lời nhắn", tag)
