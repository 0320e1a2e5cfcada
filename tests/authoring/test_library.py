"""An author finds files again, sees where they are used, and deletes what nobody uses."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from sqlalchemy import select

from app.authoring import library_queries
from app.authoring.library_queries import PAGE_SIZE, Filters
from app.catalogue.banks import add_bank, add_question
from app.catalogue.models import CourseVersion, LessonFile, LessonVersion
from app.catalogue.service import publish, save_version
from app.catalogue.source import CourseSource, FileSource, LessonSource
from app.core import clock, jobs
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.identity.sign_in import accounts
from app.media.models import Asset, Rendition
from app.media.quota import quota_of
from app.media.uploads.tus import metadata_header
from app.runtime import Runtime
from tests import factories
from tests.browser import Browser
from tests.catalogue import making
from tests.media.test_commands import run

LIBRARY = "/studio/library"


def png(colour: str, width: int = 40) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, width * 3 // 4), colour).save(data, "PNG")
    return data.getvalue()


def picture(db: Session, name: str, unit: str = "24", **more: object) -> Asset:
    fields: dict[str, object] = {
        "public_id": f"tep-{name}".replace(" ", "-"), "kind": "image", "state": "ready", "file_name": name,
        "content_type": "image/webp", "size": 1000, "sha256": f"{len(name):064}", "storage_key": f"x/{name}",
        "width": 480, "height": 320, "unit_id": factories.unit_id(db, unit), "created_at": clock.now(),
    }  # fmt: skip
    asset = Asset(**fields | more)
    asset.renditions = [
        Rendition(
            name="480.webp", content_type="image/webp", size=500, width=480, height=320, storage_key=f"x/{name}-480",
            created_at=clock.now(),
        )
    ]  # fmt: skip
    db.add(asset)
    db.flush()
    return asset


def course_with(asset: Asset, *, more: str = "") -> CourseSource:
    text = f"![Ảnh]({asset.file_name})\n{more}"
    lesson: LessonSource = making.lesson(
        "THU.1.1", "Mở đầu", text, quiz=None, files=(FileSource(asset.file_name, asset_id=asset.id),)
    )
    return making.course(lesson)


@pytest.fixture
def author(new_browser: Callable[[], Browser], db: Session) -> Browser:
    factories.account(db, username="tacgia", role="author", at="24")
    db.commit()
    return new_browser().sign_in("tacgia")


def names(page: str) -> list[str]:
    return re.findall(r'/studio/library/[^"]+">([^<]+)</a></b>', page)


def test_files_are_found_by_name_kind_person_and_use(author: Browser, db: Session, storage: Storage) -> None:
    lan = factories.account(db, username="lan", role="author", at="24")
    used = picture(db, "Ký số.webp", uploaded_by=lan.id, size=5000)
    picture(db, "phim ký.mp4", kind="video", state="failed", error="Hỏng rồi.")
    picture(db, "cua phuong.webp", unit=factories.BAC_GIANG)
    save_version(db, storage, course_with(used), factories.unit_id(db, "24"), None)
    db.commit()
    page = author.get(LIBRARY).text
    assert names(page) == ["cua phuong.webp", "phim ký.mp4", "Ký số.webp"], "the newest first, of units below as well"
    assert names(author.get(f"{LIBRARY}?q=ky+so").text) == ["Ký số.webp"], "without marks, every word"
    assert names(author.get(f"{LIBRARY}?kind=video").text) == ["phim ký.mp4"]
    assert names(author.get(f"{LIBRARY}?by={lan.id}").text) == ["Ký số.webp"]
    assert names(author.get(f"{LIBRARY}?state=failed").text) == ["phim ký.mp4"]
    assert names(author.get(f"{LIBRARY}?use=none").text) == ["cua phuong.webp", "phim ký.mp4"]
    assert names(author.get(f"{LIBRARY}?sort=size").text)[0] == "Ký số.webp"
    assert names(author.get(f"{LIBRARY}?sort=name").text)[0] == "cua phuong.webp"
    assert "Không có tệp nào như vậy" in author.get(f"{LIBRARY}?q=khong-co").text
    assert author.get(f"{LIBRARY}?unit=abc&by=-1&sort=zzz&after=khong").status_code == 200


@pytest.mark.parametrize("sort", ["", "size", "name"])
def test_pages_follow_each_other_without_gap_or_repeat(db: Session, sort: str) -> None:
    account = factories.account(db, username="tacgia", role="author", at="24")
    for number in range(2 * PAGE_SIZE + 3):
        picture(db, f"anh {number:02}.webp", size=1000 + number % 5)
    actor = accounts.actor_of(db, account.id)
    assert actor is not None
    seen, after = [], ""
    while True:
        page = library_queries.library_page(db, get_settings(), actor, Filters(sort=sort), after)
        seen += [row.view.file_name for row in page.rows]
        if not page.next_url:
            break
        after = page.next_url.rsplit("after=", 1)[-1]
    assert len(seen) == len(set(seen)) == page.total == 2 * PAGE_SIZE + 3


def test_an_asset_says_where_it_is_used_and_is_deleted_only_when_unused(
    author: Browser, new_browser: Callable[[], Browser], db: Session, database: Database, storage: Storage
) -> None:
    used = picture(db, "anh.webp")
    unit = factories.unit_id(db, "24")
    publish(db, save_version(db, storage, course_with(used), unit, None), None)
    save_version(db, storage, course_with(used, more="\nThêm một câu.\n"), unit, None)
    spare = picture(db, "thua.webp")
    asked = picture(db, "cau hoi.webp")
    question = {"kind": "true_false", "text": "Đúng? ![Ảnh](a.webp)", "answer": True, "explanation": "Vì thế."}
    add_question(db, add_bank(db, "Ngân hàng thử", unit, by=None), question, by=None, files={"a.webp": asked.id})
    factories.account(db, username="tacgia-phuong", role="author", at=factories.BAC_GIANG)
    db.commit()

    page = author.get(f"{LIBRARY}/{used.public_id}").text
    assert "Mở đầu" in page
    assert "người học đang thấy, bản 1" in page
    assert "bản nháp 2" in page
    assert "Xóa hẳn" not in page
    refused = author.post(f"{LIBRARY}/{used.public_id}/delete", {})
    assert refused.status_code == 409
    assert "Mở đầu" in refused.text, "the refusal tells where"
    assert author.post(f"{LIBRARY}/{asked.public_id}/delete", {}).status_code == 409
    assert "Ngân hàng thử" in author.get(f"{LIBRARY}/{asked.public_id}").text

    elsewhere = new_browser().sign_in("tacgia-phuong")
    assert elsewhere.get(f"{LIBRARY}/{spare.public_id}").status_code == 404
    assert elsewhere.post(f"{LIBRARY}/{spare.public_id}/delete", {}).status_code == 404

    gone = author.post(f"{LIBRARY}/{spare.public_id}/delete", {})
    assert "Đã xóa tệp “thua.webp”" in gone.text
    with database.reading() as fresh:
        assert fresh.get(Asset, spare.id) is None
        assert fresh.scalar(select(jobs.Job.kind).where(jobs.Job.kind == "media.sweep"))


def test_a_use_in_another_units_course_is_told_without_its_name(db: Session, storage: Storage) -> None:
    account = factories.account(db, username="tacgia", role="author", at=factories.BAC_GIANG)
    shared = picture(db, "anh.webp", unit=factories.BAC_GIANG)
    save_version(db, storage, course_with(shared), factories.unit_id(db, "24"), None)
    actor = accounts.actor_of(db, account.id)
    assert actor is not None
    page = library_queries.library_page(db, get_settings(), actor, Filters(), "")
    assert [(use.kind, use.title, use.url) for use in page.rows[0].uses] == [("lesson", "", "")]


def test_gc_tells_first_and_deletes_only_what_nobody_names(
    runtime: Runtime, db: Session, storage: Storage, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def kept(name: str, days: int, **more: object) -> Asset:
        sha256 = f"{name:0>64}"
        asset = picture(db, f"{name}.webp", sha256=sha256, created_at=clock.now() - timedelta(days=days), **more)
        folder = f"assets/{sha256[:2]}/{sha256}"
        asset.storage_key, asset.renditions[0].storage_key = f"{folder}/source", f"{folder}/480.webp"
        for key in (asset.storage_key, asset.renditions[0].storage_key):
            put(storage, tmp_path, key)
        return asset

    used, old, new = kept("aa", 90), kept("bb", 90), kept("cc", 2)
    running = kept("dd", 90, state="processing")
    save_version(db, storage, course_with(used), factories.unit_id(db, "24"), None)
    db.commit()
    for key in (f"assets/ee/{'ee':0<64}/source", f"assets/00/{'aa':0>64}/old-rung.m4s"):
        put(storage, tmp_path, key)
    put(storage, tmp_path, f"assets/ff/{'ff':0<64}/source")
    put(storage, tmp_path, f"shelving/{'ff':0<64}", clock.now().isoformat().encode())
    before = set(storage.all_keys())

    assert run(runtime, "gc") == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == f"tệp không dùng\t1,5 kB\t{old.id}\tbb.webp"
    assert "Có 1 tệp không dùng (1,5 kB), 2 tệp thừa" in said
    assert set(storage.all_keys()) == before

    assert run(runtime, "gc", "--apply") == 0
    assert "Đã xóa 1 tệp không dùng (1,5 kB), 2 tệp thừa" in capsys.readouterr().out
    gone = before - set(storage.all_keys())
    assert {key.rsplit("/", 1)[-1] for key in gone} == {"source", "480.webp", "old-rung.m4s"}
    assert not any("/ff/" in key for key in gone), "somebody is just putting it there"
    db.expire_all()
    assert {asset.id for asset in db.scalars(select(Asset))} == {used.id, new.id, running.id}
    assert run(runtime, "gc", "--apply") == 0
    assert "Đã xóa 0 tệp" in capsys.readouterr().out


def put(storage: Storage, folder: Path, key: str, content: bytes = b"1234") -> None:
    path = folder / "put"
    path.write_bytes(content)
    with path.open("rb") as file:
        storage.put(key, file)


def test_a_unit_without_room_is_told_before_choosing_and_refused_in_words(
    author: Browser, runtime: Runtime, db: Session, storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    used = picture(db, "Anh.webp", size=1024 * 1024 - 500)
    twice = course_with(used, more="![Lần nữa](Anh.webp)\n")
    save_version(db, storage, twice, factories.unit_id(db, "24"), None)
    db.commit()
    assert run(runtime, "quota", "24", "2") == 0
    assert capsys.readouterr().out == "Thành phố Bắc Ninh\t1,0 MB\t2,0 MB\n", "once, with what was made of it"
    form = author.get("/studio/khoa-thu/lessons/new").text
    assert "Kho tệp của đơn vị còn 1,0 MB trong 2,0 MB." in form
    assert "đã dùng 1,0 MB trong 2,0 MB" in author.get(LIBRARY).text
    refused = author.post(
        "/studio/khoa-thu/lessons/new", {"module": "01-mo-dau"}, files={"picture": ("to.png", b"x" * 1024 * 1100)}
    )
    assert refused.status_code == 422
    assert "đơn vị chỉ còn 1,0 MB" in refused.text
    sent = author.client.post(
        "/uploads?course=khoa-thu",
        headers={
            "tus-resumable": "1.0.0", "upload-length": "1100000", "x-csrf-token": author.token,
            "upload-metadata": metadata_header({"filename": "a.png", "kind": "image"}),
        },
    )  # fmt: skip
    assert (sent.status_code, "đơn vị chỉ còn" in sent.text) == (413, True)
    assert run(runtime, "quota", "24", "0") == 0
    assert "không giới hạn" in capsys.readouterr().out
    assert "Kho tệp của đơn vị còn" not in author.get("/studio/khoa-thu/lessons/new").text


def test_an_operator_sees_and_sets_the_room_of_a_unit(browser: Browser, db: Session, settings: Settings) -> None:
    unit = factories.unit_id(db, "24")
    operator = factories.account(db, username="vanhanh", role="operator")
    picture(db, "Anh.webp", size=2 * 1024 * 1024)
    db.commit()
    browser.sign_in("vanhanh")
    assert f'href="/admin/media/{unit}"' in browser.get("/units/24").text
    url = f"/admin/media/{unit}"

    refused = browser.post(url, {"limit": "own", "gigabytes": "20.480"})
    assert (refused.status_code, "không có dấu chấm" in refused.text) == (422, True)
    assert 'value="20.480"' in refused.text, "what was typed stays"
    assert quota_of(db, settings, unit).limit == 50 * 1024**3
    db.commit()

    def set_to(limit: str, gigabytes: str = "") -> str:
        return browser.post(url, {"limit": limit, "gigabytes": gigabytes}).text

    assert "Thành phố Bắc Ninh được 1,5 GB." in set_to("own", "1,5")
    assert 'value="1,5"' in browser.get(url).text
    assert "được 1,0 MB, ít hơn 2,0 MB đang dùng" in set_to("own", "0,001")
    assert "không còn giới hạn" in set_to("none")
    assert "được 50,0 GB." in set_to("common")
    db.expire_all()
    acts = db.scalars(select(AuditEntry).where(AuditEntry.action == "media.quota").order_by(AuditEntry.id))
    told = [(one.account_id, one.subject_id, one.details["megabytes"]) for one in acts]
    assert told == [(operator.id, str(unit), megabytes) for megabytes in (1536, 1, 0, None)]


def test_a_newer_version_takes_the_place_only_in_drafts_that_are_named(
    author: Browser, new_browser: Callable[[], Browser], db: Session, database: Database, storage: Storage
) -> None:
    old = picture(db, "anh.webp")
    unit = factories.unit_id(db, "24")
    published = publish(db, save_version(db, storage, course_with(old), unit, None), None)
    other = replace(course_with(old), slug="khoa-hai", code="HAI", title="Khóa hai")
    save_version(db, storage, other, unit, None)
    factories.account(db, username="tacgia-phuong", role="author", at=factories.BAC_GIANG)
    db.commit()
    url = f"{LIBRARY}/{old.public_id}"
    page = author.get(url).text
    assert "lập bản nháp mới, bản đang công bố giữ nguyên" in page
    assert 'data-tus="/static/' in page, "without it no file leaves a browser that runs scripts"
    assert "Khóa hai: bản nháp 1" in page
    assert author.post(f"{url}/replace", {}).status_code == 422
    wrong = author.client.post(
        f"{url}/replace?csrf_token={author.token}", files={"file": ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n")}
    )
    assert (wrong.status_code, "Ô này nhận ảnh" in wrong.text) == (422, True)
    elsewhere = new_browser().sign_in("tacgia-phuong")
    assert elsewhere.post(f"{url}/replace", {}, files={"file": ("moi.png", png("red"))}).status_code == 404

    ahead = {
        "tus-resumable": "1.0.0", "upload-length": "10",
        "upload-metadata": metadata_header({"filename": "a.png", "kind": "image"}),
    }  # fmt: skip
    for browser, answer in ((author, 201), (elsewhere, 404)):
        begun = browser.client.post(f"/uploads?asset={old.public_id}", headers=ahead | {"x-csrf-token": browser.token})
        assert begun.status_code == answer

    done = author.post(f"{url}/replace", {"courses": ["khoa-thu"]}, files={"file": ("moi.png", png("red"))})
    assert "Đã nhận bản mới và thay trong bản nháp của: Khóa học thử." in done.text
    assert "Xem bản cũ mà tệp này thay" in done.text
    assert "Tệp này đã có bản mới hơn." in author.get(url).text
    with database.reading() as fresh:
        new = fresh.scalars(select(Asset).where(Asset.replaces_id == old.id)).one()
        used = fresh.execute(
            select(CourseVersion.course_id, CourseVersion.number, LessonFile.asset_id)
            .join(LessonVersion, LessonVersion.course_version_id == CourseVersion.id)
            .join(LessonFile, LessonFile.lesson_version_id == LessonVersion.id)
            .order_by(CourseVersion.id)
        ).all()
    first, second = published.course_id, used[1][0]
    assert [tuple(row) for row in used] == [(first, 1, old.id), (second, 1, old.id), (first, 2, new.id)]
    again = author.post(f"{LIBRARY}/{new.public_id}/replace", {}, files={"file": ("moi.png", png("red"))})
    assert "giống hệt tệp đang có" in again.text


def test_a_lesson_takes_a_file_of_the_library_with_and_without_scripts(
    author: Browser, new_browser: Callable[[], Browser], db: Session, database: Database, storage: Storage
) -> None:
    lan = factories.account(db, username="lan", role="author", at="24")
    shared = picture(db, "Sơ đồ ký.webp", uploaded_by=lan.id)
    save_version(db, storage, course_with(picture(db, "anh.webp")), factories.unit_id(db, "24"), None)
    factories.account(db, username="tacgia-phuong", role="author", at=factories.BAC_GIANG)
    db.commit()
    part = author.get("/studio/library/pick?slot=picture&find_picture=so+do").text
    assert re.findall(r'name="kept_picture" value="([^"]+)"', part) == [shared.public_id]
    assert "Kho không có tệp nào" in author.get("/studio/library/pick?slot=video&find_video=so+do").text
    assert author.get("/studio/library/pick?slot=bia").status_code == 404

    new = "/studio/khoa-thu/lessons/new"
    asked = author.post(new, {"title": "Đang gõ", "find": "picture", "find_picture": "so do"})
    assert asked.status_code == 200
    assert 'value="Đang gõ"' in asked.text, "nothing typed is lost"
    assert "Bài chưa lưu được" not in asked.text, "and nothing is found wrong yet"
    fields = LESSON | {"kept_picture": shared.public_id, "picture_alt": "Ba bước ký"}
    saved = author.post(new, fields)
    assert "Xem thử bản nháp" in saved.text
    assert f"/media/{quote(shared.public_id)}/" in saved.text
    with database.reading() as fresh:
        assert len(fresh.scalars(select(Asset.id)).all()) == 2, "nothing was stored again"


def test_several_pictures_of_one_save_make_a_gallery_that_works_as_links(
    author: Browser, db: Session, storage: Storage
) -> None:
    save_version(db, storage, course_with(picture(db, "anh.webp")), factories.unit_id(db, "24"), None)
    large = png("red", 1000)
    db.commit()
    url = "/studio/khoa-thu/lessons/new"
    files = {
        "picture": ("a.png", large),
        "picture_2": ("a.png", png("blue", 1000)),
        "picture_3": ("b.png", png("green")),
    }
    fields = LESSON | {
        "body": "Xem.\n\n![Ảnh ba](b.png)",
        "picture_alt": "Mặt trước",
        "picture_2_caption": "Năm 2026",
    }
    refused = author.post(url, fields | {"picture_3_alt": "Ảnh ba"}, files=files)
    assert refused.status_code == 422
    assert re.search(r'href="#f-picture_2_alt"', refused.text), "each picture is described"
    kept = dict(re.findall(r'name="(kept_picture[_0-9]*)" value="([^"]+)"', refused.text))
    saved = author.post(url, fields | kept | {"picture_2_alt": "Mặt sau", "picture_3_alt": "Ảnh ba"}).text
    gallery = saved[saved.index('<div class="gallery">') : saved.index("<dialog")]
    links = re.findall(
        r'<a href="(/media/[^"]+/1000\.webp)" data-zoom><img src="/media/[^"]+/960?1?0?0?0?\.webp"', gallery
    )
    assert len(set(links)) == 2, "each leads to the largest, and both keep their own file"
    assert re.findall(r'alt="([^"]+)"', gallery)[:2] == ["Mặt trước", "Mặt sau"]
    assert "<figcaption>Năm 2026</figcaption>" in gallery
    assert 'alt="Ảnh ba"' in saved[: saved.index('<div class="gallery">')], "what the author placed stays there"
    assert author.get(links[0]).status_code == 200


def test_a_lesson_takes_nothing_of_another_units_library(
    author: Browser, new_browser: Callable[[], Browser], db: Session, storage: Storage
) -> None:
    theirs = picture(db, "cua tinh.webp")
    course = replace(course_with(picture(db, "anh.webp", unit=factories.BAC_GIANG)), slug="khoa-phuong")
    save_version(db, storage, course, factories.unit_id(db, factories.BAC_GIANG), None)
    factories.account(db, username="tacgia-phuong", role="author", at=factories.BAC_GIANG)
    db.commit()
    elsewhere = new_browser().sign_in("tacgia-phuong")
    saved = elsewhere.post("/studio/khoa-phuong/lessons/new", LESSON | {"kept_picture": theirs.public_id})
    assert "Xem thử bản nháp" in saved.text
    assert theirs.public_id not in saved.text


LESSON = {
    "module": "01-mo-dau", "title": "Ký số", "minutes": "12", "objectives": "Ký được một công văn.",
    "role": "Anh Bình, công chức", "body": "Chị Hoa cần ký.", "source_title": "Luật Giao dịch điện tử",
    "source_ref": "Luật số 20/2023/QH15", "source_url": "",
}  # fmt: skip
