"""How does a mail server behave that takes mail by SMTP, or fails at any step of taking it?"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from adapters.quiet import quiet

HANGS: Final = "hangs"
"""In the place of a reply: none comes."""
CUTS: Final = "cuts"
"""In the place of a reply: the connection is closed."""

_END: Final = "."
_ADDRESS: Final = re.compile(r"<([^>]*)>")
_GREETING: Final = "220 sample ESMTP"
_REPLIES: Final[Mapping[str, str]] = {
    "HELO": "250 sample",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go on",
    _END: "250 2.0.0 Ok: queued",
    "STARTTLS": "220 2.0.0 Go on",
    "RSET": "250 Ok",
    "NOOP": "250 Ok",
    "QUIT": "221 2.0.0 Bye",
}


@quiet
@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail that was handed over, whether or not it was taken."""

    sender: str
    recipient: str
    body: bytes = field(repr=False)
    said: tuple[str, ...] = field(default=(), repr=False)
    """Every command of its connection."""


@quiet
@dataclass
class PostOffice:
    """A server that takes mail on this machine."""

    replies: dict[str, str] = field(default_factory=dict)
    """Other replies, by the command to which they are given; `.` is the end of a mail, an empty name the greeting."""
    extensions: tuple[str, ...] = ("SIZE 1000000", "8BITMIME", "AUTH PLAIN LOGIN")
    mails: list[Mailed] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    """Every command's first word, of all connections."""
    port: int = 0
    tls: ssl.SSLContext | None = None
    """With which connections are encrypted, from the first byte on or, where STARTTLS is among the extensions, then."""
    told: Callable[[Mailed], None] = lambda _mail: None
    _ends: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its other end has had enough."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said: list[str] = []
        sender = recipient = ""
        if not await self._reply(writer, self.replies.get("", _GREETING)):
            return
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb = line.split(" ")[0].upper()
            said.append(line)
            self.commands.append(verb)
            found = _ADDRESS.search(line)
            if verb == "MAIL":
                sender = found[1] if found else ""
            elif verb == "RCPT":
                recipient = found[1] if found else ""
            reply = self.replies.get(verb) or self._usual(verb)
            if not await self._reply(writer, reply):
                return
            if verb == "STARTTLS" and self.tls is not None:
                await writer.start_tls(self.tls)
            if verb == "DATA" and reply.startswith("354"):
                raw = await reader.readuntil(b"\r\n.\r\n")
                body = re.sub(rb"(?m)^\.\.", b".", raw[: -len(b".\r\n")])
                mail = Mailed(sender, recipient, body, tuple(said))
                self.mails.append(mail)
                self.told(mail)
                if not await self._reply(writer, self.replies.get(_END, _REPLIES[_END])):
                    return
            if verb == "QUIT":
                return

    def _usual(self, verb: str) -> str:
        if verb == "EHLO":
            lines = ["sample", *self.extensions]
            return "\r\n".join(f"250{'-' if n < len(lines) else ' '}{one}" for n, one in enumerate(lines, start=1))
        return _REPLIES.get(verb, "500 5.5.2 Unknown")

    async def _reply(self, writer: asyncio.StreamWriter, reply: str) -> bool:
        """Whether it was given."""
        if reply == HANGS:
            await self._ends.wait()
        if reply in {HANGS, CUTS}:
            return False
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()
        return True

    def end(self) -> None:
        """Nobody hangs any longer."""
        self._ends.set()


@asynccontextmanager
async def post_office(office: PostOffice) -> AsyncIterator[PostOffice]:
    """The server for as long as the block lasts."""
    at_once = None if "STARTTLS" in office.extensions else office.tls
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0, ssl=at_once)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        office.end()
        server.close()
