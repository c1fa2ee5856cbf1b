"""What has come into a mailbox since it was last looked into, by IMAP?

A mail is known by its folder, the folder's era (UIDVALIDITY) and its number there (UID), which only rise. Nothing is
changed but what is told to be marked as read, and nothing is fetched that is larger than what is wanted.
"""

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.way import Step
from adapters.mail.lines import Line, named, talk
from adapters.mail.owing import NotGivenOut, Owed, Withheld
from adapters.mail.posting import SignIn
from adapters.quiet import quiet

T = TypeVar("T")

_UID: Final = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b")
_DATE: Final = re.compile(rb'\bINTERNALDATE "([^"\r\n]{1,40})"')
_CODE: Final = re.compile(rb"\[([A-Z-]{2,30})[\] ]")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Beside a mail stand its number and what else is said of it.
_BESIDE: Final = 65_536
# Of one id there is one mail, and copies of it.
_MOST_NAMESAKES: Final = 3
_PASSING: Final = frozenset({b"UNAVAILABLE", b"INUSE", b"LIMIT", b"SERVERBUG"})
# Of one mail Dovecot says SERVERBUG where it is damaged; Gmail says the last two to who has asked for too much.
_PASSING_OF_MAILS: Final = frozenset({b"UNAVAILABLE", b"INUSE", b"LIMIT", b"OVERQUOTA", b"THROTTLED"})


@quiet
@dataclass(frozen=True, slots=True)
class Folder:
    """How far a folder was read."""

    name: str
    era: int | None = None
    """None: it was never read."""
    last: int = 0
    """The number of the last mail that was fetched."""
    to_mark: tuple[int, ...] = ()
    """Those that are kept by now, and not marked as read yet."""
    owed: tuple[tuple[int, int], ...] = ()
    """Those that the server would not give out, each with the second in which it first refused."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail as it lies in the mailbox."""

    folder: str
    era: int
    number: int
    body: bytes = field(repr=False)
    """Raw; only the beginning of a larger one."""
    came_at: str
    """When it came there, as the server writes it."""
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a mailbox is looked into."""

    since: date
    """From when on mails are fetched of a folder that was never read."""
    at_most: int
    """Mails fetched at once."""
    bytes_at_once: int
    seconds_at_once: float
    """After so long no further mail is fetched: what was, is worth more than all of it too late."""
    largest_bytes: int
    marks_seen: bool


@quiet
@dataclass(slots=True)
class Found:
    """What was found in a mailbox."""

    folders: list[Folder] = field(default_factory=list)
    """How far each was read with this."""
    mails: list[Fetched] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    is_more: bool = False
    is_broken_off: bool = False
    """Whether the server gives no more for now."""
    asked: int = 0
    """For how many mails it was asked."""
    began_at: float = field(default_factory=time.monotonic)

    def is_enough(self, look: Look) -> bool:
        """Whether no further mail is to be fetched now."""
        if not self.asked:
            return False
        took_s = time.monotonic() - self.began_at
        return len(self.mails) >= look.at_most or self.bytes >= look.bytes_at_once or took_s > look.seconds_at_once

    @property
    def bytes(self) -> int:
        """How much was fetched."""
        return sum(len(one.body) for one in self.mails)


async def look_into(line: Line, sign_in: SignIn, folders: Sequence[Folder], look: Look, step: Step) -> Found:
    """What has come into the folders behind what was read; raises ChannelError."""
    del step  # nothing here has effects that a second time would double
    return await talk(line, lambda held: _looked(held, sign_in, folders, look))


async def fetch(line: Line, sign_in: SignIn, folders: Sequence[str], message_id: str, largest_bytes: int) -> bytes:
    """The raw mail of that id, from the first folder that has it; raises ChannelError, NoSuchIdentity where none has.

    `message_id`: visible ASCII without quotation marks and backslashes. Of a larger mail it is the beginning.
    """

    def work(imap: "_Imap") -> bytes:
        for folder in folders:
            era = _era(imap, folder, is_changed=False)
            for number in _numbers(imap, "HEADER", "Message-ID", f'"{message_id}"')[:_MOST_NAMESAKES]:
                if (mail := _fetched(imap, folder, era, number, largest_bytes)) is not None:
                    return mail.body
        raise NoSuchIdentity("The mailbox has that mail no more.")

    return await talk(line, lambda held: _done(held, sign_in, largest_bytes, work))


class _Imap(imaplib.IMAP4):
    """A connection that whoever waits can cut, and that reads no more than is wanted."""

    def __init__(self, line: Line, largest_bytes: int) -> None:
        self._line, self._largest_bytes = line, largest_bytes
        super().__init__(line.server.host, line.server.port, line.step_s)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        del timeout
        return self._line.open()

    def read(self, size: int) -> bytes:
        """So many bytes of what the server promises; raises abort where it promises more than was asked for."""
        if size > self._largest_bytes + _BESIDE:
            raise self.abort("more than was asked for")
        return super().read(size)


def _looked(line: Line, sign_in: SignIn, folders: Sequence[Folder], look: Look) -> Found:
    found = Found()

    def work(imap: _Imap) -> Found:
        for folder in folders:
            if found.is_broken_off:
                found.folders.append(folder)
            else:
                _read(imap, folder, look, found)
        return found

    return _done(line, sign_in, look.largest_bytes, work)


def _done(line: Line, sign_in: SignIn, largest_bytes: int, work: Callable[[_Imap], T]) -> T:
    """What the work gives with whoever is signed in; raises ChannelError."""
    failure: ChannelError
    try:
        imap = _greeted(line, largest_bytes)
        try:
            _signed_in(imap, line, sign_in)
            return work(imap)
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                imap.logout()
            with suppress(OSError):
                imap.shutdown()
    except ChannelError as error:
        failure = error
    except (OSError, ssl.SSLError) as error:
        failure = named(error)
    except imaplib.IMAP4.abort:
        failure = ChannelDown("The connection broke off, or what came was no answer of IMAP.")
    except Exception as error:  # noqa: BLE001  the library has no list of what it raises on odd answers; its words quote them
        failure = BadPayload(f"The server's answer cannot be read ({type(error).__name__}).")
    raise failure


def _greeted(line: Line, largest_bytes: int) -> _Imap:
    try:
        return _Imap(line, largest_bytes)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise ChannelDown("It talks to nobody for now, or not by IMAP.") from None


def _signed_in(imap: _Imap, line: Line, sign_in: SignIn) -> None:
    if line.must_be_encrypted(is_offered="STARTTLS" in imap.capabilities):
        imap.starttls(line.tls())
        connection: Any = imap.sock
        line.hold(connection)
    if "LOGINDISABLED" in imap.capabilities and not sign_in.is_token:
        raise ChannelRefused(
            "It takes no password, at least not in the clear. Use imaps://.", code="LOGINDISABLED", is_of_account=True
        )
    try:
        if sign_in.is_token:
            imap.authenticate("XOAUTH2", lambda challenge: b"" if challenge else sign_in.by_token().encode())
        else:
            imap.login(sign_in.user, sign_in.secret.get_secret_value())
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
        raise _refused(str(error).encode("utf-8", "replace"), "our user and password") from None


def _refused(words: bytes, what: str) -> ChannelError:
    code = _CODE.search(words)
    if code is not None and code[1] in _PASSING:
        return ChannelBusy(f"It serves nobody for now ({code[1].decode()}).")
    told = f" ({code[1].decode()})" if code else ""
    return ChannelRefused(
        f"It does not take {what}{told}. Correct it in the settings.",
        code=code[1].decode() if code else "auth",
        is_of_account=True,
    )


def _read(imap: _Imap, folder: Folder, look: Look, found: Found) -> None:
    """Reads on in one folder, as far as there is room."""
    era = _era(imap, folder.name, is_changed=look.marks_seen)
    if look.marks_seen and folder.to_mark and folder.era == era:
        _require(imap.uid("STORE", _joined(folder.to_mark), "+FLAGS.SILENT", r"(\Seen)"))
    last = folder.last if folder.era == era else None
    waiting = _numbers(imap, *(("SINCE", _day(look.since)) if last is None else ("UID", f"{last + 1}:*")))
    # A range that ends with a star always has the newest mail, however far behind it begins (RFC 3501, 6.4.8).
    waiting = [one for one in waiting if last is None or one > last]
    owed, fetched = Owed(folder.owed if last is not None else ()), len(found.mails)
    taken = _taken(imap, (folder.name, era), waiting, owed, look, found)
    _taken(imap, (folder.name, era), [one for one in owed.numbers() if one not in taken], owed, look, found)
    given_up = owed.given_up(are_others_given=len(found.mails) > fetched)
    found.withheld += [Withheld(folder.name, era, one) for one in given_up]
    if owed.is_stuck and not found.mails:
        raise ChannelBusy("It gives out none of many mails that it has. Look into the server's log.")
    # Of those for which it is asked again there may be more at any time, and at the next look is soon enough.
    found.is_more |= found.is_broken_off or len(taken) < len(waiting)
    to_mark = tuple(one.number for one in found.mails[fetched:])
    found.folders.append(Folder(folder.name, era, _reached(taken, waiting, last, imap), to_mark, owed.told()))


def _taken(
    imap: _Imap, place: tuple[str, int], numbers: Sequence[int], owed: Owed, look: Look, found: Found
) -> list[int]:
    """Those of the mails that are fetched or remembered as owed, as far as there is room."""
    taken: list[int] = []
    for one in numbers:
        if found.is_broken_off or found.is_enough(look):
            break
        found.asked += 1
        try:
            mail = _fetched(imap, *place, one, look.largest_bytes)
        except NotGivenOut:
            if not owed.refused(one):
                break
        except (ChannelBusy, OSError, imaplib.IMAP4.abort):
            if not found.mails:
                raise
            # What was fetched before is kept, and the reading goes on at this one.
            found.is_broken_off = True
            break
        else:
            owed.given(one)
            found.mails += [mail] if mail is not None else []
        taken.append(one)
    return taken


def _reached(taken: Sequence[int], waiting: Sequence[int], last: int | None, imap: _Imap) -> int:
    if taken:
        return taken[-1]
    if last is not None:
        return last
    if waiting:
        return waiting[0] - 1
    _, told = imap.response("UIDNEXT")
    return max(0, _number(told) - 1)


def _era(imap: _Imap, name: str, *, is_changed: bool) -> int:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    state, said = imap.select(f'"{quoted}"', readonly=not is_changed)
    if state != "OK":
        raise _refused(b" ".join(one for one in said if isinstance(one, bytes)), "a folder that the settings name")
    _, told = imap.response("UIDVALIDITY")
    era = _number(told)
    if era == 0:
        raise BadPayload("The server does not say to which era a folder's numbers belong (UIDVALIDITY).")
    return era


def _number(told: Any) -> int:
    last = told[-1] if isinstance(told, list) and told else None
    return int(last) if isinstance(last, bytes) and last.isdigit() and len(last) <= 10 else 0  # noqa: PLR2004  32 bits


def _numbers(imap: _Imap, *criteria: str) -> list[int]:
    words = b" ".join(one for one in _require(imap.uid("SEARCH", *criteria)) if isinstance(one, bytes))
    return sorted({int(one) for one in words.split() if one.isdigit() and len(one) <= 10})  # noqa: PLR2004  32 bits


def _fetched(imap: _Imap, folder: str, era: int, number: int, largest: int) -> Fetched | None:
    """The mail; None where it is gone by now. Raises NotGivenOut where the server has it and does not give it out."""
    said = _said_of(imap, number, "(RFC822.SIZE INTERNALDATE)")
    words = b" ".join(one for one in said if isinstance(one, bytes))
    size = _SIZE.search(words)
    if size is None:
        return None
    part = "" if int(size[1]) <= largest else f"<0.{largest}>"
    answer = _said_of(imap, number, f"(UID BODY.PEEK[]{part})")
    body = next((one[1] for one in answer if isinstance(one, tuple) and _is_of(one[0], answer, number)), None)
    if not body:
        return None
    came_at = _DATE.search(words)
    return Fetched(
        folder=folder,
        era=era,
        number=number,
        body=body,
        came_at=_dated(came_at[1].decode("latin-1")) if came_at else "",
        size_bytes=int(size[1]),
    )


def _said_of(imap: _Imap, number: int, what: str) -> list[Any]:
    """What the server says of a mail; raises NotGivenOut, and ChannelBusy where it gives out none for now."""
    try:
        state, told = imap.uid("FETCH", str(number), what)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        # So the library says that the answer is BAD, as Exchange's is of mails that it cannot write out.
        state, told = "BAD", [str(error).encode("utf-8", "replace")]
    if state == "OK":
        return told
    code = _CODE.search(b" ".join(one for one in told if isinstance(one, bytes)))
    if code is not None and code[1] in _PASSING_OF_MAILS:
        raise ChannelBusy(f"It gives out no mails for now ({code[1].decode()}).")
    raise NotGivenOut(f"The server answers {state[:10]} to the question for a mail that it has.")


def _is_of(head: bytes, answer: Sequence[Any], number: int) -> bool:
    """Whether a mail in an answer is the one that was asked for; its number stands before it or behind."""
    behind = (_UID.search(one) for one in answer if isinstance(one, bytes))
    told = _UID.search(head) or next((one for one in behind if one), None)
    return told is None or int(told[1]) == number


def _dated(said: str) -> str:
    """A server's moment as mails write theirs: `17-Jul-1996 02:44:25 -0700` without the hyphens."""
    day, _, clock = said.strip().partition(" ")
    return f"{day.replace('-', ' ')} {clock}"


def _require(answer: tuple[str, list[Any]]) -> list[Any]:
    state, told = answer
    if state != "OK":
        raise BadPayload(f"The server answers {state[:10]} to a question that every server answers.")
    return told


def _day(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
