"""What is a visitor shown of what came in by identities that are only said to be theirs?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import File, Order, Person, Reach, Talk, Utterance, Who
from adapters.mongo import Store
from adapters.records import CAME_BY, key_hash, key_mark
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.ingest.panels import PANELS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.taking_in import AT, EVERYTHING, FILE, ORDER, TALK, WORD, bring
from tests.walking import read, visitor

OWNER, CLAIMANT = Who("whatsapp", "main", "+573187770001"), Who("messenger", "page", "psid-1")
LATER: tuple[Person | Talk | Utterance | File | Order, ...] = (
    Person(
        who=OWNER,
        attributes={"firstName": "Vera"},
        reaches=(Reach(type="EMAIL", value="vera@example.org", is_verified=True),),
        entry_point={"channel": "whatsapp", "page": "/vera"},
        seen_at=AT,
    ),
    replace(TALK, channel="whatsapp", account="main", who=OWNER, entry_point={"channel": "whatsapp", "page": "/vera"}),
    replace(WORD, channel="whatsapp", account="main", who=OWNER, text="I am Vera, my pin is 4711"),
    replace(FILE, channel="whatsapp", account="main", who=OWNER, of="M1", of_kind="message", name="vera.png"),
    replace(ORDER, who=OWNER),
)
SHOWN = """displayName firstName lastName lastInteractionAt entryPoint { page } hiddenFields contactPoints { value }
  conversations { totalCount nodes { messages { nodes { text attachments { name } } } } }
  purchases { totalCount } purchaseTotals { orders }
  history { totalCount nodes { item { ... on Message { text conversation { id } attachments { name } } } } }"""


@pytest.fixture
async def claimant(ask: Asking, make: Makers, store: Store) -> Made:
    """A customer of Messenger to whom an agent links the number that she says is hers; its owner writes afterwards."""
    await bring(store, replace(WORD, channel="messenger", account="page", talk="C9", external_id="M9", who=CLAIMANT))
    await make.channel("whatsapp")
    (identity,) = await store.find(IDENTITIES, {"value": CLAIMANT.value})
    one = Made(identity["customer_id"])
    given = {"channel": "whatsapp", "account": "main", "value": OWNER.value}
    assert "code" not in await change(ask, "linkIdentity", "__typename", customerId=one.id, **given)
    return one


async def _identity(store: Store) -> str:
    (found,) = await store.find(IDENTITIES, {"value": OWNER.value})
    return global_id("Identity", found["_id"])


async def _own(ask: Asking, one: Made) -> Any:
    return await read(ask, one, SHOWN, **visitor(one))


def _is_own_alone(found: Any) -> bool:
    """Whether nothing but the claimant's own word is there."""
    texts = [[two["text"] for two in one["messages"]["nodes"]] for one in found["conversations"]["nodes"]]
    counts = [found[name]["totalCount"] for name in ("conversations", "purchases", "history")]
    return texts == [["Hello"]] and counts == [1, 0, 1] and found["purchaseTotals"] == []


async def test_claim_shows_nothing(ask: Asking, store: Store, claimant: Made) -> None:
    """What comes in by an identity that is only asserted is the customer's for the staff, not shown to a visitor."""
    await bring(store, *LATER)
    assert (await read(ask, claimant, SHOWN))["history"]["totalCount"] == 3
    found = await _own(ask, claimant)
    assert _is_own_alone(found)
    assert not any(word in str(found).lower() for word in ("vera", "4711"))
    assert set(found["hiddenFields"]) >= {"firstName", "displayName", "entryPoint", "contactPoints"}


async def test_proof_shows_all(ask: Asking, store: Store, claimant: Made) -> None:
    """Once someone has made sure of the identity, all that came by it is shown."""
    await bring(store, *LATER)
    await change(ask, "verifyIdentity", "__typename", id=await _identity(store))
    found = await _own(ask, claimant)
    assert (found["firstName"], found["contactPoints"]) == ("Vera", [{"value": "vera@example.org"}])
    assert (found["history"]["totalCount"], found["purchaseTotals"]) == (3, [{"orders": 1}])
    assert "vera.png" in str(found["conversations"])


async def test_taken_off_shows_nothing(ask: Asking, store: Store, claimant: Made) -> None:
    """What came by an identity that was taken off again stays hidden from the visitor."""
    await bring(store, *LATER)
    await change(ask, "unlinkIdentity", "__typename", id=await _identity(store))
    found = await _own(ask, claimant)
    assert _is_own_alone(found)
    assert "vera" not in str(found).lower()


async def test_other_channel_shows_nothing(ask: Asking, store: Store, claimant: Made) -> None:
    """Not where a record stands tells whose it is, but by which identity it came."""
    page = {"channel": "messenger", "account": "page"}
    await bring(store, replace(WORD, **page, talk="C9", who=OWNER, text="My pin is 4711"))
    assert (await read(ask, claimant, SHOWN))["history"]["totalCount"] == 2
    assert _is_own_alone(await _own(ask, claimant))


async def test_untold_is_doubted(ask: Asking, store: Store, claimant: Made) -> None:
    """Beside an identity that is only asserted, what does not tell by which it came is not shown either."""
    await store.update_all(MESSAGES, {}, {"$unset": {CAME_BY: ""}})
    assert (await _own(ask, claimant))["history"]["totalCount"] == 0
    await change(ask, "verifyIdentity", "__typename", id=await _identity(store))
    assert (await _own(ask, claimant))["history"]["totalCount"] == 1


async def test_no_node_opens(ask: Asking, store: Store, claimant: Made) -> None:
    """By its id a visitor finds nothing either that came by such an identity, of whichever kind that arrives."""
    records = [replace(one, who=OWNER) if hasattr(one, "who") else one for one in EVERYTHING]
    files = [replace(FILE, channel="chat", account="web", who=OWNER, of="M1", of_kind="message", external_id="F2")]
    await bring(store, *records, *files)
    declared = ask.graph.declared
    arriving = {name: one for name, one in declared.nodes.items() if one.record.arrives}
    assert {one.record.name for one in arriving.values()} == {one.record.name for one in PANELS.values()}
    mark = key_mark(key_hash(*OWNER))
    ids = [
        global_id(name, found["_id"])
        for name, keeping in arriving.items()
        for found in await store.find(keeping.record, {CAME_BY: mark})
    ]
    assert len(ids) == len(arriving) + 1
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert (await ask(query, ids=ids, **visitor(claimant))).data == {"nodes": [None] * len(ids)}
    await change(ask, "verifyIdentity", "__typename", id=await _identity(store))
    found = (await ask(query, ids=ids, **visitor(claimant))).data["nodes"]
    names = [name for name, keeping in arriving.items() if Role.VISITOR in keeping.may]
    # The file of the ticket is the staff's.
    assert len([one for one in found if one]) == len(names) == 4


async def test_own_of_machine(ask: Asking, store: Store, claimant: Made) -> None:
    """Of whom a machine has merged, the visitor's own identities go on to prove what came by them."""
    await bring(store, *LATER)
    alias = {"id": CUSTOMERS.id_of({}), "elements": ["IDENTITIES"], "inferred_by": [claimant.key]}
    await store.update(CUSTOMERS, {"_id": claimant.key}, {"$push": {"aliases": alias}})
    assert _is_own_alone(await _own(ask, claimant))


async def test_proof_commands(ask: Asking, store: Store, claimant: Made, commands: Commands) -> None:
    """A visitor's question costs one command more than the same of an agent, whose cost nothing more."""
    await bring(store, *LATER)
    query = f"query($id: ID!) {{ customer(id: $id) {{ {SHOWN} }} }}"
    counts = []
    for who in ({}, visitor(claimant)):
        with commands.counted() as sent:
            answer = await ask(query, id=claimant.id, **who)
        assert answer.errors == []
        held = {record.name for record in store.records.values() if record.is_held}
        counts.append(sum(command[name] not in held for name, command in sent))
        assert any(CAME_BY in str(command) for _, command in sent) is bool(who)
    assert counts[1] <= counts[0] + 1


async def test_talk_begun_by_word(store: Store) -> None:
    """A conversation that a message begins came by that message's identity."""
    await bring(store, WORD)
    (talk,), (word,) = await store.find(CONVERSATIONS, {}), await store.find(MESSAGES, {})
    assert talk[CAME_BY] == word[CAME_BY] == key_mark(key_hash(*WORD.who))
