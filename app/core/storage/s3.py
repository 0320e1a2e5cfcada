"""Files in an object store that speaks S3: Amazon's, or one of the province's own (Swift, Ceph, MinIO, …)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from app.core.errors import CommandFailed, NotFound, StorageFull
from app.core.i18n import lazy as _
from app.core.settings import Settings
from app.core.storage.port import SignedPlace, StorageUnreachable, checked_key, is_full

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore import GetOptions, GetResult
    from obstore.store import S3Config

# One part of a big file on its way up; 10,000 parts are what S3 takes, so 80 GB a file.
_PART = 8 * 1024 * 1024
_PARTS_AT_ONCE = 3
# A read asks for one piece after the other: a viewer who pauses holds no connection that the store would cut.
_PIECE = 1024 * 1024
_CHECK = ".check"
# A request of a person waits for these: rather an error they can act on than a page that hangs.
_PATIENCE = timedelta(seconds=20)
# Words of the store's answer (object stores differ in the status they send with them).
_BEYOND_THE_END = "416 Range Not Satisfiable"
_SAYS_FULL = ("QuotaExceeded", "InsufficientStorage", "StorageFull", "EntityTooLarge", "507 Insufficient")


class S3Storage:
    """Objects of one bucket, all under one prefix; big files go up in parts and appear when the last one is there."""

    def __init__(self, store: S3Store, place: str) -> None:
        self._store = store
        # For messages; never holds a secret.
        self.place = place

    def put(self, key: str, source: BinaryIO) -> int:
        checked_key(key)
        stream = _Stream(source)
        try:
            first = stream.take(_PART)
            with self._told(writing=True):
                if len(first) < _PART:
                    obstore.put(self._store, key, first, use_multipart=False)
                else:
                    obstore.put(self._store, key, stream.parts(first), chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
        except BaseException:
            # obstore has taken back the parts; the caller hears of its own trouble, not of ours with it.
            if stream.trouble is None:
                raise
            raise (StorageFull() if is_full(stream.trouble) else stream.trouble) from None
        return stream.size

    def put_file(self, key: str, path: Path) -> int:
        with path.open("rb") as source:
            size = self.put(key, source)
        path.unlink()
        return size

    def size(self, key: str) -> int:
        with self._told():
            return int(obstore.head(self._store, checked_key(key))["size"])

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        if end is not None and end <= start:
            self.size(key)
            return iter(())
        first = self._piece(checked_key(key), start, end)
        return iter(()) if first is None else self._pieces(key, first, end)

    def signed_place(self, key: str, lasting: timedelta) -> SignedPlace:
        parts = urlsplit(obstore.sign(self._store, "GET", checked_key(key), lasting))
        return SignedPlace(parts.netloc, f"{parts.path}?{parts.query}")

    def local_path(self, key: str) -> Path | None:
        return None

    def delete(self, key: str) -> None:
        with suppress(NotFound), self._told():
            obstore.delete(self._store, checked_key(key))

    def delete_folder(self, folder: str) -> None:
        for key in list(self.all_keys(folder)):
            self.delete(key)

    def all_keys(self, folder: str = "") -> Iterator[str]:
        with self._told(writing=True):
            for found in obstore.list(self._store, prefix=checked_key(folder) if folder else None):
                yield from (str(one["path"]) for one in found if one["path"] != _CHECK)

    def free_bytes(self) -> int | None:
        return None

    def check(self) -> None:
        with self._told(writing=True):
            obstore.put(self._store, _CHECK, b"", use_multipart=False)

    def _piece(self, key: str, start: int, end: int | None, version: str | None = None) -> "GetResult | None":
        """The next bytes of an object, of that version if one is given; None where it has ended already."""
        options: GetOptions = {"range": (start, start + _PIECE if end is None else min(start + _PIECE, end))}
        if version:
            options["if_match"] = version
        with self._told():
            try:
                return obstore.get(self._store, key, options=options)
            except BaseError as error:
                if _BEYOND_THE_END in str(error):
                    return None
                raise

    def _pieces(self, key: str, found: "GetResult | None", end: int | None) -> Iterator[bytes]:
        while found is not None:
            reached, size, version = found.range[1], found.meta["size"], found.meta["e_tag"]
            with self._told():
                piece = bytes(found.bytes())
            yield piece
            # Of the same version: what is replaced meanwhile must not be glued together from two.
            found = (
                self._piece(key, reached, end, version) if reached < (size if end is None else min(end, size)) else None
            )

    @contextmanager
    def _told(self, *, writing: bool = False) -> Iterator[None]:
        """Errors of obstore in our words; what is not found while writing is the bucket itself."""
        try:
            yield
        except FileNotFoundError as error:
            if writing or "NoSuchBucket" in str(error):
                raise StorageUnreachable(_("kho tệp không có bucket này"), self.place) from error
            raise NotFound from error
        except BaseError as error:
            if any(word in str(error) for word in _SAYS_FULL):
                raise StorageFull from error
            raise StorageUnreachable(_reason(error), self.place) from error


class _Stream:
    """A source taken in whole parts: counts them, and remembers what went wrong on its own side."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.size = 0
        self.trouble: BaseException | None = None

    def take(self, wanted: int) -> bytes:
        """So many bytes; fewer only at the end."""
        taken = bytearray()
        try:
            while len(taken) < wanted and (chunk := self._source.read(wanted - len(taken))):
                taken += chunk
        except BaseException as trouble:
            self.trouble = trouble
            raise
        self.size += len(taken)
        return bytes(taken)

    def parts(self, first: bytes) -> Iterator[bytes]:
        yield first
        while part := self.take(_PART):
            yield part


def s3_storage(url: SplitResult, settings: Settings) -> S3Storage:
    """The storage of `s3://bucket/prefix?endpoint=…&region=…`; what the address leaves out comes from S3_* settings.

    Raises CommandFailed for what can be seen to be wrong without asking the store.
    """
    given = dict(parse_qsl(url.query))
    if "@" in url.netloc or ":" in url.netloc or set(given) - {"endpoint", "region"} or url.fragment:
        # Not shown: somebody may have written the secret into it.
        raise CommandFailed(
            _(
                "MEDIA_URL của kho S3 chỉ gồm s3://tên-bucket/thư-mục, có thể thêm ?endpoint=…&region=…; "
                "khóa truy cập đặt ở S3_ACCESS_KEY và S3_SECRET_KEY."
            )
        )
    endpoint = given.get("endpoint") or settings.s3_endpoint
    if endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc):
        raise CommandFailed(
            _("Địa chỉ kho S3 không hợp lệ: %(url)s. Hãy dùng dạng https://kho.vidu.vn (S3_ENDPOINT)."), url=endpoint
        )
    access_key, secret_key = settings.s3_access_key, settings.s3_secret_key.get_secret_value()
    if not access_key or not secret_key:
        raise CommandFailed(_("MEDIA_URL trỏ tới kho S3 nhưng thiếu S3_ACCESS_KEY hoặc S3_SECRET_KEY."))
    prefix = unquote(url.path).strip("/")
    config: S3Config = {
        "bucket": url.netloc,
        "region": given.get("region") or settings.s3_region,
        "access_key_id": access_key,
        "secret_access_key": secret_key,
        # One by one: not every store knows how to delete many.
        "disable_bulk_delete": True,
    }
    if endpoint:
        config["endpoint"] = endpoint.rstrip("/")
    else:
        config["virtual_hosted_style_request"] = True
    try:
        store = S3Store(
            config=config,
            prefix=prefix or None,
            client_options={"allow_http": True, "connect_timeout": "5s", "timeout": "60s"},
            retry_config={"max_retries": 3, "retry_timeout": _PATIENCE},
        )
    except (BaseError, ValueError) as error:
        raise CommandFailed(
            _("Không dùng được kho S3 trong MEDIA_URL (%(reason)s)."), reason=_first_line(error)
        ) from error
    return S3Storage(store, f"{endpoint or 's3:/'}/{url.netloc}{f'/{prefix}' if prefix else ''}")


def _reason(error: BaseError) -> object:
    said = str(error)
    if "NoSuchBucket" in said:
        return _("kho tệp không có bucket này")
    # Listing says it as a plain error.
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or "403 Forbidden" in said:
        return _("kho tệp từ chối: hãy kiểm tra S3_ACCESS_KEY, S3_SECRET_KEY và quyền ghi của khóa này")
    if "AuthorizationHeaderMalformed" in said or "IllegalLocationConstraint" in said:
        return _("kho tệp không thuộc vùng này: hãy kiểm tra S3_REGION")
    if "HTTP error" in said:
        return _("không kết nối được kho tệp: hãy kiểm tra S3_ENDPOINT và đường truyền")
    return _first_line(error)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
