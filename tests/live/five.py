"""Five accounts of one desk behind a gateway that runs by itself: the file that switches them on, and who is on them.

The desk is asked through the REST adapter, so that all the way out is the one that companies have.
"""

from pathlib import Path
from typing import Any, Final

from tests.live.vendor import Vendor, at
from tests.makers import Made, Makers

DESK: Final = "desk"
MOODS: Final = {"hanging": "hangs", "broken": "broken", "throttled": "throttled", "garbled": "junk", "fine": "fine"}
"""What becomes of each account when trouble begins."""

_HEAD: Final = """
[[channel]]
name = "{channel}"
adapter = "rest"
account = "{account}"
"""
_MAPPING: Final = """
[channel.mapping]
name = "A desk"
base_url = "{url}"
auth = {{ scheme = "none" }}

[[channel.mapping.ask]]
capability = "tickets"
path = "/{{account}}/tickets/{{who}}"

[[channel.mapping.ask.records]]
record = "tickets"
list = "@"

[channel.mapping.ask.records.fields]
id = "id"
number = "id"
subject = "title"
status = {{ path = "state", values = {{ open = "OPEN" }} }}
created_at = "opened"
updated_at = "opened"
"""


def file_of(vendor: Vendor, path: Path) -> str:
    """Writes the file that switches the five accounts on, and says where it is."""
    entries = ((_HEAD + _MAPPING).format(channel=DESK, account=one, url=vendor.url) for one in MOODS)
    path.write_text("".join(entries), "utf-8")
    return str(path)


def told_of(account: str, n: int = 1) -> dict[str, Any]:
    """A ticket as the desk tells it; its number says on which account."""
    return {"id": f"{account}-{n}", "title": "The chain slips", "state": "open", "opened": at(n).isoformat()}


async def known_on_five(make: Makers, vendor: Vendor, of: Made, value: str, n: int = 1) -> None:
    """Has the customer on all five accounts under this id, each of which knows a ticket."""
    for account in MOODS:
        await make.identity(of, DESK, value, account)
        vendor.has("tickets", value, told_of(account, n), account=account)
