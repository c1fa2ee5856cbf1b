"""What does a vendor do who delivers: signed, on connections that stay, twice now and then, and again until it is kept?

    python -m benchmarks.intake_vendor PORT SECONDS RATE QUIET_SECONDS

A process of its own, which `benchmarks.intake` starts and speaks with in lines: it says `made`, is told `quiet`, says
what it saw, is told `load`, and says what it saw and what was acknowledged, each as a line of JSON. Everything is made
and signed beforehand, so that the load takes little of the machine.
"""

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import orjson
from pydantic import SecretStr

from adapters.channels import meta

ACCOUNT: Final = "106540352242922"
PATH: Final = f"/webhooks/whatsapp/{ACCOUNT}"
APP_SECRET: Final = "a sample app secret of the benchmark"
CONNECTIONS: Final = 32
PEOPLE: Final = 512
QUIET_PER_S: Final = 50

STATUSES: Final = ("sent", "delivered", "read")
"""The words on a message of ours, the least first."""

_TWICE, _SWAPPED = 0.1, 0.05
# Of eight deliveries four are what somebody says, one is our answer, and three say how far it came.
_ROUND: Final = 8
# So many of one person come in a row, and are taken in together.
_IN_A_ROW: Final = 4
# The gateway answers within 8 s whatever happens; a vendor gives up a little later.
_PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.2
_BEGIN: Final = 1_760_000_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery, as it goes over the wire."""

    person: int
    key: str
    """What it tells of: a message's id, and of a status the word."""
    request: bytes
    due: int
    """Its place in the whole: when it is to be sent."""
    is_twice: bool


@dataclass(slots=True)
class Seen:
    """What the vendor saw."""

    took_ms: list[float] = field(default_factory=list)
    """Of each attempt that was acknowledged."""
    failed: int = 0
    """Attempts that were not."""
    again: int = 0
    """Acknowledgements of deliveries that had been acknowledged before."""
    keys: dict[int, list[str]] = field(default_factory=dict)
    """What was acknowledged of each person, in that order."""
    lasted_s: float = 0.0


class Wire:
    """One connection, made anew where it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def status(self, request: bytes) -> int:
        """The status of the answer; raises OSError, EOFError or TimeoutError where there is none."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
                if size:
                    await reader.readexactly(size)
        except BaseException:
            self.close()
            raise
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Lets go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


def parcels(count: int, first_person: int, people: int, drawn: random.Random) -> list[list[Parcel]]:
    """So many deliveries, those of each person in the list of one connection; some out of their order."""
    each = -(-count // people)
    shares: list[list[Parcel]] = [[] for _ in range(CONNECTIONS)]
    told = {person: list(_told(person, each, drawn)) for person in range(first_person, first_person + people)}
    turns = (
        (person, word) for n in range(0, each, _IN_A_ROW) for person in told for word in told[person][n : n + _IN_A_ROW]
    )
    for due, (person, (key, body)) in enumerate(islice(turns, count)):
        is_twice = drawn.random() < _TWICE
        shares[person % CONNECTIONS].append(Parcel(person, key, _request(body), due, is_twice))
    return shares


def _told(person: int, count: int, drawn: random.Random) -> Iterator[tuple[str, bytes]]:
    """What is told of a person, with its key."""
    found: list[tuple[str, bytes]] = []
    statuses: list[str] = []
    for n in range(count):
        place = n % _ROUND
        if place < _ROUND // 2:
            found.append((f"in-{person}-{n}", _word(person, n)))
        elif place == _ROUND // 2:
            found.append((f"out-{person}-{n}", _echo(person, n)))
            statuses = drawn.sample(STATUSES, len(STATUSES))
        else:
            message, word = n - n % _ROUND + _ROUND // 2, statuses.pop()
            found.append((f"out-{person}-{message}:{word}", _status(person, message, word)))
    for n in range(count - 1):
        if drawn.random() < _SWAPPED:
            found[n], found[n + 1] = found[n + 1], found[n]
    yield from found


def number_of(person: int) -> str:
    """The person's id on the channel."""
    return f"1415{5_550_000 + person}"


def _word(person: int, n: int) -> bytes:
    text = {"body": f"Word {n}: does it come in another colour, and when would it be here?"}
    said = {"from": number_of(person), "id": f"in-{person}-{n}", "timestamp": str(_BEGIN + n), "type": "text"}
    return _body("messages", {"contacts": _contacts(person), "messages": [{**said, "text": text}]})


def _echo(person: int, n: int) -> bytes:
    said = {"from": "15550783881", "to": number_of(person), "id": f"out-{person}-{n}", "timestamp": str(_BEGIN + n)}
    echo = {**said, "type": "text", "text": {"body": f"Answer {n}: it does, tomorrow."}}
    return _body("smb_message_echoes", {"contacts": _contacts(person), "message_echoes": [echo]})


def _status(person: int, n: int, word: str) -> bytes:
    at = str(_BEGIN + n + STATUSES.index(word))
    told = {"id": f"out-{person}-{n}", "status": word, "timestamp": at, "recipient_id": number_of(person)}
    return _body("messages", {"statuses": [told]})


def _contacts(person: int) -> list[dict[str, Any]]:
    return [{"profile": {"name": f"Person {person}"}, "wa_id": number_of(person)}]


def _body(field_: str, value: dict[str, Any]) -> bytes:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": ACCOUNT}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "102290129340398", "changes": [{"field": field_, "value": whole}]}
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})


def _request(body: bytes) -> bytes:
    signed = meta.signature(SecretStr(APP_SECRET), body)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{meta.SIGNATURE}: {signed}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Vendor:
    """Sends what was made."""

    def __init__(self, port: int, per_s: float) -> None:
        self._port, self._per_s = port, per_s
        self.seen = Seen()

    async def send(self, shares: Sequence[Sequence[Parcel]], seconds: float) -> Seen:
        """What was seen; no delivery is begun after so many seconds, and each that was is sent until it is kept."""
        began = time.perf_counter()
        await asyncio.gather(*(self._share(share, began, began + seconds) for share in shares if share))
        self.seen.lasted_s = time.perf_counter() - began
        return self.seen

    async def _share(self, share: Sequence[Parcel], began: float, ends: float) -> None:
        """The deliveries of one connection, one after the other, as they are due or as soon as it goes."""
        wire = Wire(self._port)
        later: list[Parcel] = []
        for parcel in share:
            await asyncio.sleep(began + parcel.due / self._per_s - time.perf_counter())
            if time.perf_counter() > ends:
                break
            await self._until_kept(wire, parcel.request)
            self.seen.keys.setdefault(parcel.person, []).append(parcel.key)
            if parcel.is_twice:
                later.append(parcel)
            # Told again at once, or behind others.
            if later and parcel.due % 2 == 0:
                await self._until_kept(wire, later.pop(0).request)
                self.seen.again += 1
        wire.close()

    async def _until_kept(self, wire: Wire, request: bytes) -> None:
        while True:
            began = time.perf_counter()
            try:
                status = await wire.status(request)
            except (OSError, EOFError, TimeoutError):
                status = 0
            if status == 200:
                self.seen.took_ms.append((time.perf_counter() - began) * 1000)
                return
            self.seen.failed += 1
            await asyncio.sleep(_PAUSE_S)


def _say(seen: Seen) -> None:
    sys.stdout.buffer.write(orjson.dumps(seen, option=orjson.OPT_NON_STR_KEYS) + b"\n")
    sys.stdout.flush()


async def main(port: int, seconds: float, rate: float, quiet_s: float) -> None:
    """Makes everything, and sends it when told so."""
    drawn = random.Random(5)
    quiet = parcels(round(quiet_s * QUIET_PER_S), 0, PEOPLE // _ROUND, drawn)
    loud = parcels(round(seconds * rate), PEOPLE, PEOPLE, drawn)
    print("made", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    # Whoever is told of both is told of the quiet ones once.
    _say(await Vendor(port, QUIET_PER_S).send(quiet, quiet_s))
    await asyncio.to_thread(sys.stdin.readline)
    _say(await Vendor(port, rate).send(loud, seconds))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *map(float, sys.argv[2:])))
