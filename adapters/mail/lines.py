"""How is a server talked to that Python's own library can only wait for, without anybody else waiting?

Each talk is done in a thread of its own. Who no longer waits for it hangs up: the connection is cut, so that the thread
ends, too, whatever the server does.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from adapters.contract.errors import ChannelDown, ChannelRefused
from adapters.mail.servers import MailServer

T = TypeVar("T")

# Names of hosts are looked up in the threads that asyncio has itself; these may all wait for mail servers.
_THREADS: Final = ThreadPoolExecutor(max_workers=16, thread_name_prefix="mail")

_PLAIN: Final = (
    "It offers no encryption (STARTTLS), so that passwords and letters would be read on the way. Use smtps:// or "
    "imaps://, or set `may_be_plain` where the way is safe."
)


class Line:
    """One connection to one server, and the right to cut it."""

    def __init__(self, server: MailServer, *, step_s: float, may_be_plain: bool) -> None:
        self.server = server
        self.step_s = step_s
        """How long one answer is waited for at most."""
        self._may_be_plain = may_be_plain
        self._socket: socket.socket | None = None
        self._is_cut = False

    def open(self) -> socket.socket:
        """The connection, encrypted where the address says so; raises OSError."""
        plain = socket.create_connection((self.server.host, self.server.port), self.step_s)
        try:
            self.hold(plain)
            if self.server.is_encrypted:
                self.hold(self.tls().wrap_socket(plain, server_hostname=self.server.host))
        except BaseException:
            plain.close()
            raise
        return self._socket or plain

    def hold(self, connection: socket.socket) -> None:
        """From now on this connection is the one that is cut."""
        self._socket = connection
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        """Ends the connection, from whichever thread: whoever waits for an answer waits no longer."""
        self._is_cut = True
        if self._socket is not None:
            with suppress(OSError):
                # As of a plain one: an encrypted one would have to be said farewell to, in the other thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Gives the connection up, in the thread that talked."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()

    def tls(self) -> ssl.SSLContext:
        """By which servers are known: the certificates that the machine trusts."""
        return ssl.create_default_context()

    def must_be_encrypted(self, *, is_offered: bool) -> bool:
        """Whether to encrypt what began in the clear; raises ChannelRefused where it must and cannot be."""
        if self.server.is_encrypted:
            return False
        if not is_offered and not (self._may_be_plain or self.server.is_here):
            raise ChannelRefused(_PLAIN, code="no_starttls", is_of_account=True)
        return is_offered


async def talk(line: Line, work: Callable[[Line], T]) -> T:
    """What the work gives, done in a thread; whoever is cancelled cuts the line."""

    def done() -> T:
        try:
            return work(line)
        finally:
            line.close()

    doing = asyncio.get_running_loop().run_in_executor(_THREADS, done)
    try:
        return await doing
    finally:
        line.cut()


def named(error: Exception) -> ChannelDown | ChannelRefused:
    """What an error of the network is called; none of its own words, which may hold addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ChannelRefused(
            "Its certificate is not to be trusted for that host. Compare the host's name in the settings.",
            code="certificate",
            is_of_account=True,
        )
    if isinstance(error, TimeoutError):
        return ChannelDown("It did not answer in time.")
    return ChannelDown(f"The connection failed ({type(error).__name__}).")
