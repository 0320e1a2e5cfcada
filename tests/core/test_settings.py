"""Settings: safe by default, refused in words when they are not."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.settings import ROOT, Settings
from app.core.storage import LocalStorage, storage_of


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.demo, settings.workers) == ("127.0.0.1", 8000, False, 1)
    assert settings.database_url == f"sqlite:///{ROOT}/var/hocso.db"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.upload_limit_bytes == 512 * 1024 * 1024


def test_files_lie_beside_the_program_whatever_its_folder_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.settings.ROOT", tmp_path / "Học Số #1 100%41?")
    storage = storage_of(Settings().media_url)
    assert isinstance(storage, LocalStorage)
    assert storage.root == tmp_path / "Học Số #1 100%41?" / "media"


def test_a_variable_left_empty_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass on `PORT=` for what nobody filled in."""
    for name in ("PORT", "DEMO", "WORKERS", "DATABASE_URL", "LOG_LEVEL"):
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert (settings.port, settings.demo, settings.log_level) == (8000, False, "info")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", " 127.0.0.1 "])
def test_demo_accounts_may_listen_to_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("DEMO", "1")
    assert Settings().demo


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.10", "203.0.113.7", "hocso.bacninh.gov.vn", "localhost.evil.vn"]
)
def test_demo_accounts_never_listen_to_the_world(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("DEMO", "1")
    with pytest.raises(ValidationError, match="DEMO=1 chỉ được dùng khi HOST là địa chỉ nội bộ"):
        Settings()
    monkeypatch.setenv("DEMO", "0")
    assert Settings().host == host


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"), ("PORT", "65536"), ("PORT", "tám nghìn"), ("WORKERS", "-1"), ("DB_POOL_SIZE", "1"),
        ("LOG_LEVEL", "loud"),
        ("UPLOAD_LIMIT_MB", "0"), ("SESSION_DAYS", "0"), ("SIGN_IN_LIMIT", "nhiều"), ("VERIFY_LIMIT", "10/tuần trăng"),
        ("PUBLIC_URL", "hocso.vn"), ("PUBLIC_URL", "javascript:alert(1)"), ("PUBLIC_URL", "https://hocso.vn/?a=1"),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert refused.value.errors()[0]["loc"] == (name.lower(),)


@pytest.mark.parametrize(
    ("given", "public_url"),
    [
        ({"PUBLIC_URL": "https://hocso.vn/"}, "https://hocso.vn"),
        ({"PUBLIC_URL": "https://bacninh.gov.vn/hocso/"}, "https://bacninh.gov.vn/hocso"),
        ({"HOST": "::1", "PORT": "9000"}, "http://[::1]:9000"),
        ({"HOST": "10.0.0.5"}, "http://10.0.0.5:8000"),
    ],
)
def test_the_address_printed_on_certificates(
    given: dict[str, str], public_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings().public_url == public_url


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "bi-mat-1")
    monkeypatch.setenv("FIELD_KEY", "bi-mat-2")
    assert "bi-mat" not in repr(Settings())
