"""How are the bytes of a comment's file come by?"""

from typing import Final

from adapters.channels.zendesk.asking import Desk, object_of
from adapters.channels.zendesk.reading import is_id
from adapters.channels.zendesk.words import Attachment
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.contract.reply import Reply
from adapters.readings import read

_MALWARE: Final = "malware_found"


async def file_of(desk: Desk, external_id: str) -> Reply:
    """The file; raises NoSuchIdentity where it is gone, and ChannelRefused where Zendesk found malware in it."""
    if not is_id(external_id):
        raise NoSuchIdentity("Zendesk's files have numbers for ids.")
    # Its address is good for a while only.
    reply = await desk.get(f"/api/v2/attachments/{external_id}.json", is_kept=False)
    told = read(Attachment, object_of(reply).get("attachment"))
    if told.malware_scan_result == _MALWARE:
        raise ChannelRefused("Zendesk found malware in the file. It is not fetched.", code=_MALWARE)
    if told.deleted:
        raise NoSuchIdentity("The file was redacted on Zendesk.")
    if not told.content_url:
        raise BadPayload("attachment.content_url is missing")
    return await desk.fetch(told.content_url)
