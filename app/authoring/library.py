"""Verbs of the library: a file replaced by a new version, in the drafts its author names."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.library_uses import uses_of
from app.authoring.policy import authored_courses
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.source import CourseSource, FileSource
from app.catalogue.stored import source_of
from app.core import audit
from app.core.access import Actor
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.media.models import Asset


def replace_asset(
    db: Session, storage: Storage, actor: Actor, old: Asset, new: Asset, slugs: Collection[str]
) -> list[str]:
    """`new` is a newer version of `old`: in new drafts of the courses named it stands where `old` stood.

    Titles of these courses. What is published keeps `old`. Raises Conflict if they are one and the same.
    """
    if new.id == old.id or new.sha256 == old.sha256:
        raise Conflict(_("Tệp vừa chọn giống hệt tệp đang có, nên không có gì để thay."))
    new.replaces_id = old.id
    audit.record(db, "asset.replace", "asset", old.id, account_id=actor.account_id, by=new.id)
    wanted = {use.course for use in uses_of(db, actor, [old.id])[old.id] if use.course}.intersection(slugs)
    courses = db.scalars(select(Course).where(Course.slug.in_(wanted), authored_courses(actor)).order_by(Course.code))
    return [_in_draft(db, storage, actor, course, old, new) for course in courses]


def _in_draft(db: Session, storage: Storage, actor: Actor, course: Course, old: Asset, new: Asset) -> str:
    source = source_of(db, newest_version(db, course).id)
    version = save_version(db, storage, _with_new(source, old.id, new.id), course.unit_id, actor.account_id)
    return version.title


def _with_new(source: CourseSource, old: int, new: int) -> CourseSource:
    """The source with one asset instead of another; names stay, so that no text need change."""

    def file(one: FileSource) -> FileSource:
        return replace(one, asset_id=new) if one.asset_id == old else one

    return replace(
        source,
        cover=file(source.cover) if source.cover else None,
        modules=tuple(
            replace(
                module,
                lessons=tuple(
                    replace(
                        lesson,
                        files=tuple(file(one) for one in lesson.files),
                        recordings=tuple(file(one) for one in lesson.recordings),
                    )
                    for lesson in module.lessons
                ),
            )
            for module in source.modules
        ),
        extra_files=tuple(
            replace(extra, file=file(extra.file)) if extra.file else extra for extra in source.extra_files
        ),
    )
