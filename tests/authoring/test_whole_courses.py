"""A whole course in the studio: what it says of itself, taken home as a ZIP, brought in again."""

import io
import re
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.authoring import info_form
from app.authoring.folder.zipped import unpack_course, write_zip
from app.catalogue.source import CompletionRule
from app.core.db import Database
from app.core.errors import Invalid
from tests.authoring.folders import good_folder
from tests.authoring.test_arranging import newest, two_modules
from tests.browser import Browser
from tests.catalogue.making import SVG
from tests.media.samples import Samples

_MANIFEST = {"ky-so/course.yaml": b"code: KS01\n"}


def zipped(files: dict[str, bytes], **attributes: Any) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive.writestr(info, content)
    out.seek(0)
    return out


HOSTILE: dict[str, tuple[io.BytesIO, str]] = {
    "no zip": (io.BytesIO(b"PK\x03\x04 hong"), "không phải tệp ZIP"),
    "no course": (zipped({"a/b.txt": b"x"}), "Không thấy course.yaml"),
    "two courses": (zipped(_MANIFEST | {"khac/course.yaml": b""}), "nhiều thư mục"),
    "way out": (zipped(_MANIFEST | {"ky-so/../../ra.txt": b"x"}), "dẫn ra ngoài"),
    "absolute": (zipped(_MANIFEST | {"/etc/ra.txt": b"x"}), "dẫn ra ngoài"),
    "backslash": (zipped(_MANIFEST | {"ky-so/a\\..\\b": b"x"}), "dẫn ra ngoài"),
    "deep": (zipped(_MANIFEST | {"ky-so/a/b/c.md": b"x"}), "chỉ có thư mục"),
    "link": (zipped(_MANIFEST, external_attr=(stat.S_IFLNK | 0o777) << 16), "liên kết"),
    "twice": (zipped(_MANIFEST | {"ky-so/A.md": b"x", "ky-so/a.md": b"y"}), "hai tệp cùng tên"),
    "file and folder": (zipped(_MANIFEST | {"ky-so/a": b"x", "ky-so/a/b.md": b"y"}), "cùng tên"),
    "bomb": (zipped(_MANIFEST | {"ky-so/a.md": bytes(1_500_000)}), "nén quá chặt"),
    "large": (zipped(_MANIFEST | {"ky-so/a.md": bytes(range(256)) * 9_000}), "nặng quá"),
    "many": (zipped({f"ky-so/{number}.md": b"" for number in range(3001)}), "quá 3000 tệp"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_zip_made_to_do_harm_is_refused_and_nothing_is_written_elsewhere(kind: str, tmp_path: Path) -> None:
    file, said = HOSTILE[kind]
    inside = tmp_path / "trong"
    inside.mkdir()
    with pytest.raises(Invalid, match=said):
        unpack_course(file, "khoa.zip", inside, most_bytes=2_000_000)
    assert [path.name for path in tmp_path.iterdir()] == ["trong"]


def test_a_folder_comes_back_from_its_zip_byte_for_byte(tmp_path: Path) -> None:
    folder = good_folder(tmp_path)
    (folder / "09-trong").mkdir()
    packed, again = io.BytesIO(), io.BytesIO()
    write_zip(folder, packed)
    write_zip(folder, again)
    assert packed.getvalue() == again.getvalue()
    back = unpack_course(packed, "ten-khac.zip", tmp_path / "ra", most_bytes=10_000_000)
    assert back.name == folder.name

    def told(root: Path) -> dict[str, bytes | None]:
        return {
            path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None for path in root.rglob("*")
        }

    assert told(back) == told(folder)
    bare = zipped({"course.yaml": b"x", "__MACOSX/._course.yaml": b"x", ".DS_Store": b"x", "01-a/01-b.md": b"y"})
    named = unpack_course(bare, "Họp số (2).zip", tmp_path / "tran", most_bytes=1000)
    assert named.name == "hop-so-2"
    assert sorted(path.name for path in named.rglob("*")) == ["01-a", "01-b.md", "course.yaml"]


def send_zip(browser: Browser, content: bytes, existing: str = "", name: str = "khoa.zip") -> httpx.Response:
    unit = re.search(r'name="unit" value="(\d+)"', browser.get("/studio/upload").text)
    assert unit is not None
    return browser.post(
        "/studio/upload",
        {"existing": existing, "unit": unit.group(1)},
        files={"file": (name, content, "application/zip")},
    )


def test_a_course_is_brought_in_taken_home_changed_and_brought_in_again(
    author: Browser, new_browser: Callable[[], Browser], database: Database, tmp_path: Path
) -> None:
    folder = good_folder(tmp_path)
    packed = io.BytesIO()
    write_zip(folder, packed)
    made = send_zip(author, packed.getvalue())
    assert made.url.path == "/studio/hop-so", made.text
    assert "bản nháp số 1" in made.text
    home = author.get("/studio/hop-so/zip")
    assert home.headers["content-type"] == "application/zip"
    assert home.content == packed.getvalue(), "byte for byte, comments of its author included"

    assert send_zip(author, home.content).status_code == 409
    lesson = folder / "01-mo-dau" / "01-hop-so.md"
    lesson.write_text(re.sub("(?m)^title: .*$", "title: Họp gọn", lesson.read_text(), count=1))
    changed = io.BytesIO()
    write_zip(folder, changed)
    assert "không có gì mới" in send_zip(author, home.content, "draft").text
    assert "bản nháp số 2" in send_zip(author, changed.getvalue(), "draft").text

    elsewhere = new_browser().sign_in("tacgia-phuong")
    assert elsewhere.get("/studio/hop-so/zip").status_code == 404
    refused = send_zip(elsewhere, changed.getvalue(), "draft")
    assert refused.status_code == 409
    assert "một đơn vị khác" in refused.text
    copied = send_zip(elsewhere, changed.getvalue(), "copy")
    source = newest(database, copied.url.path.removeprefix("/studio/"))
    assert source.code != "HS01"
    assert all(one.key.startswith(f"{source.code}.") for module in source.modules for one in module.lessons)

    lesson.write_text("không có phần đầu")
    broken = io.BytesIO()
    write_zip(folder, broken)
    told = send_zip(author, broken.getvalue(), "draft")
    assert told.status_code == 422
    assert "<code>01-mo-dau/01-hop-so.md:1</code>" in told.text
    assert newest(database, "hop-so").lesson("HS01.1.1")[1].title == "Họp gọn"


# --- what a course says of itself -----------------------------------------------------------------------------------


def test_what_the_form_shows_makes_the_same_course() -> None:
    rule = CompletionRule(quiz_percent=70, hours=1.5, in_person=True, valid_months=12)
    source = replace(
        two_modules(), audiences=("CBCC",), tags=("CDS", "HOTICH"), skills=("KNS4",), completion=rule, level="Cơ bản"
    )
    fields = info_form.of_course(source, 1)
    assert fields.needed_hours == "1,5"
    assert info_form.info_problems(fields, source, is_published=True, codes=(), slugs=()) == {}
    assert info_form.told(source, fields, is_published=True) is source, "course.yaml stays as its author wrote it"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"), ({"summary": "a" * 1001}, "summary"), ({"code": "thường"}, "code"),
        ({"code": "CO"}, "code"), ({"audiences": ()}, "audiences"), ({"audiences": ("KHONGCO",)}, "title"),
        ({"hours": "nhiều"}, "hours"), ({"hours": "0"}, "hours"), ({"quiz_percent": "70,5"}, "quiz_percent"),
        ({"validity": "months"}, "valid_months"), ({"other_tags": "thường"}, "other_tags"),
        ({"renewal": "khong-co"}, "renewal"), ({"all_required_lessons": False}, "all_required_lessons"),
        ({"certificate_title": ""}, "certificate_title"), ({"language": "tiếng"}, "title"),
    ],
)  # fmt: skip
def test_what_the_form_does_not_take_is_told_at_its_field(change: dict[str, Any], field: str) -> None:
    source = replace(two_modules(), audiences=("CBCC",))
    fields = replace(info_form.of_course(source, 1), **change)
    assert list(info_form.info_problems(fields, source, is_published=False, codes={"CO"}, slugs=())) == [field]


def test_a_code_changes_with_the_keys_of_the_lessons_until_the_course_is_published() -> None:
    source = replace(two_modules(), audiences=("CBCC",))
    fields = replace(info_form.of_course(source, 1), code="MOI")
    assert info_form.told(source, fields, is_published=False).lesson("MOI.1.2")
    assert info_form.told(source, fields, is_published=True).code == source.code


def test_an_author_tells_of_the_course_anew(author: Browser, database: Database, samples: Samples) -> None:
    url = "/studio/ky-so/info"
    page = author.get(url).text
    assert "Các bài bắt buộc cộng lại được 0,17 giờ" in page
    base = re.search(r'name="base_version" value="(\d+)"', page)
    assert base is not None
    typed = {
        "title": "Ký số mỗi ngày", "summary": "Ký được một văn bản.", "audiences": "CBCC", "access": "open",
        "hours": "0,25", "licence": "CC-BY-4.0", "owner": "Sở", "contact": "0222", "language": "vi", "tags": "CDS",
        "other_tags": "hotich", "all_required_lessons": "1", "gives_certificate": "1", "certificate_title": "Giấy",
        "validity": "year_end", "base_version": base.group(1), "level": "Cơ bản", "programme": "P04-NENTANG",
        "skills": ["NLS4", "KNS1", "KHONGCO"],
    }  # fmt: skip
    refused = author.post(url, typed, files={"cover": ("", b"")})
    assert refused.status_code == 422
    assert 'value="Ký số mỗi ngày"' in refused.text
    right = typed | {"other_tags": "HOTICH"}
    bad_picture = author.post(url, right, files={"cover": ("bia.svg", SVG.encode())})
    assert bad_picture.status_code == 422
    kept = author.post(url, right, files={"cover": ("bia.jpg", samples.photo_jpg.read_bytes())})
    assert kept.url.path == "/studio/ky-so", kept.text
    source = newest(database)
    assert (source.title, source.hours, source.tags) == ("Ký số mỗi ngày", 0.25, ("CDS", "HOTICH"))
    assert source.skills == ("KNS1", "NLS4")
    assert source.completion.is_valid_until_year_end
    assert source.cover is not None
    assert source.cover.name == "cover.webp"
    assert source.code == "KS01"
    stale = author.post(url, right | {"title": "Của người khác"}, files={"cover": ("", b"")})
    assert stale.status_code == 409
    assert "vừa được người khác sửa" in stale.text
    assert 'value="Của người khác"' in stale.text
