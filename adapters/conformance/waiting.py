"""Does a channel hold up the process while it waits?

Everything runs in one thread: who sleeps there, or waits for a socket that blocks, keeps everybody waiting. What C
functions are called is watched (sys.setprofile) while the channel does each thing once. Work in other threads
(asyncio.to_thread) is not seen, and is right.
"""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.ordering import acts_of
from adapters.conformance.trial import Trial, own_place
from adapters.conformance.vendor import vendor
from adapters.conformance.wire import ADDRESS_WANTED, asked, reads_of
from adapters.contract.channel import Capability
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing

_BLOCKING: Final = {
    ("time", "sleep"): "time.sleep",
    ("_socket", "getaddrinfo"): "socket.getaddrinfo",
    ("_socket", "gethostbyname"): "socket.gethostbyname",
    ("_posixsubprocess", "fork_exec"): "subprocess",
    ("_winapi", "CreateProcess"): "subprocess",
    ("posix", "system"): "os.system",
}
_OF_SOCKETS: Final = frozenset({"connect", "connect_ex", "accept", "recv", "recv_into", "send", "sendall"})
_ASYNCIO: Final = str(Path(asyncio.__file__).parent)
_SUITE: Final = str(Path(__file__).parent)
_INSTEAD: Final = (
    "There everybody waits. Ask by `self.way`, sleep with `asyncio.sleep`, and put what can only block into "
    "`asyncio.to_thread`."
)


class HoldsUpTheProcess(Exception):
    """Raised in a channel that is about to wait in the one thread in which everything runs."""


async def waiting(trial: Trial) -> Finding:
    """It waits without holding up the process: it neither sleeps nor blocks in the thread in which everything runs."""
    channel: Any = trial.channel()
    wrong: dict[str, None] = {}
    asks = [one for found in (reads_of(trial), acts_of(trial)) if isinstance(found, dict) for one in found.values()]
    if Capability.SEND in channel.capabilities() and trial.is_reachable:
        asks.append(_send)
    if Capability.WEBHOOK in channel.capabilities():
        for payload in trial.payloads:
            delivery = trial.delivery(payload.body)
            for function in (channel.handshake, channel.prove, channel.delivery_key, channel.events):
                with _watched(wrong), suppress(Exception):
                    function(delivery)
    if asks:
        async with vendor(trial.answers, trial.scheme) as double:
            for ask in asks:
                with _watched(wrong):
                    await asked(trial, double, ask)
    elif not wrong and not trial.is_reachable:
        return not_checked(ADDRESS_WANTED)
    return summed(wrong, "It waits for nothing in the thread in which everything runs.")


async def _send(channel: Any, who: Who) -> Any:
    now = datetime.now(UTC)
    outgoing = Outgoing(who=who, key="sample-key", text="Samplewords", last_heard_at=now, now=now)
    channel.require_allowed(outgoing)
    return await channel.send(outgoing)


@contextmanager
def _watched(wrong: dict[str, None]) -> Iterator[None]:
    """Inside, nothing waits in this thread: what is about to is noted, and ended by HoldsUpTheProcess."""

    def watch(frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call" and (what := _blocks(arg)) is not None and (place := _called_at(frame)) is not None:
            wrong[f"`{what}` is called in the thread in which everything runs, at {place}. {_INSTEAD}"] = None
            raise HoldsUpTheProcess(f"{what} at {place}")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)


def _blocks(function: Any) -> str | None:
    """What the function is called that is about to wait; None where it does not."""
    of = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if isinstance(of, socket.socket):
        return f"socket.{name}" if name in _OF_SOCKETS and of.gettimeout() != 0 else None
    return _BLOCKING.get((getattr(function, "__module__", None) or "", name))


def _called_at(frame: FrameType) -> str | None:
    """The adapter's line from which it is called; None where asyncio does it for a channel, as to begin a process."""
    lines = list(_lines(frame))
    for path, line in lines:
        if path.startswith(_ASYNCIO):
            return None
        if own_place([(path, line)]) is not None:
            break
    return own_place(lines[::-1])


def _lines(frame: FrameType | None) -> Iterator[tuple[str, int]]:
    """The lines that lead to it, the innermost first, from where the suite or the loop called the channel."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_SUITE) or (path.startswith(_ASYNCIO) and frame.f_code.co_name == "_run"):
            return
        yield path, frame.f_lineno
        frame = frame.f_back
