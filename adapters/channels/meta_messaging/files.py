"""Where do the bytes of a message's file stand?

The address in a delivery ends in days and is kept nowhere: a new one is asked for by the message, as long as Meta
shows it.
"""

import re
from collections.abc import Iterator
from typing import Final

from adapters.channels.meta_messaging.pasts import Ask
from adapters.channels.meta_messaging.sending import DELETED
from adapters.channels.meta_messaging.shapes import Held, HeldFile
from adapters.contract.channel import WantedFile
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.payload import shaped

_MESSAGE: Final = re.compile(r"[A-Za-z0-9_$=+:.-]{3,512}")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_PARAMETER: Final = "100"
_ATTACHMENTS: Final = "attachments"


async def address_of(ask: Ask, wanted: WantedFile, more_fields: str) -> str:
    """The address; raises NoSuchIdentity where Meta shows the message no more, or no such file of it."""
    number = wanted.external_id.removeprefix(f"{wanted.of}/")
    if not _NUMBER.fullmatch(number) or not _MESSAGE.fullmatch(wanted.of) or not wanted.of.strip("."):
        raise NoSuchIdentity("No message of Meta's has a file of that id.")
    held = await _held(ask, wanted.of, more_fields)
    found = [*_addresses(held)]
    if int(number) >= len(found):
        raise NoSuchIdentity("The message has no such file any more.")
    address = found[int(number)]
    if address is None:
        raise BadPayload("The file has no address")
    return address


async def _held(ask: Ask, message: str, more_fields: str) -> Held:
    try:
        reply = await ask((message,), {"fields": f"{_ATTACHMENTS},{more_fields}"})
    except ChannelRefused as error:
        if error.code == DELETED:
            raise NoSuchIdentity("The message was deleted on Meta's side.") from error
        if error.code != _PARAMETER:
            raise
        reply = await ask((message,), {"fields": _ATTACHMENTS})
    return shaped(Held, reply.json())


def _addresses(held: Held) -> Iterator[str | None]:
    """Of each file; a sticker and the story in which somebody mentioned us stand beside the others."""
    for n, raw in enumerate(held.attachments.data if held.attachments else ()):
        file = shaped(HeldFile, raw, f"attachments.data[{n}]")
        picture = file.image_data or file.video_data
        yield file.file_url or (picture.url if picture else None)
    if held.sticker:
        yield held.sticker
    if held.story and held.story.mention and held.story.mention.link:
        yield held.story.mention.link
