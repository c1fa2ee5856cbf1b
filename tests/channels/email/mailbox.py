"""A mail server that keeps mail, by the documented commands of IMAP (RFC 3501, RFC 2177), with faults on demand."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from adapters.conformance.post_office import CUTS, HANGS

USER, PASSWORD = "support@shop.example", "sample-password-of-mail"
_ALWAYS = {"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS"}
_DAY = re.compile(r"SINCE (\d{1,2})-(\w{3})-(\d{4})")
_APPENDED = re.compile(r'"?([^" ]+)"?.*\{(\d+)\}$')


@dataclass
class Kept:
    """A mail in a folder."""

    uid: int
    body: bytes
    came_at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass
class Box:
    """A folder."""

    era: int = 1
    mails: list[Kept] = field(default_factory=list)
    next_uid: int = 1

    def add(self, body: bytes, came_at: datetime) -> Kept:
        """A mail that has just come in."""
        mail = Kept(self.next_uid, body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), came_at)
        self.next_uid += 1
        self.mails.append(mail)
        return mail


@dataclass
class MailServer:
    """The server."""

    boxes: dict[str, Box] = field(default_factory=lambda: {"INBOX": Box(), "Sent": Box()})
    now: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)
    faults: dict[str, str] = field(default_factory=dict)
    """By the command: no answer, an end, or these lines in the place of the good ones (TAG is the command's own)."""
    withheld: dict[int, str] = field(default_factory=dict)
    """By the number of a mail: what is answered to the question for what it says, as `faults`."""
    capabilities: str = "IMAP4rev1 IDLE"
    commands: list[str] = field(default_factory=list)
    token: str = "token-1"
    """By which the mailbox is opened, too."""
    port: int = 0
    tls: ssl.SSLContext | None = None
    """With which connections are encrypted, from the first byte on or, where STARTTLS is a capability, then."""
    _ends: asyncio.Event = field(default_factory=asyncio.Event)

    def comes(self, body: bytes, box: str = "INBOX", *, at: datetime | None = None) -> Kept:
        """A mail comes in."""
        return self.boxes[box].add(body, at or self.now)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _Session(self, reader, writer).talk()
        writer.close()


class _Session:
    def __init__(self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._box = Box()
        self._is_in = self._may_change = False

    async def talk(self) -> None:
        """Until either has had enough."""
        self._say(self._server.faults.get("", "* OK ready"))
        while line := (await self._reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            verb = " ".join(command.upper().split()[: 2 if command.upper().startswith("UID") else 1])
            self._server.commands.append(command if verb != "LOGIN" else "LOGIN")
            fault = self._server.faults.get(verb)
            if verb == "UID FETCH" and "BODY" in command:
                fault = fault or self._server.withheld.get(int(command.split()[2]))
            if fault == HANGS:
                await self._server._ends.wait()
            if fault in {HANGS, CUTS}:
                return
            for one in fault.replace("TAG", tag).split("\n") if fault else await self._answers(tag, verb, command):
                self._say(one)
            await self._writer.drain()
            if verb == "STARTTLS" and self._server.tls is not None:
                await self._writer.start_tls(self._server.tls)
            if verb == "LOGOUT":
                return

    def _say(self, line: str | bytes) -> None:
        self._writer.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")

    async def _answers(self, tag: str, verb: str, command: str) -> list[str | bytes]:
        if verb == "LOGIN":
            self._is_in = command == f'LOGIN {USER} "{PASSWORD}"'
            return [f"{tag} OK in" if self._is_in else f"{tag} NO [AUTHENTICATIONFAILED] {USER} is not {PASSWORD}"]
        if verb in _ALWAYS:
            told = {"CAPABILITY": [f"* CAPABILITY {self._server.capabilities}"], "LOGOUT": ["* BYE"]}.get(verb, [])
            return [*told, f"{tag} OK done"]
        if verb == "AUTHENTICATE":
            return await self._authenticate(tag)
        if verb in {"APPEND", "IDLE"} and self._is_in:
            return await (self._append(tag, command) if verb == "APPEND" else self._idle(tag))
        if verb in {"SELECT", "EXAMINE"} and self._is_in:
            return self._select(tag, command)
        found = {"UID SEARCH": self._search, "UID FETCH": self._fetch, "UID STORE": self._store}.get(verb)
        return [*found(command), f"{tag} OK done"] if found and self._is_in else [f"{tag} BAD not now"]

    async def _authenticate(self, tag: str) -> list[str | bytes]:
        self._say("+ ")
        said = base64.b64decode(await self._reader.readline()).decode()
        self._is_in = said == f"user={USER}\x01auth=Bearer {self._server.token}\x01\x01"
        if self._is_in:
            return [f"{tag} OK in"]
        self._say("+ " + base64.b64encode(b'{"status":"400"}').decode())
        await self._reader.readline()
        return [f"{tag} NO [AUTHENTICATIONFAILED] no"]

    async def _idle(self, tag: str) -> list[str | bytes]:
        self._say("+ idling")
        await self._reader.readline()
        return [f"{tag} OK done"]

    def _select(self, tag: str, command: str) -> list[str | bytes]:
        verb, _, name = command.partition(" ")
        box = self._server.boxes.get(name.strip('"'))
        if box is None:
            return [f"{tag} NO [NONEXISTENT] no such folder"]
        self._box, self._may_change = box, verb.upper() == "SELECT"
        told = [
            f"* {len(box.mails)} EXISTS",
            f"* OK [UIDVALIDITY {box.era}] era",
            f"* OK [UIDNEXT {box.next_uid}] next",
        ]
        return [*told, f"{tag} OK [{'READ-WRITE' if self._may_change else 'READ-ONLY'}] done"]

    def _search(self, command: str) -> list[str | bytes]:
        if (named := re.search(r'HEADER Message-ID "([^"]+)"', command)) is not None:
            head = f"message-id: <{named[1]}>".lower().encode()
            found = [one.uid for one in self._box.mails if head in one.body.lower()]
        elif (day := _DAY.search(command)) is not None:
            since = datetime.strptime(f"{day[1]} {day[2]} {day[3]}", "%d %b %Y").date()  # noqa: DTZ007  a day of IMAP has no zone
            found = [one.uid for one in self._box.mails if _day(one.came_at) >= since]
        else:
            first = int(command.rpartition(" ")[2].partition(":")[0])
            # `n:*` has the newest one whatever n is.
            found = [one.uid for one in self._box.mails if one.uid >= first] or [
                one.uid for one in self._box.mails[-1:]
            ]
        return [" ".join(["* SEARCH", *map(str, found)])]

    def _fetch(self, command: str) -> list[str | bytes]:
        uid = int(command.split()[2])
        found = next((n for n, one in enumerate(self._box.mails, start=1) if one.uid == uid), None)
        if found is None:
            return []
        mail = self._box.mails[found - 1]
        if "BODY.PEEK[]" not in command:
            moment = mail.came_at.strftime("%d-%b-%Y %H:%M:%S +0000")
            return [f'* {found} FETCH (UID {uid} RFC822.SIZE {len(mail.body)} INTERNALDATE "{moment}")']
        part = re.search(r"<0\.(\d+)>", command)
        body = mail.body[: int(part[1])] if part else mail.body
        head = f"* {found} FETCH (UID {uid} BODY[]{'<0>' if part else ''} {{{len(body)}}}\r\n"
        return [head.encode() + body + b")"]

    def _store(self, command: str) -> list[str | bytes]:
        assert self._may_change
        for one in self._box.mails:
            if str(one.uid) in command.split()[2].split(","):
                one.flags.add("\\Seen")
        return []

    async def _append(self, tag: str, command: str) -> list[str | bytes]:
        found = _APPENDED.search(command.removeprefix("APPEND "))
        assert found
        self._say("+ go on")
        body = await self._reader.readexactly(int(found[2]))
        await self._reader.readline()
        self._server.comes(body, found[1])
        return [f"{tag} OK [APPENDUID 1 1]"]


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


@asynccontextmanager
async def serving(server: MailServer) -> AsyncIterator[MailServer]:
    """The server for as long as the block lasts."""
    at_once = None if "STARTTLS" in server.capabilities else server.tls
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=at_once)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server._ends.set()
        listening.close()
