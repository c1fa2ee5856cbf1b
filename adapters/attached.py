"""What is a file called that came with a message, whichever name its sender gave it?"""

import re
from collections.abc import Mapping
from typing import Final

UNKNOWN_TYPE: Final = "application/octet-stream"
"""The type of a file of which nobody says what it is."""

_ENDINGS: Final[Mapping[str, str]] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "video/3gpp": ".3gp",
    "video/mp4": ".mp4",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
}
"""Of the types of those that messengers hand over without a name."""


_LONGEST_NAME: Final = 200
# Nor what turns the letters behind it round, so that a program looks like a picture.
_NO_NAME: Final = re.compile(r"[\x00-\x1f\x7f\ufffd\u202a-\u202e\u2066-\u2069]+")


def name_of(told: str, else_: str) -> str:
    """The file's name, without a path, and no longer than file systems take; `else_` where nothing is left of it."""
    last = _NO_NAME.sub("", told).replace("\\", "/").rstrip("/ ").rpartition("/")[2].strip()
    if len(last) > _LONGEST_NAME:
        stem, dot, end = last.rpartition(".")
        last = f"{stem[: _LONGEST_NAME - 20]}{dot}{end[:16]}" if dot else last[:_LONGEST_NAME]
    return last if last.strip(".") else else_


def file_name(told: str | None, kind: str, media_type: str) -> str:
    """The name that was told, without a path; else what the file is, with the ending of its type: `image.jpg`."""
    ending = _ENDINGS.get(media_type.partition(";")[0].strip(), "")
    return name_of(told or "", f"{kind}{ending}")
