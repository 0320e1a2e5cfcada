"""A slide video from a small YAML file: drawn by Typst, encoded by ffmpeg, captioned in WebVTT.

The video has no narration; its silent audio track only keeps players that expect one content.
The lowest fifth of every slide stays empty: that is where players put the captions.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg
import yaml

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.media.encoder import watched

FRAMES_PER_SECOND = 10
ENCODE_SECONDS_MAX = 600
_SPOKEN_FPS = 5

TEMPLATE = """
#let deck = json(bytes(sys.inputs.deck))
#let (paper, ink, cham, son, la, hoe) = ("#fbf7ee", "#23211e", "#1f3b63", "#ac3820", "#28664a", "#dd9d1f").map(rgb)
#let (width, height) = deck.size.map(side => side * 0.5pt)
#let strip = for i in range(calc.ceil(width / 36pt)) {
  for (dx, w, pigment) in ((0pt, 9pt, son), (12pt, 3pt, hoe), (18pt, 9pt, la), (30pt, 3pt, cham)) {
    place(dx: i * 36pt + dx, rect(width: w, height: 8pt, fill: pigment))
  }
}
#let size-of(title) = {
  let letters = title.clusters().len()
  if letters <= 26 { 0.098 } else if letters <= 38 { 0.07 } else { 0.055 }
}
#set document(title: deck.title, date: none)
#set page(width: width, height: height, margin: 0pt, fill: paper)
#set text(font: "Be Vietnam Pro", size: height * 0.075, fill: ink, lang: "vi", hyphenate: false)
#set par(leading: 0.5em, spacing: 0.75em)
#for (number, slide) in deck.slides.enumerate(start: 1) {
  page({
    place(strip)
    place(dx: width * 0.05, dy: height * 0.09,
      box(width: width * 0.78, text(size: height * size-of(slide.title), weight: "bold", fill: cham, slide.title)))
    place(right, dx: -width * 0.05, dy: height * 0.125, text(size: height * 0.05, [#number/#deck.slides.len()]))
    place(dx: width * 0.05, dy: height * 0.235, rect(width: width * 0.9, height: 1.5pt, fill: ink))
    let has-figure = slide.figure != none
    // By its content, as browsers show it: people rename a JPEG to .png.
    let figure = if has-figure { image(read(slide.figure, encoding: none), height: 100%, fit: "contain") }
    if has-figure and slide.lines.len() == 0 {
      // A picture that says everything has the whole slide.
      place(dx: width * 0.05, dy: height * 0.26, box(width: width * 0.9, height: height * 0.54,
        align(center, figure)))
    } else if has-figure {
      place(dx: width * 0.05, dy: height * 0.285,
        box(width: width * 0.28, height: height * 0.5, figure))
    }
    place(dx: width * if has-figure { 0.38 } else { 0.05 }, dy: height * 0.27,
      box(width: width * if has-figure { 0.58 } else { 0.9 }, height: height * 0.53,
        align(horizon, stack(spacing: 0.6em, ..slide.lines.map(line => block(
          stroke: (left: 0.3em + son), inset: (left: 0.8em, y: 0.08em), line))))))
  })
}
"""
_ALONE = b"#set page(width: 9pt, height: 9pt, margin: 0pt)\n#image(read(sys.inputs.name, encoding: none))"


class SlidesInvalid(AppError):
    """The YAML does not describe a slide deck."""

    status = 422
    title = _("Tệp trình chiếu chưa đúng")
    text = _("Tệp %(file)s chưa đúng: %(reason)s")


@dataclass(frozen=True)
class Slide:
    """One still picture: what it shows, for how long, and the sentences shown as captions meanwhile."""

    title: str
    lines: Sequence[str]
    seconds: float
    caption: str
    figure: str | None = None


@dataclass(frozen=True)
class Deck:
    """A whole video; `size` is width and height in pixels, both even as H.264 wants them."""

    title: str
    size: tuple[int, int]
    slides: Sequence[Slide]


@dataclass(frozen=True)
class Cue:
    """One caption, from `start` to `end` in seconds."""

    start: float
    end: float
    text: str


def read_deck(source: Path) -> Deck:
    """The deck a slides.yaml describes; figures are bare names of files beside it. Raises `SlidesInvalid`."""
    try:
        raw: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
        width, height = (int(side) for side in raw.get("size", (1280, 720)))
        deck = Deck(str(raw["title"]), (width, height), tuple(Slide(**slide) for slide in raw["slides"]))
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SlidesInvalid(file=source.name, reason=error) from error
    if width % 2 or height % 2 or not deck.slides:
        raise SlidesInvalid(file=source.name, reason=_("cỡ hình phải chẵn và phải có ít nhất một trang"))
    for slide in deck.slides:
        if slide.seconds <= 0:
            raise SlidesInvalid(file=source.name, reason=slide.title)
        if slide.figure and (Path(slide.figure).name != slide.figure or not (source.parent / slide.figure).is_file()):
            raise SlidesInvalid(file=source.name, reason=slide.figure)
    return deck


def cues(deck: Deck) -> Iterator[Cue]:
    """Each sentence of a caption in turn, sharing its slide's time by length: a phone shows two lines at most."""
    clock = 0.0
    for slide in deck.slides:
        sentences = re.split(r"(?<=[.?!…])\s+", slide.caption.strip())
        letters = sum(map(len, sentences))
        for sentence in sentences:
            end = clock + slide.seconds * len(sentence) / letters
            yield Cue(clock, end, sentence)
            clock = end


def webvtt(captions: Sequence[Cue]) -> str:
    """The captions as a WebVTT file."""
    blocks = (f"{i}\n{_stamp(cue.start)} --> {_stamp(cue.end)}\n{cue.text}\n" for i, cue in enumerate(captions, 1))
    return "\n".join(("WEBVTT\n", *blocks))


def _stamp(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def draw_slides(deck: Deck, folder: Path, font_paths: Sequence[Path] = ()) -> list[bytes]:
    """One PNG per slide at the deck's size; figures are read from `folder`, nothing outside it is readable."""
    # Loaded when first needed, as in certificates/pdf.py.
    import typst

    # Half a point per pixel in the template, hence 144 ppi.
    # The stub wants the source and the root to be of one type; the function does not.
    pages = typst.compile(  # type: ignore[call-overload]
        TEMPLATE.encode(),
        root=str(folder),
        font_paths=[str(path) for path in font_paths],
        format="png",
        ppi=144,
        sys_inputs={"deck": json.dumps(asdict(deck))},
    )
    return [pages] if isinstance(pages, bytes) else list(pages)


def can_draw(folder: Path, name: str) -> bool:
    """Whether Typst reads this picture, which is not all that browsers show: an SVG must be UTF-8, say."""
    import typst

    try:
        typst.compile(_ALONE, root=str(folder), format="png", sys_inputs={"name": name})  # type: ignore[call-overload]
    except typst.TypstError:
        return False
    return True


def encode_command(deck: Deck, pictures: Sequence[Path], out: Path) -> list[str]:
    """The ffmpeg command: stills held for their time, H.264 4:2:0 and silent AAC, playable while it downloads."""
    stills = [
        ffmpeg.input(str(picture), loop=1, framerate=FRAMES_PER_SECOND, t=slide.seconds, protocol_whitelist="file")
        for picture, slide in zip(pictures, deck.slides, strict=True)
    ]
    length = sum(slide.seconds for slide in deck.slides)
    silence = ffmpeg.input("anullsrc=channel_layout=mono:sample_rate=44100", f="lavfi", t=length)
    # Players take HD video for BT.709; without saying so the pigments shift.
    video = ffmpeg.concat(*stills, v=1, a=0).filter("scale", out_color_matrix="bt709", out_range="tv")
    video = video.filter("format", "yuv420p")
    # One thread and bitexact: the same slides give the same bytes, so git sees no change.
    bitexact = {"fflags": "+bitexact", "flags:v": "+bitexact", "flags:a": "+bitexact", "map_metadata": -1, "threads": 1}
    picture = {"vcodec": "libx264", "profile": "main", "preset": "slow", "tune": "stillimage", "crf": 27}
    sound = {"acodec": "aac", "audio_bitrate": "16k"}
    options = {"f": "mp4", "g": FRAMES_PER_SECOND * 10, "movflags": "+faststart"}
    result = ffmpeg.output(video, silence, str(out), **picture, **sound, **options, **bitexact)
    command: list[str] = ffmpeg.compile(result, cmd=imageio_ffmpeg.get_ffmpeg_exe(), overwrite_output=True)
    return [command[0], "-hide_banner", "-loglevel", "error", "-nostdin", *command[1:]]


def spoken_command(
    executable: str, deck: Deck, pictures: Sequence[Path], sound: Path, folder: Path, out: Path
) -> list[str]:
    """The ffmpeg command for stills held while `sound` speaks, to be followed by `encoder.run`.

    Each still is read once and shown for its time; a list in `folder` says for how long.
    """
    held = "".join(
        f"file '{picture.name}'\nduration {slide.seconds:.3f}\n"
        for picture, slide in zip(pictures, deck.slides, strict=True)
    )
    # ffmpeg drops the last duration unless another file follows (its concat demuxer).
    stills = folder / "stills.txt"
    stills.write_text(f"ffconcat version 1.0\n{held}file '{pictures[-1].name}'\n")
    video = ffmpeg.input(str(stills), f="concat", protocol_whitelist="file")
    video = video.filter("scale", out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    video = video.filter("fps", _SPOKEN_FPS).filter("trim", duration=f"{sum(one.seconds for one in deck.slides):.3f}")
    voice = ffmpeg.input(str(sound), f="wav", protocol_whitelist="file")
    options = {
        "c:v": "libx264", "profile:v": "main", "preset": "veryfast", "tune": "stillimage", "crf": 25,
        "g": _SPOKEN_FPS * 10, "c:a": "aac", "b:a": "48k",
        "f": "mp4", "movflags": "+faststart", "map_metadata": -1,
    }  # fmt: skip
    return watched(executable, ffmpeg.output(video, voice, str(out), **options))


def make_slide_video(source: Path, out_mp4: Path, out_vtt: Path, font_paths: Sequence[Path] = ()) -> None:
    """Draw, encode and caption `source`; each file appears whole or not at all, repeating gives the same bytes.

    `font_paths` are folders holding Be Vietnam Pro as TTF; without it Typst falls back to another font in silence.
    """
    deck = read_deck(source)
    out_mp4.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_mp4.parent) as scratch:
        work = Path(scratch)
        pictures = [work / f"{number:03}.png" for number in range(len(deck.slides))]
        for picture, page in zip(pictures, draw_slides(deck, source.parent, font_paths), strict=True):
            picture.write_bytes(page)
        video, captions = work / "video.mp4", work / "captions.vtt"
        subprocess.run(encode_command(deck, pictures, video), check=True, timeout=ENCODE_SECONDS_MAX)
        captions.write_text(webvtt(list(cues(deck))), encoding="utf-8")
        video.replace(out_mp4)
        captions.replace(out_vtt)
