"""How is a mailbox read on from where it was left, and how is a file of one of its mails come by?"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from adapters.channels.email.letter import read_letter
from adapters.channels.email.opening import CAME_AT, IS_CUT, IS_SENT, IS_WITHHELD, MAILBOX
from adapters.channels.email.settings import EmailSettings
from adapters.channels.email.signing_in import signed_in
from adapters.channels.email.threads import id_of, mail_behind
from adapters.contract.channel import LARGEST_FILE, Collected, WantedFile
from adapters.contract.deliveries import COLLECTED, Delivery
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.contract.reply import Reply
from adapters.contract.way import Way
from adapters.mail.boxes import Fetched, Folder, Found, Look, fetch, look_into
from adapters.mail.lines import Line
from adapters.mail.owing import Withheld
from adapters.mail.posting import SignIn
from adapters.mail.servers import server_at

# Of a call that has 25 seconds; what is fetched is held until it is kept.
_STEP_S: Final = 10.0
_AT_ONCE: Final = 50
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
_SECONDS_AT_ONCE: Final = 10.0
# A file that is packed in base64, in lines, and what stands beside it.
_LARGEST_MAIL: Final = LARGEST_FILE * 3 // 2
_IN_HEADER: Final = re.compile(r"[!#-\[\]-~]{3,990}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")


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
        line, known = Line(server, step_s=_STEP_S, may_be_plain=settings.may_be_plain), _known(sign_in)
        return await way.converse("IMAP", lambda step: look_into(line, known, folders, look, step))

    found = await signed_in(way, settings, looked)
    return Collected(
        deliveries=(
            *(_delivery(one, settings, now) for one in found.mails),
            *(_withheld(one, now) for one in found.withheld),
        ),
        cursor=_cursor(found.folders),
        is_more=found.is_more,
    )


async def file_of(way: Way, settings: EmailSettings, wanted: WantedFile) -> Reply:
    """A file of a mail, as long as that lies in the mailbox; raises ChannelError."""
    number, mail = wanted.external_id.removeprefix(f"{wanted.of}/"), mail_behind(wanted.of)
    if settings.imap_url is None or not _IN_HEADER.fullmatch(mail) or not _NUMBER.fullmatch(number):
        raise NoSuchIdentity("No mail can be found by that id.")
    server = server_at(settings.imap_url)

    async def fetched(sign_in: SignIn | None) -> bytes:
        line = Line(server, step_s=_STEP_S, may_be_plain=settings.may_be_plain)
        known = _known(sign_in)
        return await way.converse("IMAP", lambda _step: fetch(line, known, _names(settings), mail, _LARGEST_MAIL))

    raw = await signed_in(way, settings, fetched)
    letter = read_letter(raw)
    if id_of(letter.headers) != mail or len(letter.files) < int(number):
        raise BadPayload("The mailbox has another mail under that id.")
    body = letter.files[int(number) - 1].body()
    if len(body) > LARGEST_FILE or len(raw) >= _LARGEST_MAIL:
        raise BadPayload("The file is larger than what is fetched.")
    return Reply(status=200, headers={}, body=body, as_of=datetime.now(UTC))


def _known(sign_in: SignIn | None) -> SignIn:
    if sign_in is None:
        raise ChannelRefused("A mailbox is read by who signs in. Name `password`.", is_of_account=True)
    return sign_in


def _names(settings: EmailSettings) -> list[str]:
    """The folders that the settings name."""
    return list(dict.fromkeys((*settings.mailboxes, *([settings.sent_mailbox] if settings.sent_mailbox else []))))


def _folders(settings: EmailSettings, cursor: str | None) -> Sequence[Folder]:
    """The same, each with how far it was read."""
    names = _names(settings)
    known = orjson.loads(cursor) if cursor else {}
    return [_folder(one, *known[one]) if one in known else Folder(one) for one in names]


def _folder(name: str, era: int, last: int, to_mark: Sequence[int], owed: Sequence[tuple[int, int]] = ()) -> Folder:
    return Folder(name, era, last, tuple(to_mark), tuple((number, since) for number, since in owed))


def _cursor(folders: Sequence[Folder]) -> str:
    return orjson.dumps({one.name: [one.era, one.last, one.to_mark, one.owed] for one in folders}).decode()


def _delivery(mail: Fetched, settings: EmailSettings, now: datetime) -> Delivery:
    headers = {"content-type": "message/rfc822", MAILBOX: f"{mail.folder} {mail.era} {mail.number}"}
    if mail.came_at:
        headers[CAME_AT] = mail.came_at
    if mail.size_bytes > len(mail.body):
        headers[IS_CUT] = "yes"
    if mail.folder == settings.sent_mailbox:
        headers[IS_SENT] = "yes"
    return Delivery(method=COLLECTED, query={}, headers=headers, body=mail.body, received_at=now)


def _withheld(mail: Withheld, now: datetime) -> Delivery:
    """In the place of a mail, so that people learn that there is one."""
    headers = {MAILBOX: f"{mail.folder} {mail.era} {mail.number}", IS_WITHHELD: "yes"}
    return Delivery(method=COLLECTED, query={}, headers=headers, body=b"", received_at=now)
