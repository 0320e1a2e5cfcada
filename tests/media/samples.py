"""Tiny files as people send them, good and bad; made once per test run by the ffmpeg the platform itself uses."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from app.media.encoder import find_ffmpeg

PICTURE = "testsrc2=size={size}:rate={rate}:duration={seconds}"
SOUND = "sine=frequency=440:duration={seconds}"
GPS_IFD, MAKE_TAG = 0x8825, 0x010F


@dataclass(frozen=True)
class Samples:
    """A folder of samples; attributes are paths."""

    folder: Path

    def __getattr__(self, name: str) -> Path:
        """`samples.portrait_mp4` is the file portrait.mp4."""
        stem, _, ending = name.rpartition("_")
        path = self.folder / f"{stem}.{ending}"
        assert path.exists(), f"no sample {path.name}"
        return path


def make_samples(folder: Path) -> Samples:
    video(folder / "good.mp4", faststart=True)
    video(folder / "slow.mp4", faststart=False)
    video(folder / "portrait.mov", size="270x480", codec="mpeg4")
    video(folder / "odd.webm", size="333x251", codec="libvpx", sound=False)
    video(folder / "silent.mkv", sound=False)
    video(folder / "lecture.mkv", seconds=8, codec="mpeg4", sound=False)
    video(folder / "wide.mp4", size="1920x1080", seconds=1, sound=False, faststart=True)
    video(folder / "place.mp4", faststart=True, more=("-metadata", "location=+21.28+106.19/"))
    # A phone held upright in high dynamic range: white paper and a grey card, in ten bits.
    paper = "color=0x949494:size=426x240:rate=10:duration=2,drawbox=w=213:h=240:color=0x666666:t=fill"
    wide = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    ffmpeg("-f", "lavfi", "-i", f"{paper},format=gbrp,scale=out_color_matrix=bt2020,{wide}", "-c:v", "libx264",
           "-pix_fmt", "yuv420p10le", "-crf", "10", folder / "bright.mp4")  # fmt: skip
    # Five loudspeakers and a voice in the middle one only, twenty times too quiet; frames that come as they like.
    voice = "sine=frequency=440:duration=3,pan=5.1|FC=0.1*c0"
    unsteady = "testsrc2=size=320x180:rate=30:duration=3,select='not(mod(n,7))+lt(mod(n,30),10)'"
    ffmpeg("-f", "lavfi", "-i", unsteady, "-f", "lavfi", "-i", voice, "-fps_mode", "vfr", "-c:v", "libx264",
           "-c:a", "aac", folder / "meeting.mp4")  # fmt: skip
    # Right as it is but for the sound.
    video(folder / "quiet.mp4", faststart=True, more=("-af", "volume=-20dB"))
    # Black, and white from the tenth second on.
    day = ("-vf", "drawbox=t=fill:c=black,drawbox=t=fill:c=white:enable='gte(t,10)'", "-g", "5")
    for name, codec in (("day.mp4", "libx264"), ("day.mkv", "mpeg4")):
        video(folder / name, codec=codec, seconds=20, size="160x90", rate=5, faststart=True, sound=False, more=day)
    video(folder / "hasty.mp4", size="160x90", seconds=1, sound=False, rate=60)
    ffmpeg("-display_rotation", "90", "-i", folder / "slow.mp4", "-c", "copy", folder / "turned.mp4")
    ffmpeg("-f", "lavfi", "-i", SOUND.format(seconds=1), "-c:a", "aac", folder / "sound.mp4")
    whole = (folder / "good.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    (folder / "headless.mp4").write_bytes((folder / "slow.mp4").read_bytes()[:20_000])
    (folder / "fake.mp4").write_text("Đây là một tệp chữ được đổi tên thành video.\n" * 50)
    (folder / "playlist.mp4").write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")
    pictures(folder)
    return Samples(folder)


def pictures(folder: Path) -> None:
    photo = Image.radial_gradient("L").resize((1200, 800)).convert("RGB")
    exif = Image.Exif()
    exif[MAKE_TAG] = "MAY-ANH-BI-MAT"
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (21.0, 16.0, 30.0), 3: "E", 4: (106.0, 11.0, 20.0)})
    exif[0x0112] = 6  # to be turned by a quarter
    photo.save(folder / "photo.jpg", exif=exif, comment=b"BI-MAT")
    photo.save(folder / "diagram.png")
    photo.resize((300, 200)).save(folder / "small.gif")
    photo.resize((300, 200)).save(folder / "still.webp")
    photo.save(folder / "moving.gif", save_all=True, append_images=[photo.rotate(90)], duration=200)
    (folder / "cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:9000])
    html = b"<html><script>alert(1)</script></html>"
    (folder / "page.jpg").write_bytes(html)
    (folder / "polyglot.gif").write_bytes(b"GIF89a" + html)
    # A true picture with a page behind it: taken as a picture, the page does not survive.
    (folder / "passenger.gif").write_bytes((folder / "small.gif").read_bytes() + html)


def video(
    path: Path,
    *,
    size: str = "320x180",
    seconds: int = 2,
    rate: int = 10,
    codec: str = "libx264",
    sound: bool = True,
    faststart: bool = False,
    more: tuple[str, ...] = (),
) -> Path:
    """A test picture with a tone."""
    inputs = ["-f", "lavfi", "-i", PICTURE.format(size=size, rate=rate, seconds=seconds)]
    if sound:
        inputs += ["-f", "lavfi", "-i", SOUND.format(seconds=seconds)]
    settings = ["-c:v", codec, "-pix_fmt", "yuv420p", "-b:v", "300k"]
    settings += ["-c:a", "aac"] if sound else []
    settings += ["-movflags", "+faststart"] if faststart else []
    return ffmpeg(*inputs, *settings, *more, path)


def ffmpeg(*arguments: str | Path) -> Path:
    subprocess.run([find_ffmpeg(), "-loglevel", "error", "-y", *map(str, arguments)], check=True)
    return Path(arguments[-1])


def slow_ffmpeg(folder: Path) -> Path:
    """An ffmpeg that takes 4 seconds of its input at once and then next to nothing: it has a middle to stop in."""
    path = folder / "slow-ffmpeg"
    # The wheel's, because older ones on systems do not know the burst.
    path.write_text(f'#!/bin/sh\nexec "{get_ffmpeg_exe()}" -readrate 0.01 -readrate_initial_burst 4 "$@"\n')
    path.chmod(0o755)
    return path
