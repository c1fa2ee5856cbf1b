"""How does an export leave: one ZIP with `customer.json` and the files, made while it is sent?"""

import zipfile
from collections.abc import AsyncIterator
from datetime import datetime

from adapters.mongo import Store
from resolvers.privacy.exporting import Export

# As much is gathered before it is handed on: few packets, little memory.
_PIECE_BYTES = 256 * 1024
# Files are packed already, most of them: to do it again costs time and gains nothing.
_PACKED, _AS_THEY_ARE = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED


class _Outlet:
    """Where the archive is written to: bytes that somebody takes away again. There is no way back in it."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        """Takes bytes in."""
        self._bytes += data
        return len(data)

    def flush(self) -> None:
        """There is nothing to be done."""

    def taken(self, least: int = 0) -> bytes:
        """What was written since, once it is so much; else nothing."""
        if len(self._bytes) < max(least, 1):
            return b""
        data = bytes(self._bytes)
        self._bytes.clear()
        return data


async def archive(store: Store, export: Export, at: datetime) -> AsyncIterator[bytes]:
    """The archive in pieces."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w") as packed:  # type: ignore[call-overload]  # writes and flushes are all it needs
        with packed.open(_entry("customer.json", at, _PACKED), "w", force_zip64=True) as member:
            async for piece in export.json(at):
                member.write(piece)
                if data := outlet.taken(_PIECE_BYTES):
                    yield data
        async for path, key in export.files():
            with packed.open(_entry(path, at, _AS_THEY_ARE), "w", force_zip64=True) as member:
                async for chunk in store.files.chunks(key):
                    member.write(chunk)
                    if data := outlet.taken(_PIECE_BYTES):
                        yield data
    yield outlet.taken()


def _entry(path: str, at: datetime, way: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, date_time=at.timetuple()[:6])
    entry.compress_type = way
    # For its owner alone, wherever it is unpacked.
    entry.external_attr = 0o600 << 16
    return entry
