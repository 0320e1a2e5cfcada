"""What a video file is, and what is said of one that is not."""

import pytest

from app.media.ladder import can_be_copied, needs_nothing, target_size
from app.media.probe import VideoInvalid, is_faststart, probe
from tests.media.samples import Samples


def test_a_good_video_is_measured(samples: Samples) -> None:
    video = probe(samples.good_mp4, "mov")
    assert (video.width, video.height, video.rotation) == (320, 180, 0)
    assert (video.video_codec, video.audio_codec, video.audio_channels) == ("h264", "aac", 1)
    assert video.duration_s == pytest.approx(2, abs=0.1)


def test_a_turned_video_is_measured_as_it_is_shown(samples: Samples) -> None:
    video = probe(samples.turned_mp4, "mov")
    assert (video.width, video.height) == (180, 320)


@pytest.mark.parametrize(
    ("name", "reader", "said"),
    [
        ("fake_mp4", "mov", "không phải video hoặc đã bị hỏng"),
        ("playlist_mp4", "mov", "không phải video hoặc đã bị hỏng"),
        ("headless_mp4", "mov", "không phải video hoặc đã bị hỏng"),
        ("cut_mp4", "mov", "bị cắt cụt"),
        ("sound_mp4", "mov", "không có hình"),
        ("good_mp4", "matroska", "không phải video hoặc đã bị hỏng"),
    ],
)
def test_what_is_no_whole_video_is_refused_in_words(samples: Samples, name: str, reader: str, said: str) -> None:
    with pytest.raises(VideoInvalid) as refused:
        probe(getattr(samples, name), reader, "bai-giang.mp4")
    assert said in refused.value.message
    assert "bai-giang.mp4" in refused.value.message


@pytest.mark.parametrize(
    ("name", "reader", "copied", "served_as_is"),
    [
        ("good_mp4", "mov", True, True),
        ("slow_mp4", "mov", True, False),
        ("place_mp4", "mov", True, False),
        ("silent_mkv", "matroska", True, False),
        ("turned_mp4", "mov", False, False),
        ("portrait_mov", "mov", False, False),
        ("odd_webm", "matroska", False, False),
        ("wide_mp4", "mov", False, False),
    ],
)
def test_only_what_plays_everywhere_is_left_as_it_is(
    samples: Samples, name: str, reader: str, copied: bool, served_as_is: bool
) -> None:
    path = getattr(samples, name)
    video = probe(path, reader)
    assert (can_be_copied(video), needs_nothing(video, path)) == (copied, served_as_is)


def test_the_index_comes_first_in_a_faststart_file(samples: Samples) -> None:
    assert is_faststart(samples.good_mp4)
    assert not is_faststart(samples.slow_mp4)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((1920, 1080), (854, 480)),
        ((1080, 1920), (480, 854)),
        ((640, 480), (640, 480)),
        ((333, 251), (332, 250)),
        ((320, 180), (320, 180)),
        ((1, 1), (2, 2)),
        ((4096, 481), (4088, 480)),
    ],
)
def test_a_video_is_never_enlarged_and_its_sides_are_even(given: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert target_size(*given, 480) == wanted
