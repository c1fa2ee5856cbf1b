"""Are the bodies that arrive at once bounded, all together, and do short ones pass where long ones are held back?"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.bodies import Bodies, Crowded, TooLong
from tests.channels import toy
from tests.channels.toy import body_of, deliver, event
from tests.gateway.conftest import OpenGate

SOON_S, WITHIN_S = 0.05, 5.0


async def held_back(*pieces: bytes) -> AsyncIterator[bytes]:
    """A body whose last byte never comes."""
    for one in pieces:
        yield one
    await asyncio.Event().wait()


async def whole(*pieces: bytes) -> AsyncIterator[bytes]:
    """A body that comes."""
    for one in pieces:
        yield one


def reading(bodies: Bodies, stream: AsyncIterator[bytes], within_s: float = WITHIN_S) -> asyncio.Task[bytes]:
    """A body that is being read."""
    return asyncio.create_task(bodies.read(stream, most_bytes=80, within_s=within_s))  # type: ignore[arg-type]


async def test_largest_gives_way() -> None:
    """Where all are too much the largest is given up at once, and others are read."""
    bodies = Bodies(100)
    small, large = reading(bodies, held_back(b"s" * 30)), reading(bodies, held_back(b"l" * 60))
    await asyncio.sleep(SOON_S)
    assert await reading(bodies, whole(b"n" * 10, b"n" * 10)) == b"n" * 20
    with pytest.raises(Crowded):
        await asyncio.wait_for(large, 1)
    assert not small.done()
    with pytest.raises(Crowded):
        await reading(bodies, whole(b"x" * 79))
    small.cancel()


@pytest.mark.parametrize("end", ["whole", "too long", "too slow", "broken off", "cancelled"])
async def test_given_back(end: str) -> None:
    """However a body ends, it counts no longer."""
    bodies = Bodies(100)

    async def broken() -> AsyncIterator[bytes]:
        yield b"b"
        raise ConnectionError

    streams = {"whole": whole(b"w"), "too long": whole(b"t" * 81), "broken off": broken()}
    task = reading(bodies, streams.get(end, held_back(b"h")), within_s=WITHIN_S if end == "cancelled" else SOON_S)
    await asyncio.sleep(SOON_S / 5)
    if end == "cancelled":
        assert bodies.bytes == 1
        task.cancel()
    (told,) = await asyncio.gather(task, return_exceptions=True)
    kinds = {"too long": TooLong, "too slow": TimeoutError, "broken off": ConnectionError, "whole": bytes}
    assert isinstance(told, kinds.get(end, asyncio.CancelledError))
    assert bodies.bytes == 0


async def test_deliveries_that_hold_back(open_gate: OpenGate) -> None:
    """Strangers who hold back the end of long deliveries are told to come again, and a vendor is heard meanwhile."""
    gate = open_gate(lines=toy.lines(), delivery_bytes=2_000, bodies_bytes=2_000)
    posted = [
        asyncio.create_task(gate.client.post("/webhooks/toy/main", content=held_back(b"x" * size)))
        for size in (1_000, 990)
    ]
    await asyncio.sleep(SOON_S)
    assert (await deliver(gate.client, body_of(event("ann", 1)))).status_code == 200
    refused = await asyncio.wait_for(posted[0], 1)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    posted[1].cancel()


async def test_questions_that_hold_back(open_gate: OpenGate) -> None:
    """So it is with the bodies of questions."""
    gate = open_gate(body_bytes=1_024, bodies_bytes=1_024)
    headers = {**gate.bearer(), "Content-Type": "application/json"}
    posted = [
        asyncio.create_task(gate.client.post("/graphql", content=held_back(b" " * size), headers=headers))
        for size in (510, 500)
    ]
    await asyncio.sleep(SOON_S)
    assert "errors" not in (await gate.ask("{ viewer { role } }")).json()
    refused = await asyncio.wait_for(posted[0], 1)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    posted[1].cancel()


async def test_proven_ahead(open_gate: OpenGate) -> None:
    """Where the headers alone prove a delivery, the body of one that they do not prove is not kept."""

    class ByHeader(toy.Toy):
        is_proven_by_headers = True

        def prove(self, delivery: toy.Delivery) -> None:
            if delivery.headers.get("x-toy-signature") != "good":
                raise toy.NotProven("The word is another one.")

    gate = open_gate(lines=toy.lines(kind=ByHeader), body_read_s=SOON_S)
    body = body_of(event("ann", 1))

    async def answered(word: str) -> int:
        headers = {"X-Toy-Signature": word}
        return (await gate.client.post("/webhooks/toy/main", content=held_back(body), headers=headers)).status_code

    # Of the first nobody waits for the end to know.
    assert (await answered("forged"), await answered("good")) == (401, 408)
    good = await gate.client.post("/webhooks/toy/main", content=body, headers={"X-Toy-Signature": "good"})
    assert good.status_code == 200
