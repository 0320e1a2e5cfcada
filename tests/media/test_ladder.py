"""The ladder of a video: which rungs, what they weigh, and what the master playlist says of them."""

import re
from io import BytesIO
from pathlib import Path

import av
import pytest

from app.core.db import Database, Session
from app.core.jobs import Worker
from app.core.storage import Storage
from app.media import service
from app.media.ladder import SOUND, ladder, plain_rung
from app.media.models import Asset
from app.media.playlists import Entry, master, weigh
from app.media.probe import VideoInfo
from app.media.queries import asset_views
from tests.browser import Browser
from tests.media.samples import Samples, video


def source(width: int, height: int, *, sound: bool = True, kbps: int = 5000, codec: str = "h264") -> VideoInfo:
    return VideoInfo(
        format="mov", duration_s=8.0, size=kbps * 1000, width=width, height=height, rotation=0, video_index=0,
        video_codec=codec, pixel_format="yuv420p", square_pixels=True, audio_index=1 if sound else None,
        audio_codec="aac" if sound else None, audio_channels=2 if sound else 0, stream_count=2, tells_place=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("width", "height", "names", "plain"),
    [
        (3840, 2160, ["240p", "480p", "720p", "audio"], "480p"),
        (1280, 720, ["240p", "480p", "720p", "audio"], "480p"),
        (720, 1280, ["240p", "480p", "720p", "audio"], "480p"),
        (1100, 640, ["240p", "480p", "640p", "audio"], "480p"),
        (854, 480, ["240p", "480p", "audio"], "480p"),
        (640, 360, ["240p", "360p", "audio"], "360p"),
        (426, 240, ["240p", "audio"], "240p"),
        (480, 270, ["270p", "audio"], "270p"),
        (320, 180, ["180p", "audio"], "180p"),
        (333, 251, ["250p", "audio"], "250p"),
    ],
)
def test_rungs_go_as_far_as_the_source_and_never_beyond(width: int, height: int, names: list[str], plain: str) -> None:
    rungs = ladder(source(width, height))
    assert [rung.name for rung in rungs] == names
    assert all(rung.width <= width and rung.height <= height for rung in rungs)
    assert all(rung.width % 2 == rung.height % 2 == 0 for rung in rungs)
    assert plain_rung(rungs).name == plain


def test_a_silent_video_has_no_rung_of_sound() -> None:
    assert SOUND not in ladder(source(1280, 720, sound=False))


def test_a_video_lighter_than_the_lowest_rung_needs_no_ladder_unless_it_must_be_encoded_anyway() -> None:
    assert ladder(source(1280, 720, kbps=150)) == ()
    assert ladder(source(1280, 720, kbps=150, codec="mpeg4")) != ()


PLAYLIST = """#EXTM3U
#EXTINF:4.000000,
#EXT-X-BYTERANGE:100000@1000
240p.m4s
#EXTINF:4.000000,
#EXT-X-BYTERANGE:50000@101000
240p.m4s
#EXTINF:0.100000,
#EXT-X-BYTERANGE:9000@151000
240p.m4s
#EXT-X-ENDLIST
"""


def test_a_rung_weighs_its_heaviest_whole_segment_and_its_average() -> None:
    weight = weigh(PLAYLIST)
    assert weight.peak == 100_000 * 8 / 4
    assert weight.average == round(159_000 * 8 / 8.1)


def test_a_playlist_without_segments_is_refused() -> None:
    with pytest.raises(ValueError, match="without segments"):
        weigh("#EXTM3U\n#EXT-X-ENDLIST\n")


def test_the_master_playlist_names_each_rung_with_its_rate_and_size() -> None:
    rungs = ladder(source(426, 240))
    text = master([Entry(rung.playlist, rung, weigh(PLAYLIST), "mp4a.40.2") for rung in rungs])
    assert text.splitlines()[-4:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=157037,RESOLUTION=426x240,CODECS="mp4a.40.2"',
        "240p.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=157037,CODECS="mp4a.40.2"',
        "audio.m3u8",
    ]


# --- made for real ------------------------------------------------------------------------------------------------

Made = dict[str, tuple[str, bytes]]
_STREAM = re.compile(r'BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)(?:,RESOLUTION=(\d+)x(\d+))?,CODECS="([^"]+)"\n(\S+)')


@pytest.fixture
def public_id(db: Session, storage: Storage, worker: Worker, tmp_path: Path) -> str:
    """A published lecture in 720p with sound, nine seconds long, ready and with its ladder."""
    path = video(tmp_path / "lecture.mp4", size="1280x720", seconds=9, more=("-b:v", "3000k", "-g", "300"))
    with path.open("rb") as file:
        asset = service.add_asset(db, service.store(storage, file, "bài giảng.mp4"), by=None, unit_id=None)
    service.make_public(db, [asset.id])
    db.commit()
    assert worker.run_all() == 1
    return asset.public_id


@pytest.mark.by_turns
def test_a_player_can_follow_the_ladder_from_the_master_to_the_last_byte(
    browser: Browser, public_id: str, tmp_path: Path
) -> None:
    base = f"/media/{public_id}"
    answer = browser.get(f"{base}/master.m3u8")
    assert answer.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    streams = _STREAM.findall(answer.text)
    assert [stream[-1] for stream in streams] == ["240p.m3u8", "480p.m3u8", "720p.m3u8", "audio.m3u8"]
    cuts = []
    for peak, average, width, height, codecs, name in streams:
        playlist = browser.get(f"{base}/{name}").text
        segments = re.findall(r"#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", playlist)
        bits = [int(size) * 8 / float(seconds) for seconds, size, _start, _media in segments]
        assert int(peak) == round(max(bits)), "BANDWIDTH is the rate of the heaviest segment"
        assert int(average) <= int(peak)
        [(init_length, init_start)] = re.findall(r'BYTERANGE="(\d+)@(\d+)"', playlist)
        media = segments[0][3]
        whole = b"".join(
            browser.get(f"{base}/{media}", headers={"range": f"bytes={start}-{int(start) + int(size) - 1}"}).content
            for size, start in [(init_length, init_start), *((size, start) for _s, size, start, _m in segments)]
        )
        path = tmp_path / media
        path.write_bytes(whole)
        with av.open(str(path)) as container:
            assert ("avc1" in codecs) == bool(container.streams.video)
            assert len(container.streams.audio) == 1
            if container.streams.video:
                shown = container.streams.video[0].codec_context
                assert (shown.width, shown.height) == (int(width), int(height))
                cuts.append([round(float(seconds)) for seconds, *_rest in segments])
    assert cuts == [[4, 4, 1]] * 3, "all sizes are cut at the same moments"
    rates = {stream[-1]: int(stream[0]) for stream in streams}
    assert rates["240p.m3u8"] < rates["480p.m3u8"] < rates["720p.m3u8"]


@pytest.mark.by_turns
def test_the_lowest_rung_and_the_sound_stay_light_whatever_is_seen_and_heard(
    browser: Browser, db: Session, storage: Storage, worker: Worker, tmp_path: Path
) -> None:
    """Measured with their containers, of pictures and a sound that nobody can compress."""
    noise = ("-vf", "noise=alls=60:allf=t", "-af", "aeval=random(0)-0.5:c=same", "-preset", "ultrafast")
    path = video(tmp_path / "snow.mp4", size="426x240", rate=25, seconds=9, more=("-b:v", "3000k", *noise))
    with path.open("rb") as file:
        asset = service.add_asset(db, service.store(storage, file, "snow.mp4"), by=None, unit_id=None)
    service.make_public(db, [asset.id])
    db.commit()
    worker.run_all()
    streams = _STREAM.findall(browser.get(f"/media/{asset.public_id}/master.m3u8").text)
    rates = {stream[-1]: int(stream[0]) for stream in streams}
    assert rates["240p.m3u8"] < 200_000
    assert rates["audio.m3u8"] < 40_000


@pytest.mark.by_turns
def test_a_viewer_is_told_what_each_quality_weighs_and_gets_the_lightest_picture_without_playlists(
    browser: Browser, db: Session, public_id: str
) -> None:
    asset = db.query(Asset).filter_by(public_id=public_id).one()
    view = asset_views(db, [asset.id])[asset.id]
    assert [(quality.name, quality.side_px) for quality in view.qualities] == [
        ("720p", 720), ("480p", 480), ("240p", 240), ("audio", 0),
    ]  # fmt: skip
    for quality in view.qualities:
        segments = re.findall(r"BYTERANGE:(\d+)@(\d+)", browser.get(f"/media/{public_id}/{quality.playlist}").text)
        assert quality.size == sum(map(int, segments[-1])), "the whole of its file"
    assert view.light_url == f"/media/{public_id}/light.mp4"
    assert view.url == f"/media/{public_id}/480p.mp4"
    light = browser.get(view.light_url).content
    assert len(light) == view.light_size
    assert view.light_size == pytest.approx(view.qualities[2].size, rel=0.05)
    with av.open(BytesIO(light)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (426, 240)
        assert len(container.streams.audio) == 1


def test_a_video_shown_as_it_came_gets_its_ladder_later_and_keeps_its_address(
    database: Database, db: Session, storage: Storage, worker: Worker, samples: Samples
) -> None:
    with samples.good_mp4.open("rb") as file:
        asset = service.add_asset(db, service.store(storage, file, "good.mp4"), by=None, unit_id=None)
    db.commit()
    before = [(r.name, r.storage_key) for r in asset.renditions]
    assert asset.state == "ready"
    assert worker.run_all() == 1
    with database.reading() as reading:
        after = [(r.name, r.storage_key) for r in reading.get_one(Asset, asset.id).renditions]
    assert after[: len(before)] == before
    assert {name for name, _key in after[len(before) :]} == {
        "180p.m4s", "180p.m3u8", "audio.m4s", "audio.m3u8", "light.mp4", "master.m3u8",
    }  # fmt: skip
