"""The body of a request on its way into the storage: part by part, so that little is in memory and little is lost."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.media.files import HEAD_BYTES
from app.media.service import too_large, wanted_type
from app.media.shelf import scratch_folder
from app.media.uploads.models import Upload
from app.media.uploads.parts import put_part
from app.media.uploads.tus import Checksum, ChecksumDiffers

_MIB = 1024 * 1024
_PART = 4 * _MIB
# However many send at the same time: their parts become smaller, and what waits in memory stays about this much.
_IN_MEMORY, _SMALLEST_PART = 32 * _MIB, _MIB // 2
# A phone that lost its signal does not say so. What it sent is kept before it comes back to ask how much that is.
_PATIENCE_S = 20.0


class Stalled(AppError):
    status = 408
    title = _("Mất kết nối khi đang tải")
    text = _("Không nhận thêm được gì nên đã dừng chờ. Phần đã nhận được giữ; hãy gửi tiếp từ đó.")


class Receiver:
    """Takes bodies in; one for all requests of a process, so that it knows how many there are."""

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._count = 0

    async def receive(
        self, body: AsyncIterator[bytes], storage: Storage, upload: Upload, at: int, checksum: Checksum | None = None
    ) -> int:
        """Keep the bytes of `body`, which begin at `at`; returns where they end.

        Of a body that breaks off what came is kept, unless it was to be checked. Raises ClientDisconnect, Stalled,
        TooLarge past the announced size, ChecksumDiffers, NotAccepted and WrongKind as soon as the beginning shows
        it, and as `Storage.put`.
        """
        self._count += 1
        try:
            lively = _lively(body, self._patience_s)
            if checksum is None:
                return await self._keep(lively, storage, upload, at)
            with scratch_folder("upload") as folder, tempfile.TemporaryFile(dir=folder) as file:
                await _spool(lively, file, checksum, upload, at)
                return await self._keep(_chunks(file), storage, upload, at)
        finally:
            self._count -= 1

    async def _keep(self, body: AsyncIterator[bytes], storage: Storage, upload: Upload, at: int) -> int:
        held = bytearray()

        async def put() -> int:
            await run_in_threadpool(_put, storage, upload, at, held)
            return at + len(held)

        try:
            async for chunk in body:
                held += chunk
                if at + len(held) > upload.size:
                    raise too_large(upload.file_name, upload.size)
                if len(held) >= part_bytes(self._count):
                    at = await put()
                    held = bytearray()
        except (ClientDisconnect, Stalled):
            if held:
                await put()
            raise
        return await put() if held else at


def part_bytes(count: int) -> int:
    """How large a part may grow in memory while so many send."""
    return max(_SMALLEST_PART, min(_PART, _IN_MEMORY // count))


def _put(storage: Storage, upload: Upload, at: int, content: bytearray) -> None:
    # Rather now than after two gigabytes.
    if at == 0 and (len(content) >= HEAD_BYTES or len(content) == upload.size):
        wanted_type(bytes(content[:HEAD_BYTES]), upload.file_name, upload.kind)
    put_part(storage, upload.public_id, at, content)


async def _lively(body: AsyncIterator[bytes], patience_s: float) -> AsyncIterator[bytes]:
    """The chunks as they come; raises Stalled when none does for so long."""
    chunks = aiter(body)
    while True:
        try:
            async with asyncio.timeout(patience_s):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Stalled from None
        yield chunk


async def _spool(body: AsyncIterator[bytes], file: BinaryIO, checksum: Checksum, upload: Upload, at: int) -> None:
    """A body that is to be checked counts only once all of it is there and fits."""
    digest = checksum.start()
    async for chunk in body:
        at += len(chunk)
        if at > upload.size:
            raise too_large(upload.file_name, upload.size)
        digest.update(chunk)
        await run_in_threadpool(file.write, chunk)
    if digest.digest() != checksum.digest:
        raise ChecksumDiffers
    await run_in_threadpool(file.seek, 0)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await run_in_threadpool(file.read, _MIB):
        yield chunk
