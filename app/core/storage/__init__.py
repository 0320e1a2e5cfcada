"""Where files live: on the local disk or in an object store, behind one small port. MEDIA_URL says which."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.core.settings import Settings, get_settings
from app.core.storage.local import LocalStorage, flush_folder
from app.core.storage.port import Storage, StorageUnreachable, is_full
from app.core.storage.s3 import S3Storage, s3_storage


def storage_of(media_url: str, settings: Settings | None = None) -> Storage:
    """The storage a MEDIA_URL names; opens nothing yet (`Storage.check` does).

    Raises CommandFailed for what we cannot use. Keys of an object store come from `settings`, else from the process's.
    """
    parts = urlsplit(media_url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.strip("/"):
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme == "" and media_url:
        return LocalStorage(Path(media_url))
    if parts.scheme == "s3" and parts.netloc:
        return s3_storage(parts, settings or get_settings())
    raise CommandFailed(
        _("MEDIA_URL không hợp lệ: %(url)s. Hãy dùng dạng file:///đường/dẫn hoặc s3://tên-bucket/thư-mục."),
        url=media_url,
    )


__all__ = ["LocalStorage", "S3Storage", "Storage", "StorageUnreachable", "flush_folder", "is_full", "storage_of"]
