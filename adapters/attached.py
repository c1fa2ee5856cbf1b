"""What is a file called that came without a name?"""

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


def file_name(told: str | None, kind: str, media_type: str) -> str:
    """The name that was told; else what the file is, with the ending of its type: `image.jpg`."""
    ending = _ENDINGS.get(media_type.partition(";")[0].strip(), "")
    return (told or "").strip() or f"{kind}{ending}"
