"""`media transcode` and `media slides` as an operator runs them."""

import argparse
from pathlib import Path

import pytest

from app.core import jobs
from app.core.db import Session
from app.core.errors import CommandFailed
from app.core.storage import Storage
from app.media import media_commands, service
from app.media.models import Asset
from app.runtime import Runtime
from tests.media.samples import Samples

DECK = """title: Thử
size: [320, 180]
slides:
  - {title: Một, lines: [Xin chào], seconds: 1, caption: "Chào anh chị."}
"""


def run(runtime: Runtime, *words: str) -> int:
    parser = argparse.ArgumentParser()
    media_commands.register(parser.add_subparsers())
    args = parser.parse_args(["media", *words])
    return int(args.func(args, runtime))


def add(db: Session, storage: Storage, path: Path) -> Asset:
    with path.open("rb") as file:
        asset = service.add_asset(db, service.store(storage, file, path.name), by=None, unit_id=None)
    db.commit()
    return asset


def test_waiting_videos_are_transcoded_and_other_work_is_left_alone(
    runtime: Runtime, db: Session, storage: Storage, samples: Samples, capsys: pytest.CaptureFixture[str]
) -> None:
    asset = add(db, storage, samples.slow_mp4)
    jobs.enqueue(db, "somebody.elses")
    db.commit()
    assert run(runtime, "transcode") == 0
    assert capsys.readouterr().out == f"{asset.id}\tslow.mp4\tĐã sẵn sàng\n"
    other = db.query(jobs.Job).filter_by(kind="somebody.elses").one()
    assert (other.state, other.attempts) == ("queued", 0)


def test_a_failed_video_named_by_its_number_is_tried_again(
    runtime: Runtime, db: Session, storage: Storage, samples: Samples
) -> None:
    asset = add(db, storage, samples.slow_mp4)
    service.cancel(db, asset)
    db.commit()
    assert run(runtime, "transcode") == 0, "nothing waits"
    assert run(runtime, "transcode", str(asset.id)) == 0
    db.expire_all()
    assert db.get_one(Asset, asset.id).state == "ready"


def test_an_unknown_video_is_named(runtime: Runtime) -> None:
    with pytest.raises(CommandFailed, match="“khong-co”"):
        run(runtime, "transcode", "khong-co")


def test_slides_become_a_captioned_video(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "01-thu.slides.yaml").write_text(DECK)
    assert run(runtime, "slides", str(tmp_path)) == 0
    assert (tmp_path / "01-thu.mp4").stat().st_size > 1000
    assert "Chào anh chị." in (tmp_path / "01-thu.vi.vtt").read_text()


def test_a_folder_without_slides_is_a_finding_and_a_wrong_path_a_failure(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "trong").mkdir()
    assert run(runtime, "slides", str(tmp_path / "trong")) == 1
    with pytest.raises(CommandFailed):
        run(runtime, "slides", str(tmp_path / "khong-co.yaml"))
