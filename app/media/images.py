"""Pictures: read whole, turned upright, cleaned of everything but pixels, and made in the sizes pages use (Pillow)."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from app.core.errors import Invalid
from app.core.i18n import lazy as _

WIDTHS = (480, 960, 1600)
# 40 million pixels are a good camera's; more is a mistake or an attack on our memory.
MAX_PIXELS = 40_000_000
# A long screenshot stays readable; WebP itself ends at 16383.
MASTER_WIDTH_PX, MASTER_HEIGHT_PX = 1920, 10_000
POSTER_SIDE_PX = 1280


class ImageInvalid(Invalid):
    """The file is not a picture we can show; the text says why and what to do."""

    title = _("Ảnh chưa dùng được")


@dataclass(frozen=True)
class Picture:
    """An encoded picture, ready to store."""

    data: bytes
    content_type: str
    width: int
    height: int


def open_image(path: Path, reader: str, file_name: str = "") -> Image.Image:
    """The picture upright, in sRGB, at most 1920 px wide, nothing but pixels, all decoded. Raises ImageInvalid."""
    name = file_name or path.name
    try:
        with Image.open(path, formats=[reader]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageInvalid(_("Ảnh “%(file)s” quá lớn. Hãy thu nhỏ xuống dưới 40 triệu điểm ảnh."), file=name)
            # WCAG 2.2.2: what moves must be stoppable, and an animated picture is not.
            if getattr(image, "n_frames", 1) > 1:
                raise ImageInvalid(
                    _("Ảnh động “%(file)s” không dừng lại được khi đọc. Hãy lưu ảnh tĩnh, hoặc tải lên dạng video."),
                    file=name,
                )
            image.load()
            return _within(_plain(ImageOps.exif_transpose(image)), MASTER_WIDTH_PX, MASTER_HEIGHT_PX)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageInvalid(_("Ảnh “%(file)s” quá lớn. Hãy thu nhỏ xuống dưới 40 triệu điểm ảnh."), file=name) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ImageInvalid(
            _("Tệp “%(file)s” không phải ảnh hoặc đã bị hỏng. Hãy mở thử trên máy, lưu lại rồi tải lên."), file=name
        ) from error


def master(image: Image.Image) -> Picture:
    """What we keep of an upload instead of the camera's file, which tells where and when it was taken."""
    return _encode(image, quality=88)


def renditions(image: Image.Image) -> Iterator[Picture]:
    """WebP 480, 960 and 1600 px wide; never larger than the picture itself, whose width then ends the list."""
    for width in widths(image.width):
        yield _encode(_within(image, width, image.height))


def widths(own: int) -> tuple[int, ...]:
    """The widths made of a picture: `widths(700) == (480, 700)`."""
    return (*(width for width in WIDTHS if width < own), min(own, WIDTHS[-1])) if own <= WIDTHS[-1] else WIDTHS


def poster(video: Path) -> Picture:
    """A picture from early in a video (MP4 we made or checked), as JPEG: what players show before they play."""
    # Loaded when first needed, as in probe.py.
    import av

    with av.open(str(video), format="mov", options={"protocol_whitelist": "file"}) as container:
        stream = container.streams.video[0]
        # Not the very first one, which is often black.
        container.seek(min(container.duration or 0, 10 * av.time_base) // 10)
        frame = next(container.decode(stream))
        shown: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        image = _within(shown, POSTER_SIDE_PX, POSTER_SIDE_PX)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80, progressive=True, optimize=True)
    return Picture(data.getvalue(), "image/jpeg", image.width, image.height)


def _plain(image: Image.Image) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA"):
        try:
            # Phones save wider colours; without this their pictures look pale once the profile is gone.
            converted = ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile("sRGB"))
            image = converted or image
        except (ImageCms.PyCMSError, OSError):
            pass
    plain = image.convert(mode)
    plain.info = {}
    return plain


def _within(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture made to fit, keeping its shape; never larger than it is."""
    scale = min(width / image.width, height / image.height, 1)
    if scale == 1:
        return image
    return image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS
    )


def _encode(image: Image.Image, quality: int = 82) -> Picture:
    data = io.BytesIO()
    image.save(data, "WEBP", quality=quality, method=4, use_sharp_yuv=True)
    return Picture(data.getvalue(), "image/webp", image.width, image.height)
