"""Does a file's beginning show that it is written in another encoding than was said?"""

import codecs
from pathlib import Path

from gateway.importing.layouts import Layout
from gateway.importing.troubles import CannotImport

# Each mark with the encodings that take it away; the four bytes of UTF-32 begin with the two of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Enough to tell, and less than any file that is worth an import.
_SAMPLE_BYTES = 4096
# Of Western text in UTF-16 every second byte is NUL; an export with a stray one is far from every eighth.
_NUL_EVERY = 8
_NUL = b"\0"


def check_beginning(path: Path, chunk: bytes, layout: Layout) -> None:
    """Raises CannotImport with the encoding to set, where the first bytes show another one."""
    found = _shown(chunk, codecs.lookup(layout.encoding).name)
    if found is None:
        return
    sign, encoding = found
    remedy = f'Set `encoding = "{encoding}"`.' if encoding else "It is no text: export it as CSV in UTF-8."
    if layout.leading:
        remedy = "Save it as CSV in UTF-8, in which rejected rows are written."
    raise CannotImport(f"{path} {sign}, and is to be read as {layout.encoding}. {remedy}")


def _shown(chunk: bytes, encoding: str) -> tuple[str, str] | None:
    """What the bytes show and which encoding that means; None where they fit the one that was said."""
    for mark, marked in _MARKS:
        if chunk.startswith(mark):
            return None if encoding == marked else (f"begins with the mark of {marked.removesuffix('-sig')}", marked)
    sample = chunk[:_SAMPLE_BYTES]
    nuls = sample.count(_NUL)
    if encoding.startswith(("utf-16", "utf-32")) or nuls * _NUL_EVERY < len(sample):
        return None
    high, low = sample[::2].count(_NUL), sample[1::2].count(_NUL)
    guess = "" if min(high, low) * _NUL_EVERY > nuls else "utf-16-le" if low > high else "utf-16-be"
    return f"holds {nuls} NUL bytes in its first {len(sample)}", guess
