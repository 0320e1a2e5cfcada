"""What a video costs in CPU: our ladder beside one plain 720p encode of the same file, in the same run.

`python -m bench.videos` runs it alone. Counted is the user and system time of this process and of every ffmpeg it
starts, not the clock. Each measure is the median of several runs, taken by turns.
"""

import argparse
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker
from app.core.settings import get_settings
from app.core.storage import Storage, storage_of
from app.media import service
from app.media.encoder import find_ffmpeg
from app.media.images import poster
from app.media.jobs import JOBS
from app.media.ladder import PLAIN_NAME, ladder, make_command
from app.media.models import Asset
from app.media.probe import probe
from app.media.storyboard import storyboard
from bench.block import say
from bench.table import machine, number, replace_in, row
from bench.world import environment_of, operate

TURNS, QUICK_TURNS = 3, 1
_LIVELY_S, _STILL_S = 20, 180
_AIMS = {"ladder": 1.6, "wrapper": 0.05, "copy": 0.02}
# As somebody would type it who knows ffmpeg and wants one file for everybody.
_PLAIN = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-vf", "scale=-2:720", "-pix_fmt", "yuv420p",
          "-c:a", "aac", "-b:a", "96k", "-ac", "1", "-movflags", "+faststart")  # fmt: skip


@dataclass
class Videos:
    """CPU seconds, one for each turn. `still`: a lecture that need only be copied; the others: a lively video that
    needs its ladder. `job`: ours from the queue to the last row; `bare`: its one ffmpeg command by itself."""

    plain: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    job: list[float] = field(default_factory=list)
    still_plain: list[float] = field(default_factory=list)
    still_copy: list[float] = field(default_factory=list)
    still_job: list[float] = field(default_factory=list)

    @property
    def ladder_ratio(self) -> float:
        return median(self.bare) / median(self.plain)

    @property
    def wrapper_ratio(self) -> float:
        return median(self.job) / median(self.bare) - 1

    @property
    def copy_ratio(self) -> float:
        return median(self.still_copy) / median(self.still_plain)

    @property
    def light_ratio(self) -> float:
        return median(self.still_job) / median(self.still_plain)


def measure_videos(turns: int) -> Videos:
    """Samples made first, not counted; then every way once in each turn."""
    found = Videos()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder, f"sqlite:///{folder}/hocso.db")
        operate(environment, "migrate")
        os.environ.update(environment)
        get_settings.cache_clear()
        database = Database(environment["DATABASE_URL"])
        storage = storage_of(get_settings().media_url, get_settings())
        lively, still = _samples(folder)
        for turn in range(1, turns + 1):
            say(f"video: lượt {turn} trên {turns}")
            found.plain.append(_cpu_of(lambda: _run(folder, "-i", lively, *_PLAIN, "plain.mp4")))
            found.bare.append(_cpu_of(_bare(folder, lively)))
            found.job.append(_job(database, storage, lively))
            found.still_plain.append(_cpu_of(lambda: _run(folder, "-i", still, *_PLAIN, "plain.mp4")))
            found.still_copy.append(_cpu_of(lambda: _copy(folder, still)))
            found.still_job.append(_job(database, storage, still))
        database.dispose()
    return found


def markdown(found: Videos) -> str:
    """The table, for docs/performance.md."""
    return "\n".join(_lines(found))


def _lines(found: Videos) -> Iterator[str]:
    yield f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}; trung vị của {len(found.plain)} lượt."
    yield ""
    yield row(["việc", "CPU, giây", "tỷ lệ", "mục tiêu", "đạt?"])
    yield row(["---"] * 5)
    yield row([f"một bản 720p thường của video quay sống động, {_LIVELY_S} giây", _s(found.plain), "", "", ""])
    yield _judged("ba cỡ hình, tiếng riêng, bảng hình nhỏ: một lệnh ffmpeg", found.bare, found.ladder_ratio, "ladder")
    yield _judged("trọn việc nền của video ấy, so với lệnh ấy: thêm kiểm, đo tiếng, MP4, ảnh bìa, cất",
                  found.job, found.wrapper_ratio, "wrapper")  # fmt: skip
    yield row([f"một bản 720p thường của bài giảng ít động, {_STILL_S} giây", _s(found.still_plain), "", "", ""])
    yield _judged("chép: kiểm, chép sang MP4, kiểm lại, ảnh bìa", found.still_copy, found.copy_ratio, "copy")
    yield row(["trọn việc nền của bài giảng ấy: chép, đo tiếng, bảng hình nhỏ", _s(found.still_job),
               f"{number(100 * found.light_ratio, 1)}%", "", ""])  # fmt: skip


def _judged(name: str, seconds: list[float], ratio: float, aim: str) -> str:
    bound = _AIMS[aim]
    if aim == "ladder":
        shown, wanted = number(ratio, 2), number(bound, 1)
    else:
        shown, wanted = f"{number(100 * ratio, 1)}%", f"{number(100 * bound)}%"
    return row([name, _s(seconds), shown, f"≤ {wanted}", "đạt" if ratio <= bound else "chưa"])


def _s(seconds: list[float]) -> str:
    return number(median(seconds), 2)


def _samples(folder: Path) -> tuple[Path, Path]:
    """A lively 720p with grain and noise as of a phone in a yard; a lecture of few movements, light as it came."""
    lively, piece, still = folder / "lively.mp4", folder / "piece.mp4", folder / "still.mp4"
    noise = "anoisesrc=color=pink:amplitude=0.6:duration={}"
    picture = f"testsrc2=size=1280x720:rate=30:duration={_LIVELY_S},noise=alls=8:allf=t"
    _run(folder, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", noise.format(_LIVELY_S), "-c:v", "libx264",
         "-preset", "veryfast", "-b:v", "6M", "-c:a", "aac", lively)  # fmt: skip
    slide = "smptehdbars=size=1280x720:rate=25:duration=20,drawbox=x=mod(t*40\\,1200):y=300:w=60:h=60:c=white:t=fill"
    _run(folder, "-f", "lavfi", "-i", slide, "-f", "lavfi", "-i", noise.format(20), "-c:v", "libx264", "-preset",
         "veryfast", "-crf", "28", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-ac", "1", piece)  # fmt: skip
    _run(folder, "-stream_loop", str(_STILL_S // 20 - 1), "-i", piece, "-c", "copy", still)
    return lively, still


def _bare(folder: Path, source: Path) -> Callable[[], None]:
    """The one command our job runs for the ladder, run by nobody."""
    video = probe(source, "mov")
    rungs = ladder(video)
    board = storyboard(video.duration_s, video.width, video.height)
    made = folder / "bare"
    made.mkdir(exist_ok=True)
    command = make_command(find_ffmpeg(), video, source, made, rungs, plain=False, board=board)

    def run() -> None:
        subprocess.run(command, cwd=made, check=True, stdout=subprocess.DEVNULL)

    return run


def _copy(folder: Path, source: Path) -> None:
    """What makes the plain MP4 of a video that is right already, as our job does it."""
    command = make_command(find_ffmpeg(), probe(source, "mov"), source, folder, (), plain=True)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    probe(folder / PLAIN_NAME, "mov")
    poster(folder / PLAIN_NAME)


def _job(database: Database, storage: Storage, source: Path) -> float:
    """CPU seconds of the job alone; taking the upload in is not counted."""
    with source.open("rb") as file:
        stored = service.store(storage, file, source.name)
    with database.writing() as db:
        asset_id = service.add_asset(db, stored, by=None, unit_id=None).id
    worker = Worker(database, storage, JOBS)
    seconds = _cpu_of(lambda: worker.run_all())
    with database.writing() as db:
        asset = db.get_one(Asset, asset_id)
        if asset.state != "ready" or not asset.ladder_version:
            raise RuntimeError(f"{source.name}: {asset.error}")
    return seconds


def _cpu_of(work: Callable[[], object]) -> float:
    before = _spent()
    work()
    return _spent() - before


def _spent() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _run(folder: Path, *arguments: str | Path) -> None:
    subprocess.run(
        [find_ffmpeg(), "-loglevel", "error", "-nostdin", "-y", *map(str, arguments)], cwd=folder, check=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.videos", description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N", help="số lượt")
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa hai dấu videos")
    options = parser.parse_args()
    text = markdown(measure_videos(options.turns))
    print(text)
    if options.write:
        replace_in(options.write, text, "videos")


if __name__ == "__main__":
    main()
