"""Commands about files: `media transcode`, `media slides`, `media gc`."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import or_, select

from app.core import clock, jobs
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.paper import FONTS
from app.core.templating import format_filesize
from app.core.text import whole
from app.identity.units.unit_queries import full_names, unit_on
from app.media import service, sweeping
from app.media.jobs import JOBS
from app.media.lesson_deck import read_lesson, scenes
from app.media.models import Asset
from app.media.narration import narrate
from app.media.queries import AssetProgress, progress_of
from app.media.quota import quotas_of, set_quota, units_with_files
from app.media.renewal import SUBJECT as RENEWAL
from app.media.renewal import count_outdated, order_renewal, stop_renewal
from app.media.slides import make_slide_video
from app.media.voices import VOICES, usual_voice
from app.runtime import Runtime

_SLIDES_ENDING = ".slides.yaml"
_LESSON_VIDEO, _LESSON_CAPTIONS = ".slides.mp4", ".slides.vi.vtt"
_UNUSED_DAYS = 30
_SHARED = "chung"
# Be Vietnam Pro as TTF lies with the certificate it is printed on.


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    media = commands.add_parser("media", help="video và hình trình chiếu / videos and slides")
    verbs = media.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    transcode = verbs.add_parser("transcode", help="chuyển mã ngay các video đang chờ / transcode waiting videos now")
    transcode.add_argument(
        "assets", nargs="*", metavar="TỆP/ASSET", help="số hoặc mã của tệp; làm lại cả tệp đã lỗi / id or public id"
    )
    transcode.add_argument(
        "--all", action="store_true", dest="renew",
        help="làm lại mọi video chuyển mã theo cách cũ / make all videos of older settings anew",
    )  # fmt: skip
    transcode.add_argument("--stop", action="store_true", help="thôi việc làm lại ấy / stop making them anew")
    transcode.set_defaults(func=_transcode)
    slides = verbs.add_parser(
        "slides", help="dựng video trình chiếu từ bài học .md hay tệp .slides.yaml / make a slide video"
    )
    slides.add_argument(
        "path", type=Path, metavar="ĐƯỜNG-DẪN/PATH",
        help="bài .md, tệp .slides.yaml, hoặc thư mục chứa tệp .slides.yaml / a lesson, a deck, a folder of decks",
    )  # fmt: skip
    slides.add_argument(
        "--voice", choices=sorted(VOICES), default=None,
        help="giọng đọc bài .md; mặc định là giọng đã cài / who speaks a lesson",
    )  # fmt: skip
    slides.set_defaults(func=_slides)
    clean = verbs.add_parser("gc", help="dọn tệp không nơi nào dùng / clean up files nobody uses")
    clean.add_argument("--apply", action="store_true", help="xóa thật; không có thì chỉ kể ra / delete, not only list")
    clean.add_argument(
        "--days", type=int, default=_UNUSED_DAYS, metavar="N",
        help=f"chỉ tệp tải lên quá N ngày, mặc định {_UNUSED_DAYS} / only files older than N days",
    )  # fmt: skip
    clean.set_defaults(func=_clean)
    quota = verbs.add_parser("quota", help="chỗ chứa tệp của các đơn vị / room for the files of units")
    quota.add_argument(
        "unit", nargs="?", metavar="MÃ/CODE", help="mã đơn vị; không có thì kể mọi đơn vị có tệp / unit code"
    )
    quota.add_argument(
        "mb",
        nargs="?",
        metavar="MB",
        help="giới hạn riêng, 0 là không giới hạn, “chung” là theo MEDIA_QUOTA_MB / own limit",
    )
    quota.set_defaults(func=_quota)


def _transcode(args: argparse.Namespace, runtime: Runtime) -> int:
    if args.stop:
        with runtime.database.writing() as db:
            stopped = stop_renewal(db)
        print(_("Đã thôi; những video chưa làm lại vẫn như cũ.") if stopped else _("Không có việc làm lại nào."))
        return 0
    if args.renew:
        return _renew(runtime)
    asset_ids = _chosen(runtime, args.assets)
    # Knows this kind of job only, so it leaves the rest of the queue to the workers.
    worker = jobs.Worker(runtime.database, runtime.storage, JOBS)
    told: set[int] = set()
    while worker.run_one():
        for progress in _progress(runtime, asset_ids):
            if progress.is_over and progress.asset_id not in told:
                told.add(progress.asset_id)
                _tell(progress)
    rest = [progress for progress in _progress(runtime, asset_ids) if progress.asset_id not in told]
    for progress in rest:
        _tell(progress)
    return 0 if all(progress.state == "ready" for progress in _progress(runtime, asset_ids)) else 1


def _renew(runtime: Runtime) -> int:
    with runtime.database.writing() as db:
        left = order_renewal(db)
    print(_("%(count)s video chuyển mã theo cách cũ.", count=left), flush=True)
    worker = jobs.Worker(runtime.database, runtime.storage, JOBS)
    while left and worker.run_one():
        with runtime.database.reading() as db:
            now, job = count_outdated(db), jobs.latest(db, RENEWAL)
        if now < left:
            left = now
            print(_("Còn %(count)s video.", count=left), flush=True)
        if job and job.state in jobs.FINISHED:
            break
    if left:
        print(_("Còn %(count)s video: đã được thôi, hoặc máy chủ đang làm tiếp.", count=left), flush=True)
    return 0 if not left else 1


def _chosen(runtime: Runtime, names: Sequence[str]) -> list[int]:
    """Ids of the assets named, failed ones queued again; without names, all that wait."""
    with runtime.database.writing() as db:
        if not names:
            waiting = select(Asset.id).where(Asset.kind == "video", Asset.state.in_(("stored", "processing")))
            return list(db.scalars(waiting))
        chosen = []
        for name in names:
            number = int(name) if name.isdigit() and len(name) < 18 else None
            asset = db.scalars(select(Asset).where(or_(Asset.public_id == name, Asset.id == number))).first()
            if asset is None or asset.kind != "video":
                raise CommandFailed(lazy("Không có video nào mang số hoặc mã “%(name)s”."), name=name)
            if asset.state == "failed":
                service.retry(db, asset, by=None)
            chosen.append(asset.id)
        return chosen


def _progress(runtime: Runtime, asset_ids: Sequence[int]) -> list[AssetProgress]:
    with runtime.database.reading() as db:
        return sorted(progress_of(db, asset_ids).values(), key=lambda progress: progress.asset_id)


def _tell(progress: AssetProgress) -> None:
    print(f"{progress.asset_id}\t{progress.file_name}\t{progress.text}", flush=True)


def _slides(args: argparse.Namespace, runtime: Runtime) -> int:
    if args.path.suffix == ".md" and args.path.is_file():
        return _lesson_video(args.path, args.voice or usual_voice())
    made = 0
    for source in _decks(args.path):
        stem = source.name.removesuffix(_SLIDES_ENDING)
        video, captions = source.with_name(f"{stem}.mp4"), source.with_name(f"{stem}.vi.vtt")
        make_slide_video(source, video, captions, [FONTS])
        print(_("Đã dựng %(video)s và %(captions)s", video=video, captions=captions.name), flush=True)
        made += 1
    if not made:
        print(_("Không có tệp %(ending)s nào trong %(path)s.", ending=_SLIDES_ENDING, path=args.path), file=sys.stderr)
        return 1
    return 0


def _clean(args: argparse.Namespace, runtime: Runtime) -> int:
    """Prints one line a file: what, its size, its name or key. Exit 0 whether there was something or not."""
    if args.days < 0:
        raise CommandFailed(lazy("Số ngày phải từ 0."))
    with runtime.database.reading() as db:
        unused = list(sweeping.unused_assets(db, timedelta(days=args.days)))
    if args.apply:
        unused = sweeping.delete_unused(runtime.database, runtime.storage, unused, _tell_looked)
    for asset in unused:
        print(f"{_('tệp không dùng')}\t{format_filesize(asset.size)}\t{asset.asset_id}\t{asset.file_name}", flush=True)
    strays = 0
    stray_bytes = 0
    for stray in sweeping.stray_files(runtime.database, runtime.storage, _tell_looked):
        strays, stray_bytes = strays + 1, stray_bytes + stray.size
        if args.apply:
            runtime.storage.delete(stray.key)
        print(f"{_('thừa trong kho')}\t{format_filesize(stray.size)}\t{stray.key}", flush=True)
    counts = {
        "unused": len(unused), "unused_size": format_filesize(sum(asset.size for asset in unused)), "strays": strays,
        "strays_size": format_filesize(stray_bytes),
    }  # fmt: skip
    done = _("Đã xóa %(unused)s tệp không dùng (%(unused_size)s), %(strays)s tệp thừa (%(strays_size)s).", **counts)
    found = _("Có %(unused)s tệp không dùng (%(unused_size)s), %(strays)s tệp thừa (%(strays_size)s).", **counts)
    print(done if args.apply else f"{found} {_('Chưa xóa gì; thêm --apply để xóa.')}", flush=True)
    return 0


def _quota(args: argparse.Namespace, runtime: Runtime) -> int:
    with runtime.database.writing() as db:
        day = clock.today()
        if args.unit is None:
            unit_ids = units_with_files(db)
        elif (unit := unit_on(db, args.unit, day)) is None:
            raise CommandFailed(lazy("Không có đơn vị nào mang mã “%(code)s”."), code=args.unit)
        else:
            unit_ids = [unit.unit_id]
        if args.mb is not None:
            megabytes = None if args.mb == _SHARED else whole(args.mb)
            if args.mb != _SHARED and (megabytes is None or megabytes < 0):
                raise CommandFailed(lazy("“%(mb)s” không phải số MB."), mb=args.mb)
            set_quota(db, unit_ids[0], megabytes, by=None)
        names = full_names(db, unit_ids, day)
        for unit_id, quota in quotas_of(db, runtime.settings, unit_ids).items():
            limit = format_filesize(quota.limit) if quota.limit else _("không giới hạn")
            print(f"{names.get(unit_id, unit_id)}\t{format_filesize(quota.used)}\t{limit}", flush=True)
    return 0


def _tell_looked(count: int) -> None:
    # Beside the list itself, so that who keeps the list in a file sees it move.
    print(_("đã xem %(count)s tệp", count=count), file=sys.stderr, flush=True)


def _lesson_video(source: Path, voice: str) -> int:
    """A lesson as a video beside it, `bai.slides.mp4`; the two files appear whole or not at all."""
    title, objectives, text = read_lesson(source.read_text(encoding="utf-8"))
    deck = scenes(title or source.stem, objectives, text)
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        made = narrate(title, deck, source.parent, VOICES[voice](), Path(folder), _tell_share)
        video, captions = source.with_suffix(_LESSON_VIDEO), source.with_suffix(_LESSON_CAPTIONS)
        made.video.replace(video)
        made.captions.replace(captions)
    print(_("Đã dựng %(video)s và %(captions)s", video=video, captions=captions.name), flush=True)
    if made.left_out:
        print(_("Không vẽ được ảnh: %(names)s", names=", ".join(made.left_out)), file=sys.stderr)
    return 0


def _tell_share(ratio: float, text: str) -> None:
    # Beside the result, so that who keeps the result in a file sees it move.
    print(f"{ratio:4.0%} {text}", file=sys.stderr, flush=True)


def _decks(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.rglob(f"*{_SLIDES_ENDING}"))
    elif path.name.endswith(_SLIDES_ENDING) and path.is_file():
        yield path
    else:
        raise CommandFailed(lazy("%(path)s không phải tệp %(ending)s hay thư mục."), path=path, ending=_SLIDES_ENDING)
