"""A film of 48 seconds in three sizes over a weak signal and a strong one, in a real Chromium: `make proof`."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journey.conftest import LiveServer
from tests.journey.watching import Signal, count_stalls, learner_with_film, open_lesson, press_play, stalls

pytestmark = pytest.mark.databases("sqlite")

# Noise, so that each size is as heavy as it may be.
_NOISY = ("-vf", "noise=alls=12:allf=t", "-r", "25", "-b:v", "4000k", "-preset", "ultrafast", "-g", "250")


def test_the_player_stays_light_without_stalling_on_a_weak_signal_and_climbs_on_a_strong_one(
    live: LiveServer, chromium: Browser, tmp_path: Path
) -> None:
    """Judged by the sizes fetched and by each time the film stood still after it had begun, never by the clock."""
    learner = learner_with_film(live, chromium, tmp_path, width=1280, size="1280x720", seconds=48, more=_NOISY)
    page = learner.page
    signal = Signal(page)
    signal.dots(2)
    for kbps in (300, 5000):
        open_lesson(page)
        count_stalls(page)
        signal.files.clear()
        signal.limit(kbps)
        press_play(page, until="video.ended")
        signal.limit(-1)
        print(f"\n{kbps} kbit/s: {' '.join(signal.files)}; stalls after start: {stalls(page)}")
        assert stalls(page) == []
        if kbps == 300:
            assert set(signal.files) == {"240p.m4s"}
        else:
            assert signal.files[0] == "240p.m4s"
            assert signal.files[-1] == "720p.m4s"
    learner.close()
