"""How is a mailbox read on from where it was left, and what of a mail is kept until it is read?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from adapters.channels.email.opening import CAME_AT, IS_SENT, MAILBOX
from adapters.channels.email.settings import EmailSettings
from adapters.channels.email.signing_in import signed_in
from adapters.contract.channel import Collected
from adapters.contract.deliveries import COLLECTED, Delivery
from adapters.contract.errors import ChannelRefused
from adapters.contract.way import Way
from adapters.mail.boxes import Fetched, Folder, Found, Look, look_into
from adapters.mail.lines import Line
from adapters.mail.posting import SignIn
from adapters.mail.servers import server_at

# Of a call that has 25 seconds; what is fetched is held until it is kept.
_STEP_S: Final = 10.0
_AT_ONCE: Final = 50
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
_SECONDS_AT_ONCE: Final = 10.0


async def collect(way: Way, settings: EmailSettings, cursor: str | None) -> Collected:
    """What has come behind the cursor; raises ChannelError."""
    if settings.imap_url is None:
        raise ChannelRefused("No server is named that keeps the mailbox. Name `imap_url`.")
    server = server_at(settings.imap_url)
    folders = _folders(settings, cursor)
    now = datetime.now(UTC)
    look = Look(
        since=(now - timedelta(days=settings.past_days)).date(),
        at_most=_AT_ONCE,
        bytes_at_once=_BYTES_AT_ONCE,
        seconds_at_once=_SECONDS_AT_ONCE,
        largest_bytes=settings.largest_bytes,
        marks_seen=settings.marks_seen,
    )

    async def looked(sign_in: SignIn | None) -> Found:
        if sign_in is None:
            raise ChannelRefused("A mailbox is read by who signs in. Name `password`.", is_of_account=True)
        line = Line(server, step_s=_STEP_S, may_be_plain=settings.may_be_plain)
        return await way.converse("IMAP", lambda step: look_into(line, sign_in, folders, look, step))

    found = await signed_in(way, settings, looked)
    return Collected(
        deliveries=tuple(_delivery(one, settings, now) for one in found.mails),
        cursor=_cursor(found.folders),
        is_more=found.is_more,
    )


def _folders(settings: EmailSettings, cursor: str | None) -> Sequence[Folder]:
    """The folders that the settings name, each with how far it was read."""
    names = dict.fromkeys((*settings.mailboxes, *([settings.sent_mailbox] if settings.sent_mailbox else [])))
    known = orjson.loads(cursor) if cursor else {}
    return [
        Folder(one, known[one][0], known[one][1], tuple(known[one][2])) if one in known else Folder(one)
        for one in names
    ]


def _cursor(folders: Sequence[Folder]) -> str:
    return orjson.dumps({one.name: [one.era, one.last, one.to_mark] for one in folders}).decode()


def _delivery(mail: Fetched, settings: EmailSettings, now: datetime) -> Delivery:
    headers = {"content-type": "message/rfc822", MAILBOX: f"{mail.folder} {mail.era} {mail.number}"}
    if mail.came_at:
        headers[CAME_AT] = mail.came_at
    if mail.folder == settings.sent_mailbox:
        headers[IS_SENT] = "yes"
    return Delivery(method=COLLECTED, query={}, headers=headers, body=mail.body, received_at=now)
