"""Is each way of paging followed to its end, and are requests let in by each scheme?"""

import base64
import copy
from typing import Any

import pytest
from aiohttp import web

from adapters.contract.errors import BadPayload, ChannelRefused
from adapters.contract.found import Portion
from adapters.contract.records import Who
from tests.channels.rest.test_loading import GOOD

OWN = Who("desk", "main", "7")
TICKETS = [{"id": number, "created": "2024-05-01T12:00:00Z"} for number in range(5)]


def mapping(**ask: Any) -> dict[str, Any]:
    """A desk whose tickets are paged as the test says."""
    said = copy.deepcopy(GOOD)
    said["ask"][0] |= ask
    return said


async def walked(channel, at_most: int = 100) -> tuple[list[str], int]:
    """Every ticket that the pages give, and how many pages there are."""
    ids, after, pages = [], None, 0
    while pages < 10:
        found = await channel.tickets(OWN, Portion(at_most=at_most, after=after))
        ids += [one.external_id for one in found.records]
        after, pages = found.after, pages + 1
        if after is None:
            break
    return ids, pages


async def test_offsets(make, double) -> None:
    """An offset goes on by what a page held, until one is not full."""

    async def fault(request):
        start, size = int(request.query["from"]), int(request.query["n"])
        return web.json_response({"tickets": TICKETS[start : start + size]})

    double.fault = fault
    paging = {"kind": "offset", "size": 2}
    channel = make("desk", mapping(paging=paging, params={"from": "{offset}", "n": "{size}"}))
    assert await walked(channel) == (["0", "1", "2", "3", "4"], 3)
    assert await walked(channel, at_most=1) == (["0", "1", "2", "3", "4"], 6)


async def test_link_headers(make, double) -> None:
    """The header Link leads on, to the same host only."""

    async def fault(request):
        page = int(request.query.get("page", 0))
        link = f'<{double.url}/first>; rel="first", <{double.url}/x?page={page + 1}&token=s>; rel="next"'
        return web.json_response({"tickets": TICKETS[page : page + 1]}, headers={"Link": link} if page < 4 else {})

    double.fault = fault
    channel = make("desk", mapping(paging={"kind": "link_header"}))
    assert await walked(channel) == (["0", "1", "2", "3", "4"], 5)
    double.answers({"tickets": TICKETS}, headers={"Link": '<https://evil.example/>; rel="next"'})
    with pytest.raises(BadPayload, match="leads out of `base_url`"):
        await channel.tickets(OWN, Portion())


async def test_same_cursor_ends(make, double) -> None:
    """A vendor that gives the same cursor for ever is not asked for ever; `more` ends a walk, too."""
    double.answers({"tickets": TICKETS, "next": "a", "has_more": True})
    said = {"kind": "cursor", "next": "next"}
    channel = make("desk", mapping(paging=said, params={"after": "{after}"}))
    assert (await walked(channel))[1] == 2
    double.answers({"tickets": TICKETS, "next": "a", "has_more": False})
    channel = make("desk", mapping(paging=said | {"more": "has_more"}, params={"after": "{after}"}))
    assert (await walked(channel))[1] == 1


@pytest.mark.parametrize("cursor", [{"a": 1}, "x" * 5000])
async def test_odd_cursors_are_unreadable(make, double, cursor) -> None:
    """A cursor that is no text, or longer than any, cannot be read."""
    double.answers({"tickets": TICKETS, "next": cursor})
    channel = make("desk", mapping(paging={"kind": "cursor", "next": "next"}, params={"after": "{after}"}))
    with pytest.raises(BadPayload):
        await channel.tickets(OWN, Portion())


async def test_no_paging_no_cursor(make, double) -> None:
    """Where the mapping pages nothing, there are no cursors to give."""
    channel = make("desk", mapping())
    with pytest.raises(ChannelRefused, match="no `paging`"):
        await channel.tickets(OWN, Portion(after="x"))
    assert double.seen == []


async def test_endless_answers_are_bounded(make, double) -> None:
    """An answer with more records than any page has is not read to its end."""
    double.answers({"tickets": TICKETS * 2001})
    with pytest.raises(BadPayload, match="more than 10000 tickets"):
        await make("desk", mapping()).tickets(OWN, Portion())


@pytest.mark.parametrize(
    ("auth", "header", "query"),
    [
        ({"scheme": "bearer"}, ("authorization", "Bearer secret of token"), {}),
        ({"scheme": "basic"}, ("authorization", "Basic " + base64.b64encode(b"user:secret of password").decode()), {}),
        ({"scheme": "header", "name": "X-Key", "prefix": "Key "}, ("x-key", "Key secret of token"), {}),
        ({"scheme": "query", "name": "key"}, ("authorization", None), {"key": "secret of token"}),
        ({"scheme": "none"}, ("authorization", None), {}),
    ],
)
async def test_schemes(make, double, auth, header, query) -> None:
    """Credentials are shown as the mapping says, and nowhere else; no cursor holds them."""
    link = f"{double.url}/people/7/tickets?page=2&key=secret+of+token"
    double.answers({"tickets": TICKETS, "next": link})
    channel = make("desk", mapping(paging={"kind": "link", "next": "next"}) | {"auth": auth})
    found = await channel.tickets(OWN, Portion())
    (seen,) = double.seen
    assert (seen.headers.get(header[0]), seen.query) == (header[1], query)
    assert ("key=" in (found.after or "")) is (auth["scheme"] != "query")
