"""Pictures keep their pixels and nothing else."""

from pathlib import Path

import pytest
from PIL import Image

from app.core.storage import Storage
from app.media import images
from app.media.files import NotAccepted
from app.media.images import ImageInvalid
from app.media.service import store
from app.media.svg import SvgInvalid, check_svg
from tests.media.samples import Samples

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 64 32">%s</svg>'


def test_camera_and_place_do_not_survive_an_upload(samples: Samples, storage: Storage, tmp_path: Path) -> None:
    assert b"BI-MAT" in samples.photo_jpg.read_bytes()
    with samples.photo_jpg.open("rb") as file:
        stored = store(storage, file, "C:\\Anh\\photo.jpg")
    assert (stored.kind, stored.file_name, stored.width, stored.height) == ("image", "photo.webp", 800, 1200)
    kept = [stored.storage_key, *(made.storage_key for made in stored.renditions)]
    for key in kept:
        data = b"".join(storage.read(key))
        assert b"BI-MAT" not in data
        (tmp_path / "seen.webp").write_bytes(data)
        with Image.open(tmp_path / "seen.webp") as seen:
            assert dict(seen.getexif()) == {}
            assert seen.height > seen.width, "turned upright"


@pytest.mark.parametrize(
    ("own", "made"),
    [(100, (100,)), (480, (480,)), (700, (480, 700)), (1600, (480, 960, 1600)), (4000, (480, 960, 1600))],
)
def test_pictures_are_never_enlarged(own: int, made: tuple[int, ...]) -> None:
    assert images.widths(own) == made


@pytest.mark.parametrize("name", ["photo_jpg", "diagram_png", "small_gif", "still_webp", "passenger_gif"])
def test_every_accepted_format_becomes_webp(samples: Samples, storage: Storage, name: str) -> None:
    path = getattr(samples, name)
    with path.open("rb") as file:
        stored = store(storage, file, path.name)
    assert {made.content_type for made in stored.renditions} == {"image/webp"}
    for made in stored.renditions:
        assert b"<script>" not in b"".join(storage.read(made.storage_key))


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("page_jpg", NotAccepted, "không phải loại được nhận"),
        ("polyglot_gif", ImageInvalid, "đã bị hỏng"),
        ("cut_jpg", ImageInvalid, "đã bị hỏng"),
        ("moving_gif", ImageInvalid, "Ảnh động"),
        ("fake_mp4", NotAccepted, "không phải loại được nhận"),
    ],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(
    samples: Samples, storage: Storage, tmp_path: Path, name: str, error: type[Exception], said: str
) -> None:
    path = getattr(samples, name)
    with path.open("rb") as file, pytest.raises(error, match=said):
        store(storage, file, path.name)
    assert not list(tmp_path.glob("media/**/*")) + list(tmp_path.glob("scratch/*"))


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("1", (3000, 2000)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(images, "MAX_PIXELS", 5_000_000)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageInvalid, match="quá lớn"):
        images.open_image(tmp_path / "bomb.png", "PNG")


def test_an_uploaded_drawing_is_refused_even_with_another_name(storage: Storage, tmp_path: Path) -> None:
    for name in ("hinh.svg", "hinh.png"):
        (tmp_path / name).write_bytes(SVG % b"<rect/>")
        with (tmp_path / name).open("rb") as file, pytest.raises(NotAccepted):
            store(storage, file, name)


def test_a_plain_drawing_is_taken_from_a_course_folder() -> None:
    shapes = b'<style>.a{fill:url(#g)}</style><g class="a"><use href="#x"/><text x="1">Chao</text></g>'
    drawing = check_svg(SVG % shapes, "hinh.svg")
    assert (drawing.width, drawing.height) == (64, 32)


@pytest.mark.parametrize(
    "content",
    [
        b"<script>alert(1)</script>",
        b"<foreignObject/>",
        b'<rect onload="alert(1)"/>',
        b'<rect ONCLICK="alert(1)"/>',
        b'<use href="https://x.test/a.svg#b"/>',
        b'<a href="https://x.test"><rect/></a>',
        b'<use xlink:href="data:image/svg+xml,x"/>',
        b"<image href='anh.png'/>",
        b"<animate attributeName='href' values='javascript:alert(1)'/>",
        b"<style>@import 'https://x.test/a.css';</style>",
        b"<rect style='fill:url(https://x.test/a)'/>",
        b"<rect fill='url(//x.test)'/>",
        b"<iframe xmlns='http://www.w3.org/1999/xhtml' src='https://x.test'/>",
        b"<rect>",
    ],
)
def test_a_drawing_that_could_run_or_fetch_is_refused(content: bytes) -> None:
    with pytest.raises(SvgInvalid):
        check_svg(SVG % content, "hinh.svg")


def test_a_drawing_with_entities_is_refused_before_it_is_read() -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + SVG % b"<text>&b;</text>"
    with pytest.raises(SvgInvalid, match="DOCTYPE"):
        check_svg(bomb, "hinh.svg")
