"""A file of a comment is fetched as Zendesk gives it, and not where it should not be opened."""

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.contract.channel import WantedFile
from adapters.contract.errors import BadPayload, ChannelError, ChannelRefused, NoSuchIdentity
from tests.channels.zendesk.double import Desk


def wanted(key: str) -> WantedFile:
    """A file of that id."""
    return WantedFile(external_id=key, of="7", of_kind="message")


async def test_fetched(zendesk: Zendesk, desk: Desk) -> None:
    """Its address is asked for by its id, and its bytes by the address, which our desk gives only to us."""
    desk.attachments[12] = {"id": 12, "file_name": "a.txt", "malware_scan_result": "malware_not_found"}
    assert (await zendesk.file(wanted("12"))).body == b"file 12"


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"malware_scan_result": "malware_found"}, ChannelRefused),
        ({"deleted": True}, NoSuchIdentity),
        ({"content_url": None}, BadPayload),
        ({"content_url": "http://169.254.169.254/latest"}, ChannelRefused),
        ({"content_url": "//["}, ChannelRefused),
    ],
)
async def test_not_given(zendesk: Zendesk, desk: Desk, told: dict[str, object], error: type[ChannelError]) -> None:
    """What holds malware, was redacted, or stands nowhere that may be asked is not fetched."""
    desk.attachments[12] = {"id": 12, "file_name": "a.txt", **told}
    with pytest.raises(error):
        await zendesk.file(wanted("12"))
    assert not desk.asked["/attachments/12"]


@pytest.mark.parametrize("key", ["13", "../users/1", ""])
async def test_unknown(zendesk: Zendesk, desk: Desk, key: str) -> None:
    """An id that Zendesk does not know, or cannot have given, leads to no file."""
    with pytest.raises(NoSuchIdentity):
        await zendesk.file(wanted(key))
    assert not desk.asked["/api/v2/users/1.json"]
