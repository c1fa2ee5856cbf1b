"""The history pivot: everything that happened with a customer, in order, page by page."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mongo import Store
from adapters.records import Record, RecordId, new_id
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.interests import INTERESTS
from resolvers.kit.ids import split_id
from resolvers.kit.viewer import Role
from resolvers.notes import NOTES
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.toy import TOYS

HISTORY = """
query History($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: HistoryFilter) {
  customer(id: $id) {
    history(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      edges { cursor node { at kind channel item { __typename ... on Node { id } } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""

DAY = datetime(2026, 3, 1, tzinfo=UTC)
KINDS: dict[str, tuple[Record, str]] = {
    "MESSAGE": (MESSAGES, "sent_at"),
    "NOTE": (NOTES, "created_at"),
    "TICKET": (TICKETS, "created_at"),
    "PURCHASE": (PURCHASES, "placed_at"),
    "INTEREST": (INTERESTS, "triggered_at"),
    "TOY": (TOYS, "given_at"),
}

# Few moments, so that many entries share one.
IS_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
entries = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 4)), max_size=120 if IS_DEEP else 25)
sizes = st.integers(1, 40 if IS_DEEP else 7)


async def _put(make: Makers, of: Made, kind: str, minute: int) -> RecordId:
    at = DAY + timedelta(minutes=minute)
    match kind:
        case "MESSAGE":
            return await make.message(of, new_id(), sent_at=at)
        case "NOTE":
            return await make.note(of, created_at=at)
        case "TICKET":
            return await make.ticket(of, created_at=at)
        case "PURCHASE":
            return await make.purchase(of, "1.00", placed_at=at)
        case "INTEREST":
            return await make.interest(of, triggered_at=at)
    return await make.put(TOYS, of, name="Bear", shelf="top", given_at=at, channel="shop")


async def _page(ask: Asking, of: Made, **variables: Any) -> Any:
    answer = await ask(HISTORY, id=of.id, **variables)
    assert answer.errors == []
    return answer.data["customer"]["history"]


def _seen(page: Any) -> list[tuple[str, str, str]]:
    nodes = [edge["node"] for edge in page["edges"]]
    return [(node["at"], node["kind"], str((split_id(node["item"]["id"]) or ("", ""))[1])) for node in nodes]


async def _walk(ask: Asking, of: Made, size: int, *, forwards: bool) -> list[tuple[str, str, str]]:
    """Every entry, in list order, read page by page from one end."""
    found: list[tuple[str, str, str]] = []
    cursor = None
    while True:
        asked = {"first": size, "after": cursor} if forwards else {"last": size, "before": cursor}
        page = await _page(ask, of, **asked)
        found = found + _seen(page) if forwards else _seen(page) + found
        info = page["pageInfo"]
        if not info["hasNextPage" if forwards else "hasPreviousPage"]:
            return found
        cursor = info["endCursor" if forwards else "startCursor"]


async def _empty(store: Store) -> None:
    for record in (*(one for one, _ in KINDS.values()), CUSTOMERS):
        await store.delete(record, {})


@given(entries=entries, size=sizes, forwards=st.booleans())
async def test_walk_is_complete(
    ask: Asking, make: Makers, store: Store, entries: Sequence[tuple[str, int]], size: int, forwards: bool
) -> None:
    """Walking pages of any size either way gives every entry exactly once, in order, also with equal timestamps."""
    await _empty(store)
    one = await make.customer()
    for kind, minute in entries:
        await _put(make, one, kind, minute)
    found = await _walk(ask, one, size, forwards=forwards)
    assert len(found) == len(set(found)) == len(entries)
    assert found == sorted(found)


@given(before=entries, meanwhile=entries, walk=st.tuples(sizes, st.booleans()))
async def test_walk_meets_arrivals(
    ask: Asking,
    make: Makers,
    before: Sequence[tuple[str, int]],
    meanwhile: Sequence[tuple[str, int]],
    walk: tuple[int, bool],
) -> None:
    """Entries that arrive ahead of the position appear, those behind it do not, and none of the others moves."""
    size, forwards = walk
    await _empty(make.store)
    one = await make.customer()
    for kind, minute in before:
        await _put(make, one, kind, minute)
    first = await _page(ask, one, **({"first": size} if forwards else {"last": size}))
    edge = _seen(first)[-1 if forwards else 0] if first["edges"] else None
    for kind, minute in meanwhile:
        await _put(make, one, kind, minute)
    rest = await _rest(ask, one, first, size, forwards=forwards)
    everything = await _walk(ask, one, 50, forwards=True)
    ahead = [entry for entry in everything if edge is None or (entry > edge if forwards else entry < edge)]
    had_more = first["pageInfo"]["hasNextPage" if forwards else "hasPreviousPage"]
    assert rest == (ahead if had_more else [])


async def _rest(ask: Asking, of: Made, page: Any, size: int, *, forwards: bool) -> list[tuple[str, str, str]]:
    """What follows a page."""
    found: list[tuple[str, str, str]] = []
    while page["pageInfo"]["hasNextPage" if forwards else "hasPreviousPage"]:
        info = page["pageInfo"]
        asked = (
            {"first": size, "after": info["endCursor"]} if forwards else {"last": size, "before": info["startCursor"]}
        )
        page = await _page(ask, of, **asked)
        found = found + _seen(page) if forwards else _seen(page) + found
    return found


async def test_newest_oldest_first(ask: Asking, make: Makers) -> None:
    """`last: 2` is the newest two, still oldest first."""
    one = await make.customer()
    for minute in (3, 1, 2, 4):
        await _put(make, one, "NOTE", minute)
    page = await _page(ask, one, last=2)
    assert [edge["node"]["at"] for edge in page["edges"]] == ["2026-03-01T00:03:00Z", "2026-03-01T00:04:00Z"]


async def test_every_kind_appears(ask: Asking, make: Makers) -> None:
    """Messages, tickets, purchases, interests, notes and a slice's own kind stand in one history."""
    one = await make.customer()
    for minute, kind in enumerate(KINDS):
        await _put(make, one, kind, minute)
    page = await _page(ask, one)
    assert [edge["node"]["kind"] for edge in page["edges"]] == list(KINDS)
    assert page["totalCount"] == len(KINDS)


async def test_filter_by_kind(ask: Asking, make: Makers) -> None:
    """Only the kinds asked for are shown."""
    one = await make.customer()
    for minute, kind in enumerate(KINDS):
        await _put(make, one, kind, minute)
    page = await _page(ask, one, filter={"kinds": ["NOTE", "TOY"]})
    assert [edge["node"]["kind"] for edge in page["edges"]] == ["NOTE", "TOY"]
    assert page["totalCount"] == 2


async def test_filter_by_channel(ask: Asking, make: Makers) -> None:
    """Only what happened on the channels asked for is shown, and nothing that happened on none."""
    one = await make.customer()
    await make.conversation(one, "Hi", channel="whatsapp")
    await make.conversation(one, "Ho", channel="messenger", external_id="t2")
    await make.note(one)
    page = await _page(ask, one, filter={"channels": ["whatsapp"]})
    assert [edge["node"]["channel"] for edge in page["edges"]] == ["whatsapp"]


async def test_filter_by_date(ask: Asking, make: Makers) -> None:
    """`since` is inside, `until` is outside."""
    one = await make.customer()
    for minute in range(5):
        await _put(make, one, "TICKET", minute)
    span = {"since": "2026-03-01T00:01:00Z", "until": "2026-03-01T01:03:00+01:00"}
    page = await _page(ask, one, filter=span)
    assert [edge["node"]["at"][14:16] for edge in page["edges"]] == ["01", "02"]


async def test_aliases_are_read(ask: Asking, make: Makers) -> None:
    """A survivor's history holds what was written under the other customer, of the element kinds it brought."""
    one, other = await make.customer(), await make.customer("Anne")
    await make.note(one)
    await make.note(other)
    await make.ticket(other)
    await make.merged(other, one, "NOTES")
    page = await _page(ask, one)
    assert [edge["node"]["kind"] for edge in page["edges"]] == ["NOTE", "NOTE"]


async def test_one_command_for_many(ask: Asking, make: Makers, commands: Commands) -> None:
    """The histories of thirty customers are one command."""
    for n in range(30):
        one = await make.customer(f"Ann{n}")
        await make.note(one)
    query = "{ customers(first: 30) { nodes { history(last: 3) { edges { node { kind } } } } } }"
    await ask(query)
    with commands.counted() as sent:
        answer = await ask(query)
    assert answer.errors == []
    assert len(sent) == 2


BAD = [
    ({"first": 0}, "at least 1"),
    ({"first": -1}, "at least 1"),
    ({"last": 100_000}, "Ask for 100"),
    ({"first": 3, "before": "x"}, "`last`"),
    ({"first": 3, "last": 3}, "one way"),
    ({"first": 3, "after": "junk"}, "begin anew"),
    ({"first": 3, "after": "AAAA" * 20}, "begin anew"),
    ({"filter": {"channels": ["fax"]}}, "Known channels: whatsapp"),
    ({"filter": {"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}}, "later `until`"),
]


@pytest.mark.parametrize(("variables", "says"), BAD)
async def test_bad_input(ask: Asking, make: Makers, variables: dict[str, Any], says: str) -> None:
    """What cannot be answered is refused in words that say what to do."""
    one = await make.customer()
    await make.channel("whatsapp")
    answer = await ask(HISTORY, id=one.id, **variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert says in answer.errors[0].message


async def test_foreign_cursor(ask: Asking, make: Makers) -> None:
    """A cursor of another customer's history opens nothing."""
    one, other = await make.customer(), await make.customer("Bob")
    for of in (one, other):
        await make.note(of)
    page = await _page(ask, other)
    answer = await ask(HISTORY, id=one.id, first=1, after=page["pageInfo"]["endCursor"])
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_visitor_sees_no_notes(ask: Asking, make: Makers) -> None:
    """A visitor's own history holds nothing that agents wrote, and asking for it is forbidden."""
    one = await make.customer()
    await make.note(one)
    await make.purchase(one, "5.00")
    visitor = {"as_": Role.VISITOR, "viewer": {"customer_id": one.key}}
    answer = await ask(HISTORY, id=one.id, **visitor)
    assert [edge["node"]["kind"] for edge in answer.data["customer"]["history"]["edges"]] == ["PURCHASE"]
    refused = await ask(HISTORY, id=one.id, filter={"kinds": ["NOTE"]}, **visitor)
    assert refused.codes == ["FORBIDDEN"]


async def test_hidden_text(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees that there was a message and not what it said."""
    one = await make.customer()
    await make.conversation(one, "My number is 555")
    query = (
        "query($id: ID!) { customer(id: $id) { history { edges { node { item "
        "{ ... on Message { text hiddenFields } } } } } } }"
    )
    answer = await ask(query, as_=Role.PARTNER, id=one.id)
    item = answer.data["customer"]["history"]["edges"][0]["node"]["item"]
    assert item == {"text": None, "hiddenFields": ["text"]}
