"""What comes out of a transcode, as eyes and ears would judge it: colours, loudness, pace, and where one is seeking."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from app.core.db import Database
from app.core.jobs import Worker
from app.core.storage import LocalStorage, Storage
from app.media import hdr, loudness
from app.media.encoder import find_ffmpeg
from app.media.models import Asset
from app.media.probe import probe
from app.media.queries import asset_views
from app.media.storyboard import Storyboard, read_name, storyboard
from tests.media.conftest import Uploader
from tests.media.samples import Samples

Made = Callable[[str], dict[str, Path]]


@pytest.fixture
def made(upload: Uploader, worker: Worker, database: Database, storage: Storage) -> Made:
    """Upload a sample and transcode it; the files made of it by name."""

    def made(name: str) -> dict[str, Path]:
        asset_id = upload(name)
        worker.run_all()
        assert isinstance(storage, LocalStorage)
        with database.reading() as db:
            asset = db.get_one(Asset, asset_id)
            assert asset.state == "ready", asset.error
            return {file.name: storage.root / file.storage_key for file in asset.renditions}

    return made


def loudness_of(path: Path) -> float:
    info = probe(path, "mov")
    said = subprocess.run(loudness.measure_command(find_ffmpeg(), info, path), capture_output=True, check=True)
    found = loudness.measured(said.stderr.decode())
    assert found is not None
    return found


# --- colours ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_black_stays_black_the_brightest_is_white_and_grey_stays_grey(transfer: hdr.Transfer) -> None:
    assert hdr.to_sdr((0, 0, 0), transfer) == (0, 0, 0)
    assert hdr.to_sdr((1, 1, 1), transfer) == pytest.approx((1, 1, 1), abs=0.01)
    greys = [hdr.to_sdr((step / 20, step / 20, step / 20), transfer) for step in range(21)]
    assert all(max(grey) - min(grey) < 0.01 for grey in greys)
    assert [grey[0] for grey in greys] == sorted(grey[0] for grey in greys)


def test_white_paper_filmed_in_high_dynamic_range_is_white_on_an_ordinary_screen() -> None:
    # 203 cd/m2 is coded 0.58 in PQ and 0.75 in HLG (ITU-R BT.2408).
    assert hdr.to_sdr((0.58, 0.58, 0.58), "pq")[0] == pytest.approx(0.78, abs=0.02)
    red, green, blue = hdr.to_sdr((0.5, 0.2, 0.2), "pq")
    assert red > 3 * max(green, blue), "a colour is no paler than it was"


@pytest.mark.by_turns
def test_a_phone_video_in_high_dynamic_range_is_toned_down_and_says_what_it_is(made: Made, samples: Samples) -> None:
    assert probe(samples.bright_mp4, "mov").hdr == "pq"
    with av.open(str(made("bright_mp4")["240p.mp4"])) as container:
        frame = next(container.decode(video=0))
        picture = frame.to_image()  # type: ignore[no-untyped-call]
        assert (frame.color_trc, frame.color_primaries, frame.colorspace) == (1, 1, 1), "BT.709"
    card, paper = picture.getpixel((50, 120)), picture.getpixel((380, 120))
    assert all(abs(part - 255 * 0.78) < 10 for part in paper), paper
    assert all(abs(part - 255 * 0.41) < 10 for part in card), card


# --- sound --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lufs", "gain", "changes"),
    [
        (-16.0, 0.0, False),
        (-16.3, 0.0, False),
        (-18.0, 2.0, False),
        (-30.0, 14.0, True),
        (-9.0, -7.0, True),
        (-55.0, 24.0, True),
        (-70.0, 0.0, False),
        (None, 0.0, False),
    ],
)
def test_how_much_louder(lufs: float | None, gain: float, changes: bool) -> None:
    assert loudness.gain_for(lufs) == gain
    assert loudness.must_change(gain) is changes


@pytest.mark.by_turns
def test_a_voice_in_the_middle_loudspeaker_is_heard_and_as_loud_as_any_other(made: Made, samples: Samples) -> None:
    assert probe(samples.meeting_mp4, "mov").audio_channels == 6
    files = made("meeting_mp4")
    for name in ("180p.mp4", "audio.m4s"):
        with av.open(str(files[name])) as container:
            assert container.streams.audio[0].codec_context.channels == 1
    assert loudness_of(files["180p.mp4"]) == pytest.approx(-16, abs=1)
    with av.open(str(files["180p.mp4"])) as container:
        times = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.pts is not None]
    steps = [later - earlier for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False)]
    assert max(steps) - min(steps) < 0.02, "an unsteady source becomes a steady video"


@pytest.mark.by_turns
def test_pictures_that_are_right_are_copied_while_their_sound_is_made_louder(made: Made, samples: Samples) -> None:
    files = made("quiet_mp4")
    [plain] = [name for name in files if name.startswith("180p") and name.endswith(".mp4")]
    assert plain == "180p-2.mp4", "180p.mp4 was the upload as it came, for as long as this was being made"
    assert loudness_of(files[plain]) == pytest.approx(-16, abs=1)
    assert _pictures(files[plain]) == _pictures(samples.quiet_mp4)


def _pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0)]


@pytest.mark.by_turns
def test_sixty_pictures_a_second_become_thirty(made: Made) -> None:
    with av.open(str(made("hasty_mp4")["90p.m4s"])) as container:
        assert sum(1 for _packet in container.decode(video=0)) == 30


# --- seeking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "width", "height", "board"),
    [
        (19, 1280, 720, None),
        (20, 1280, 720, Storyboard(2, 10, 160, 90)),
        (61, 720, 1280, Storyboard(2, 31, 68, 120)),
        (600, 640, 480, Storyboard(10, 60, 160, 120)),
        (6 * 3600, 1280, 720, Storyboard(360, 60, 160, 90)),
    ],
)
def test_a_sheet_has_a_picture_every_few_seconds_however_long_the_video(
    seconds: float, width: int, height: int, board: Storyboard | None
) -> None:
    assert storyboard(seconds, width, height) == board
    if board:
        sheet = (board.width * 10, board.height * board.rows)
        assert read_name(board.name, seconds, *sheet) == board
        assert read_name(board.name.replace(".", "-2."), seconds, *sheet) == board


@pytest.mark.by_turns
@pytest.mark.parametrize(("name", "is_encoded"), [("day_mkv", True), ("day_mp4", False)])
def test_the_sheet_shows_what_the_video_shows_at_that_moment(
    name: str, is_encoded: bool, database: Database, storage: Storage, worker: Worker, upload: Uploader
) -> None:
    """The picture turns from black to white at the tenth second."""
    asset_id = upload(name)
    worker.run_all()
    with database.reading() as db:
        asset = db.get_one(Asset, asset_id)
        board = asset_views(db, [asset_id])[asset_id].storyboard
        assert board is not None
        assert (board.every_s, board.count, board.columns, board.width, board.height) == (2, 10, 10, 160, 90)
        assert board.url == f"/media/{asset.public_id}/storyboard-2s.webp"
        key = next(file.storage_key for file in asset.renditions if file.name == "storyboard-2s.webp")
        assert any(file.name == "master.m3u8" for file in asset.renditions) is is_encoded
    with Image.open(storage.local_path(key)) as sheet:  # type: ignore[arg-type]
        assert sheet.size == (1600, 90)
        assert board.size < 20_000
        light = [sheet.convert("L").getpixel((160 * place + 80, 45)) > 128 for place in range(10)]  # type: ignore[operator]
    assert light == [False] * 5 + [True] * 5
