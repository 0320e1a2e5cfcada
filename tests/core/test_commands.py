"""The command line when something is wrong around it: words in Vietnamese, exit code 2, no trace."""

import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.__main__ import main
from app.core import keys
from app.core.settings import Settings, get_settings

Say = Callable[..., str]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for a new installation, and nothing else in the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("MEDIA_URL", (tmp_path / "media").as_uri())
    monkeypatch.setenv("COURSES_DIR", str(tmp_path / "none"))
    keys.forget_cached_keys()
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()
    keys.forget_cached_keys()


@pytest.fixture
def complaint(installation: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """`complaint("serve", PORT="x")`: what the command says on standard error when it cannot."""

    def run(*words: str, **environment: str) -> str:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        assert main(list(words)) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert "Traceback" not in told.err
        return told.err.strip()

    return run


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize("command", ["migrate", "seed", "work"])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "DATABASE_URL không hợp lệ: nonsense"),
        ("mysql://nguoi:bi-mat@may/hocso", "chưa được hỗ trợ: mysql://***@may/hocso"),
        ("sqlite:///:memory:", "phải chỉ tới một tệp"),
        ("sqlite:////proc/khong/co.db", "Không tạo được thư mục cho cơ sở dữ liệu"),
        ("sqlite:////tmp", "Hãy kiểm tra DATABASE_URL"),
        ("sqlite:////etc/hostname", "Hãy kiểm tra DATABASE_URL. Chi tiết: file is not a database"),
    ],
)
def test_a_wrong_database_url(complaint: Say, command: str, url: str, words: str) -> None:
    told = complaint(command, DATABASE_URL=url)
    assert words in told
    assert "bi-mat" not in told
    assert "\n" not in told


def test_reading_commands_say_it_as_well(complaint: Say) -> None:
    assert "không hợp lệ" in complaint("units", "tree", "--json", DATABASE_URL="nonsense")
    assert "python -m app seed" in complaint("units", "tree", "--json", DATABASE_URL="")


def test_a_database_of_a_newer_version(complaint: Say, installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    get_settings.cache_clear()
    assert main(["migrate"]) == 0
    assert "phiên bản mới nhất" in capsys.readouterr().out
    with sqlite3.connect(installation / "var" / "hocso.db") as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    plain.close()
    assert "phiên bản Học Số mới hơn" in complaint("migrate")


def test_a_port_in_use_is_said_before_anything_is_touched(complaint: Say, installation: Path, taken_port: str) -> None:
    told = complaint("serve", PORT=taken_port)
    assert f"Không mở được cổng {taken_port} tại 127.0.0.1" in told
    assert "đặt PORT khác" in told
    assert not (installation / "var").exists()


def test_a_host_that_is_not_ours(complaint: Say) -> None:
    assert "Không mở được cổng 8000 tại 203.0.113.7" in complaint("serve", HOST="203.0.113.7")


@pytest.mark.parametrize("command", ["serve", "work"])
def test_folders_that_cannot_be_written(complaint: Say, installation: Path, command: str) -> None:
    (installation / "file").write_bytes(b"")
    port = free_port()
    told = complaint(command, PORT=port, DATA_DIR=str(installation / "file"))
    assert "Hãy kiểm tra DATA_DIR" in told
    told = complaint(command, DATA_DIR=str(installation / "var"), MEDIA_URL=str(installation / "file"))
    assert "Không ghi được vào nơi giữ tệp" in told
    assert "MEDIA_URL không hợp lệ: ftp://kho" in complaint(command, MEDIA_URL="ftp://kho")


def test_settings_that_make_no_sense_are_all_named_at_once(complaint: Say) -> None:
    told = complaint("serve", PORT="tám nghìn", LOG_LEVEL="to", PUBLIC_URL="hocso.vn").splitlines()
    assert told == [
        "PORT không nhận giá trị “tám nghìn”. Ý nghĩa: Cổng máy chủ lắng nghe.",
        "PUBLIC_URL: cần bắt đầu bằng http:// hoặc https://, ví dụ https://hocso.bacninh.gov.vn",
        "LOG_LEVEL không nhận giá trị “to”. Ý nghĩa: Mức ghi nhật ký.",
    ]


def test_demo_accounts_on_an_open_address(complaint: Say, installation: Path) -> None:
    assert complaint("serve", DEMO="1", HOST="0.0.0.0") == (
        "DEMO=1 chỉ được dùng khi HOST là địa chỉ nội bộ (127.0.0.1, ::1, localhost)."
    )
    assert not (installation / "var").exists()


@pytest.mark.usefixtures("installation")
def test_a_worker_told_to_end_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """SIGTERM is what systemd and container engines send."""
    get_settings.cache_clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    told = threading.Thread(target=tell_worker_to_end)
    told.start()
    try:
        assert main(["work"]) == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    told.join()
    assert "làm việc nền đang chạy" in capsys.readouterr().out
    assert not [thread for thread in threading.enumerate() if thread.name == "worker-0"]


def tell_worker_to_end() -> None:
    pause = threading.Event()
    while not [thread for thread in threading.enumerate() if thread.name == "worker-0"]:
        pause.wait(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
