"""Which customers are there, filtered, searched and sorted?"""

from datetime import timedelta
from typing import Any

import pytest

from adapters.records import derived_id
from resolvers.attribute_rules import AttributeType
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.crowd import attributes, definition
from tests.makers import BEGIN, Made, Makers
from tests.walking import PARTNER, visitor

LIST = """query($filter: CustomerFilter, $search: String, $orderBy: CustomerOrder, $first: Int, $after: String,
  $last: Int, $before: String) {
  customers(filter: $filter, search: $search, orderBy: $orderBy, first: $first, after: $after, last: $last,
    before: $before) {
    nodes { id } totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"""


async def _list(ask: Asking, **arguments: Any) -> Any:
    answer = await ask(LIST, **arguments)
    assert answer.errors == []
    return answer.data["customers"]


async def _ids(ask: Asking, **arguments: Any) -> list[str]:
    found = await _list(ask, **arguments)
    ids = [one["id"] for one in found["nodes"]]
    assert found["totalCount"] == len(ids)
    return ids


async def _refusal(ask: Asking, **arguments: Any) -> tuple[str, str]:
    answer = await ask(LIST, **arguments)
    assert len(answer.errors) == 1
    return answer.codes[0], answer.errors[0].message


ORDERS = [
    ({}, ["Dan", "Bob", "Ann", "Cleo"]),
    ({"field": "LAST_INTERACTION", "direction": "ASCENDING"}, ["Cleo", "Ann", "Bob", "Dan"]),
    ({"field": "CREATED"}, ["Cleo", "Dan", "Ann", "Bob"]),
    ({"field": "NAME", "direction": "ASCENDING"}, ["Bob", "Dan", "Ann", "Cleo"]),
    ({"field": "NAME"}, ["Bob", "Dan", "Ann", "Cleo"]),
    ({"field": "NAME", "direction": "DESCENDING"}, ["Cleo", "Ann", "Dan", "Bob"]),
]


async def _four(make: Makers) -> dict[str, str]:
    """Ann and Bob were last heard of at one moment; Cleo has no name."""
    rows = {"Ann": (2, 2, 4, "Zorn"), "Bob": (2, 1, 2, "Abel"), "Cleo": (1, 4, 1, None), "Dan": (4, 3, 3, "Abel")}
    ids = {}
    for first, (heard, created, updated, last) in rows.items():
        heard_at, created_at, updated_at = (BEGIN + timedelta(days=n) for n in (heard, created, updated))
        moments = {"last_interaction_at": heard_at, "updated_at": updated_at, "at": created_at}
        ids[(await make.customer(first if last else None, last, **moments)).id] = first
    return ids


@pytest.mark.parametrize(("order", "names"), ORDERS)
async def test_orders(ask: Asking, make: Makers, order: dict[str, str], names: list[str]) -> None:
    """In the order asked for; left out: last heard of first, moments newest first, names from A to those without."""
    ids = await _four(make)
    found = [ids[one] for one in await _ids(ask, orderBy=order or None)]
    # At one moment the ids decide, which grow.
    assert found == names


@pytest.mark.parametrize("order", [order for order, _ in ORDERS])
@pytest.mark.parametrize("size", [1, 3])
async def test_walks(ask: Asking, make: Makers, order: dict[str, str], size: int) -> None:
    """Pages forwards and backwards give every customer once, in the order asked for."""
    await _four(make)
    whole = await _ids(ask, orderBy=order)
    forward, backward, after, before = [], [], None, None
    for _ in range(4):
        page = await _list(ask, orderBy=order, first=size, after=after)
        forward += [one["id"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"] or after
        page = await _list(ask, orderBy=order, last=size, before=before)
        backward[:0] = [one["id"] for one in page["nodes"]]
        before = page["pageInfo"]["startCursor"] or before
    assert forward == backward == whole


async def test_more_pages_told(ask: Asking, make: Makers) -> None:
    """`pageInfo` says whether the list goes on, and `totalCount` counts the whole list."""
    await _four(make)
    page = await _list(ask, first=3)
    assert page["totalCount"] == 4
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)
    rest = await _list(ask, first=3, after=page["pageInfo"]["endCursor"])
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_cursor_of_other_order(ask: Asking, make: Makers) -> None:
    """A cursor of one order is refused in another."""
    await _four(make)
    cursor = (await _list(ask))["pageInfo"]["endCursor"]
    assert await _refusal(ask, after=cursor, orderBy={"field": "CREATED"}) >= ("BAD_USER_INPUT", "`after` is not")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"first": 0}, "Ask for 1 to 100"),
        ({"first": -1}, "Ask for 1 to 100"),
        ({"first": 100_000}, "Ask for 100 and follow"),
        ({"after": "junk"}, "`after` is not a cursor of this list"),
        ({"search": ""}, "send 1 to 5"),
        ({"search": "a"}, "at least 2 characters"),
        ({"search": "an le ma li so mu"}, "send 1 to 5"),
        ({"search": "ann\0"}, "`search` holds the character U+0000"),
        ({"filter": {"assignedTo": "junk"}}, "`filter.assignedTo` is no id of type Agent, but a text of 4 characters"),
        ({"filter": {"labelled": [global_id("Note", derived_id("sample"))]}}, "`filter.labelled` is"),
        ({"filter": {"drawnTo": ["junk"]}}, "`filter.drawnTo` is no id of type"),
        ({"filter": {"onChannels": ["fax"]}}, "`filter.onChannels` is 'fax'"),
        (
            {"filter": {"attributes": [{"name": "shoe", "anyOf": [1]}]}},
            "which is no attribute. Known attributes: first",
        ),
        ({"filter": {"attributes": [{"name": "firstName", "anyOf": [1]}]}}, "'firstName' cannot hold"),
        ({"filter": {"attributes": [{"name": "firstName", "anyOf": [{"$gt": ""}]}]}}, "'firstName' cannot hold"),
        (
            {"filter": {"bought": {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}}},
            "Send a later `until`",
        ),
    ],
)
async def test_bad_questions(ask: Asking, arguments: dict[str, Any], words: str) -> None:
    """What cannot be answered is refused with what to send instead."""
    code, message = await _refusal(ask, **arguments)
    assert code == "BAD_USER_INPUT"
    assert words in message


async def test_moment_without_zone(ask: Asking) -> None:
    """A moment without a zone is refused with an example."""
    answer = await ask('{ customers(filter: { createdSince: "2026-01-01T00:00:00" }) { totalCount } }')
    assert "has no time zone. Send an offset or Z" in answer.errors[0].message


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Dan", "Bob", "Ann", "Cleo"]),
    ({"createdSince": "2026-01-04T00:00:00Z"}, ["Dan", "Cleo"]),
    ({"heardOfSince": "2026-01-03T00:00:00Z"}, ["Dan", "Bob", "Ann"]),
    ({"silentSince": "2026-01-03T00:00:00Z"}, ["Cleo"]),
    ({"isAnonymous": True}, ["Cleo"]),
    ({"isAnonymous": False, "createdSince": "2026-01-04T00:00:00Z"}, ["Dan"]),
    ({"attributes": [{"name": "lastName", "anyOf": ["Abel", "Nobody"]}]}, ["Dan", "Bob"]),
    (
        {"attributes": [{"name": "lastName", "anyOf": ["Abel"]}, {"name": "firstName", "anyOf": ["Bob"]}]},
        ["Bob"],
    ),
    ({"attributes": [{"name": "lastName", "anyOf": []}]}, ["Dan", "Bob", "Ann", "Cleo"]),
    ({"attributes": [{"name": "lastName", "anyOf": []}, {"name": "firstName", "anyOf": ["Bob"]}]}, ["Bob"]),
]


@pytest.mark.parametrize(("conditions", "names"), FILTERS)
async def test_filters(ask: Asking, make: Makers, conditions: dict[str, Any], names: list[str]) -> None:
    """A list shows those who fulfil every condition given, and counts them."""
    ids = await _four(make)
    assert [ids[one] for one in await _ids(ask, filter=conditions)] == names


LISTED = ["onChannels", "labelled", "tagged", "notedAs", "withTickets", "drawnTo", "attributes", "givenToys"]


@pytest.mark.parametrize("condition", LISTED)
async def test_empty_conditions(ask: Asking, make: Makers, condition: str) -> None:
    """An empty list of things to choose from sets no condition, as in every other filter."""
    await _four(make)
    assert len(await _ids(ask, filter={condition: []})) == 4


async def test_assigned_customers(ask: Asking, make: Makers) -> None:
    """Customers whom an agent looks after."""
    one = await make.customer(assigned_agent_id=ask.agent_id)
    await make.customer()
    assert await _ids(ask, filter={"assignedTo": global_id("Agent", ask.agent_id)}) == [one.id]


async def test_records_wanted(ask: Asking, make: Makers) -> None:
    """Conditions on several kinds of records hold together, and each customer is shown once."""
    both, one_only = await make.customer("Both"), await make.customer("One")
    for _ in range(2):
        await make.ticket(both)
        await make.purchase(both, "1.00")
    await make.ticket(one_only)
    wanted = {"withTickets": ["OPEN"], "bought": {"statuses": ["PAID"]}}
    assert await _ids(ask, filter=wanted) == [both.id]
    assert await _ids(ask, filter={"withTickets": ["OPEN"]}) == [one_only.id, both.id]


async def _survivor(make: Makers, elements: list[str]) -> tuple[Made, Made]:
    old, survivor = await make.customer(), await make.customer()
    await make.merged(old, survivor, *elements)
    return old, survivor


async def test_merged_shown_once(ask: Asking, make: Makers) -> None:
    """Each person stands there once, whatever was merged."""
    _, survivor = await _survivor(make, [])
    assert await _ids(ask) == [survivor.id]


@pytest.mark.parametrize("elements", [["TICKETS"], ["NOTES"]])
async def test_alias_records_wanted(ask: Asking, make: Makers, elements: list[str]) -> None:
    """Records under an alias count as the survivor's where the merge brought their element."""
    old, survivor = await _survivor(make, elements)
    await make.ticket(old)
    wanted = [survivor.id] if elements == ["TICKETS"] else []
    assert await _ids(ask, filter={"withTickets": ["OPEN"]}) == wanted


async def _searched(make: Makers, *words: str) -> Made:
    return await make.customer(search=list(words))


async def test_search(ask: Asking, make: Makers) -> None:
    """Beginnings of names, addresses or numbers, in any case; all words must be found."""
    one = await _searched(make, "ann", "lee", "ann@example.com", "14155550123", "x" * 64)
    await _searched(make, "anton", "berg")
    assert await _ids(ask, search="LEE an") == [one.id]
    assert await _ids(ask, search="+1415") == [one.id]
    assert len(await _ids(ask, search="an")) == 2
    assert await _ids(ask, search="x" * 500) == [one.id]
    assert await _ids(ask, search="nn") == []
    assert await _ids(ask, search="a.*n") == []


async def test_personal_questions(ask: Asking, make: Makers) -> None:
    """Searching, sorting and filtering by personal values is FORBIDDEN without the right, whatever the data."""
    for arguments in (
        {"search": "ann"},
        {"orderBy": {"field": "NAME"}},
        {"filter": {"attributes": [{"name": "firstName", "anyOf": ["Ann"]}]}},
        {"filter": {"attributes": [{"name": "firstName", "anyOf": []}]}},
    ):
        assert (await _refusal(ask, **PARTNER, **arguments))[0] == "FORBIDDEN"
        scoped = await ask(LIST, **PARTNER, viewer={"scopes": frozenset({"personal"})}, **arguments)
        assert scoped.errors == []
    assert make.store.records


async def test_open_attribute(ask: Asking, make: Makers) -> None:
    """A partner filters by attributes that are not personal."""
    await definition(make, "tier", is_personal=False)
    one = await make.customer()
    await attributes(make, one, tier="gold")
    assert await _ids(ask, **PARTNER, filter={"attributes": [{"name": "tier", "anyOf": ["gold"]}]}) == [one.id]


async def test_secret_attribute(ask: Asking, make: Makers) -> None:
    """Nobody filters by a secret: it can be written and never read."""
    await definition(make, "pin", type=AttributeType.PASSWORD)
    condition = {"attributes": [{"name": "pin", "anyOf": ["1234"]}]}
    assert (await _refusal(ask, as_=Role.ADMINISTRATOR, filter=condition))[0] == "BAD_USER_INPUT"


async def test_no_list_for_visitors(ask: Asking, make: Makers) -> None:
    """Lists of customers are not for visitors."""
    assert (await _refusal(ask, **visitor(await make.customer())))[0] == "FORBIDDEN"


async def test_directory_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """A list costs one command whatever its length, and its count one more."""
    for n in range(30):
        await make.identity(await make.customer(), "messenger", str(n))
    query = 'query($n: Int!) { customers(first: $n, filter: { onChannels: ["messenger"] }) { nodes { id } COUNT } }'
    await ask(query.replace("COUNT", ""), n=1)
    for n, count in ((2, ""), (30, ""), (2, "totalCount"), (30, "totalCount")):
        with commands.counted() as sent:
            answer = await ask(query.replace("COUNT", count), n=n)
        assert len(answer.data["customers"]["nodes"]) == n
        asked = [command[name] for name, command in sent if command[name] in {CUSTOMERS.name, IDENTITIES.name}]
        # Customers of whom nothing else is asked are counted by their records alone.
        assert asked == [CUSTOMERS.name, *([IDENTITIES.name] if count else [])]


async def test_counted_once(ask: Asking, make: Makers, commands: Commands) -> None:
    """However often a question counts the same customers, the database counts them once; others by themselves."""
    ann = await make.customer("Ann", last_interaction_at=BEGIN)
    await make.customer("Bob")
    await make.ticket(ann)
    same, none = "filter: { withTickets: [OPEN] }", "filter: { withTickets: [CLOSED] }"
    counts = " ".join(f"c{n}: customers(first: {n}, {same}) {{ totalCount again: totalCount }}" for n in range(1, 6))
    with commands.counted() as sent:
        answer = await ask(f"{{ {counts} none: customers({none}) {{ totalCount }} }}")
    assert answer.errors == []
    assert [one["totalCount"] for one in answer.data.values()] == [1] * 5 + [0]
    pages = [command for _, command in sent if any("$limit" in stage for stage in command.get("pipeline", ()))]
    assert len(pages) == 6
    assert len(sent) - len(pages) == 2
