"""Where do the bytes of files stand: in GridFS, under an id that a record keeps?

The record comes first, with the id of bytes that are still to come; then the bytes; then whoever brought them looks
whether the record is still there, and removes them where it is not. So no bytes are left behind by a customer who was
erased meanwhile. Names and kinds of files stand in their records alone.
"""

from collections.abc import AsyncIterator
from typing import Any

from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import FileExists, NoFile
from pymongo.asynchronous.database import AsyncDatabase

from adapters.failures import Taken, plain_errors
from adapters.records import RecordId

COLLECTIONS = ("files.files", "files.chunks")
"""Where GridFS keeps them: what a file is, and its bytes in pieces."""


class Files:
    """The bytes of files in one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database

    async def put(self, key: RecordId, chunks: AsyncIterator[bytes]) -> int:
        """Keeps the bytes under the id and answers how many there are; raises Taken where there are some already.

        Nothing is kept where the bytes break off.
        """
        with plain_errors(COLLECTIONS[0]):
            # A file needs a name there; the real one is personal.
            stream = self._bucket().open_upload_stream_with_id(key, str(key))
            size = 0
            try:
                async for chunk in chunks:
                    await stream.write(chunk)
                    size += len(chunk)
                await stream.close()
            except FileExists as error:
                raise Taken(COLLECTIONS[0]) from error
            except BaseException:
                await stream.abort()
                raise
        return size

    async def chunks(self, key: RecordId) -> AsyncIterator[bytes]:
        """The bytes in pieces of a quarter megabyte; none where there is no such file."""
        with plain_errors(COLLECTIONS[0]):
            try:
                stream = await self._bucket().open_download_stream(key)
                while chunk := await stream.readchunk():
                    yield chunk
            except NoFile:
                return

    async def remove(self, key: RecordId) -> bool:
        """Removes the bytes; whether there were any."""
        with plain_errors(COLLECTIONS[0]):
            try:
                await self._bucket().delete(key)
            except NoFile:
                return False
        return True

    def _bucket(self) -> AsyncGridFSBucket:
        # Made anew each time, as it costs nothing and holds nothing but the names of its collections.
        return AsyncGridFSBucket(self._database, "files")
