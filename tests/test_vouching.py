"""How well is it founded that whoever was identified is on the channel?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Case, HandedOver, Person, Utterance, Who
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import CHANNELS_SCOPE, LOOKUP_SCOPE, STAFF, Role
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.taking_in import AT, CASE, WORD, bring
from tests.walking import visitor

VALUE = "+14155550123"
HOLDER = Who("whatsapp", "main", VALUE)
SPOKEN = replace(WORD, channel="whatsapp", account="main", who=HOLDER, sent_at=AT)
TOLD = Person(who=HOLDER, attributes={"firstName": "Ann"}, seen_at=AT)
PROVEN = (
    f"""{{ customerByIdentity(channel: "whatsapp", account: "main", value: "{VALUE}", isProven: true) {{ claim }} }}"""
)
IDENTIFY = """mutation($input: IdentifyCustomerInput!) { identifyCustomer(input: $input) {
  ... on IdentifyCustomerPayload { isNew identified { claim customer { id identities { verifiedBy } } } } } }"""


async def _identify(ask: Asking, role: Role = Role.AGENT, *scopes: str) -> Any:
    given = {"channel": "whatsapp", "account": "main", "value": VALUE}
    answer = await ask(IDENTIFY, as_=role, viewer={"scopes": frozenset(scopes)}, input=given)
    assert answer.errors == []
    return answer.data["identifyCustomer"]["identified"]


async def _is_proven(ask: Asking) -> bool:
    return bool((await ask(PROVEN)).data["customerByIdentity"])


@pytest.mark.parametrize(("role", "scopes"), [*((role, ()) for role in sorted(STAFF)), (Role.PARTNER, (LOOKUP_SCOPE,))])
async def test_hearsay_proves_nothing(ask: Asking, make: Makers, role: Role, scopes: tuple[str, ...]) -> None:
    """Whoever only names a number has proven nothing: it is asserted, and nobody is signed in by it."""
    await make.channel("whatsapp")
    found = await _identify(ask, role, *scopes)
    assert (found["claim"], found["customer"]["identities"]) == ("ASSERTED", [{"verifiedBy": None}])
    assert not await _is_proven(ask)


async def test_backend_vouches(ask: Asking, make: Makers) -> None:
    """A backend that receives the channel's own events vouches for it, also where somebody has asked before."""
    await make.channel("whatsapp")
    await _identify(ask)
    found = await _identify(ask, Role.PARTNER, LOOKUP_SCOPE, CHANNELS_SCOPE)
    assert (found["claim"], found["customer"]["identities"]) == ("VERIFIED", [{"verifiedBy": "partner"}])
    assert await _is_proven(ask)
    assert await make.store.count(CUSTOMERS, {}) == 1


@pytest.mark.parametrize("word", [SPOKEN, TOLD])
async def test_channel_speaks(ask: Asking, make: Makers, store: Store, word: HandedOver) -> None:
    """When the channel itself hands over a word of the holder, who was made by this identity alone is proven."""
    await make.channel("whatsapp")
    await _identify(ask)
    await bring(store, word)
    assert await _is_proven(ask)
    assert await store.count(CUSTOMERS, {}) == 1


OUT: Utterance = replace(SPOKEN, direction="OUT")
DESK: Case = replace(CASE, who=HOLDER)


@pytest.mark.parametrize("word", [OUT, DESK])
async def test_others_speak(ask: Asking, make: Makers, store: Store, word: HandedOver) -> None:
    """What the company writes, or another channel says of this one's accounts, proves nothing."""
    await make.channel("whatsapp")
    await _identify(ask)
    await bring(store, word)
    assert not await _is_proven(ask)


async def _edited(ask: Asking, id: str) -> None:
    given = {"id": id, "attributes": [{"name": "firstName", "value": "Vera"}], "version": 1}
    assert "code" not in await change(ask, "editCustomer", "__typename", **given)


async def _linked(ask: Asking, id: str) -> None:
    given = {"customerId": id, "channel": "whatsapp", "account": "main", "value": "+14155550199"}
    assert "code" not in await change(ask, "linkIdentity", "__typename", **given)


async def _merged(ask: Asking, id: str) -> None:
    other = await Makers(ask.store).customer()
    given = {"survivorId": other.id, "otherIds": [id]}
    assert "code" not in await change(ask, "mergeCustomers", "__typename", **given)


@pytest.mark.parametrize("touch", [_edited, _linked, _merged])
@pytest.mark.parametrize("word", [SPOKEN, TOLD])
async def test_touched_stays_asserted(ask: Asking, make: Makers, store: Store, touch: Any, word: HandedOver) -> None:
    """Where anything was written into the record meanwhile, the holder's word does not open it: people verify that."""
    await make.channel("whatsapp")
    await touch(ask, (await _identify(ask))["customer"]["id"])
    await bring(store, word)
    assert not await _is_proven(ask)
    identity = await store.first(IDENTITIES, {"value": VALUE})
    assert identity
    await change(ask, "verifyIdentity", "__typename", id=global_id("Identity", identity["_id"]))
    assert await _is_proven(ask)


_SAID = {"profile": {"name": "Evil Name"}, "entryPoint": {"page": "https://evil.example"}}
_OWN = """query($id: ID!) { customer(id: $id) { entryPoint { page } identities { id profile { name } } } }"""
_NODE = "query($id: ID!) { node(id: $id) { ... on Identity { profile { name } } } }"


async def _said(ask: Asking, role: Role = Role.AGENT, *scopes: str, **said: Any) -> str:
    given = {"channel": "whatsapp", "account": "main", "value": VALUE, **said}
    answer = await ask(IDENTIFY, as_=role, viewer={"scopes": frozenset(scopes)}, input=given)
    assert answer.errors == []
    return str(answer.data["identifyCustomer"]["identified"]["customer"]["id"])


async def _read(ask: Asking, id: str, **viewer: Any) -> tuple[Any, Any, Any]:
    """The page of the entry point, and the profile's name by both ways to an identity."""
    found = (await ask(_OWN, id=id, **viewer)).data["customer"]
    (identity,) = found["identities"]
    node = (await ask(_NODE, id=identity["id"], **viewer)).data["node"]
    return found["entryPoint"], identity["profile"], node["profile"]


async def test_hearsay_stays_hearsay(ask: Asking, make: Makers) -> None:
    """What an agent said of a profile and an entry point no visitor reads, before and after people verified it."""
    await make.channel("whatsapp")
    id_ = await _said(ask, **_SAID)
    name = {"name": "Evil Name"}
    assert await _read(ask, id_) == ({"page": "https://evil.example"}, name, name)
    (identity,) = await make.store.find(IDENTITIES, {})
    own = visitor(Made(identity["customer_id"]))
    assert await _read(ask, id_, **own) == (None, None, None)
    await change(ask, "verifyIdentity", "__typename", id=global_id("Identity", identity["_id"]))
    assert await _read(ask, id_, **own) == (None, None, None)


@pytest.mark.parametrize("said", [{}, {"profile": {"name": "Ann"}, "entryPoint": {"page": "https://shop.example"}}])
async def test_channel_replaces_hearsay(ask: Asking, make: Makers, said: dict[str, Any]) -> None:
    """A channel that proves who it is says what it shows of the person; what others said of that is gone."""
    await make.channel("whatsapp")
    await _said(ask, **_SAID)
    id_ = await _said(ask, Role.PARTNER, LOOKUP_SCOPE, CHANNELS_SCOPE, **said)
    (identity,) = await make.store.find(IDENTITIES, {})
    assert identity["claim"] == "VERIFIED"
    own = await _read(ask, id_, **visitor(Made(identity["customer_id"])))
    assert own == (said.get("entryPoint"), said.get("profile"), said.get("profile"))


async def test_message_drops_hearsay(ask: Asking, make: Makers, store: Store) -> None:
    """A word of the holder proves the identity, and not what others said of the profile."""
    await make.channel("whatsapp")
    id_ = await _said(ask, **_SAID)
    await bring(store, SPOKEN)
    assert (await _read(ask, id_))[1] is None
    (identity,) = await store.find(IDENTITIES, {})
    assert await _read(ask, id_, **visitor(Made(identity["customer_id"]))) == (None, None, None)
