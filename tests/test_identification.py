"""Who is it that writes on a channel?"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import parse

from adapters.contract.records import Remark
from adapters.mongo import Store
from adapters.records import new_id
from gateway.app import GATE_RECORDS
from gateway.execution import Known
from resolvers.attribute_schema import definition_document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.company import define_attributes
from resolvers.kit.viewer import CHANNELS_SCOPE, LOOKUP_SCOPE, STAFF, Role
from tests.changing import change, may, refused
from tests.conftest import Answer, Asking, Commands
from tests.makers import Makers
from tests.taking_in import REMARK, bring, contents
from tests.test_channels import NOTATIONS
from tests.walking import visitor

WHO = {"channel": "whatsapp", "account": "main", "value": "+14155550123"}
SHOWN = "isNew identified { kind claim customer { id isAnonymous displayName lastInteractionAt } }"
ASKED = """mutation($input: IdentifyCustomerInput!) { identifyCustomer(input: $input) {
  ... on Refusal { code message inputPath }
  ... on IdentifyCustomerPayload { isNew identified { kind claim customer { id displayName hiddenFields } } } } }"""
PARTNER = {"as_": Role.PARTNER, "viewer": {"scopes": frozenset({LOOKUP_SCOPE})}}
BACKEND = {"as_": Role.PARTNER, "viewer": {"scopes": frozenset({LOOKUP_SCOPE, CHANNELS_SCOPE})}}


@pytest.fixture
async def other(ask: Asking, store: Store) -> AsyncIterator[Asking]:
    """Asks another gateway that works on the same database."""
    there = await Store.open(store.url, store.database, [*ask.graph.declared.records, *GATE_RECORDS])
    yield Asking(ask.graph, there, ask.agent_id)
    await there.close()


async def _identify(ask: Asking, **input: Any) -> dict[str, Any]:
    return await change(ask, "identifyCustomer", SHOWN, **(WHO | input))


async def test_unknown_becomes_anonymous(ask: Asking, make: Makers) -> None:
    """Where nobody is known by the identity, an anonymous customer is made with it."""
    await make.channel("whatsapp")
    found = await _identify(ask)
    assert found["isNew"]
    assert (found["identified"]["kind"], found["identified"]["claim"]) == ("ANONYMOUS", "ASSERTED")
    assert found["identified"]["customer"]["lastInteractionAt"] is None
    assert await _identify(ask) == found | {"isNew": False}
    (identity,), (key,) = await make.store.find(IDENTITIES, {}), await make.store.find(IDENTITY_KEYS, {})
    assert key["identity_id"] == identity["_id"]
    assert key["customer_id"] == identity["customer_id"]


async def test_known_is_found(ask: Asking, make: Makers) -> None:
    """Whoever is known by the identity is answered as they are; nothing of them is changed."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    before = await contents(make.store)
    found = await _identify(ask, profile={"name": "Other"}, entryPoint={"page": "/lamps"})
    assert (found["isNew"], found["identified"]["kind"]) == (False, "IDENTIFIED")
    assert found["identified"]["customer"]["id"] == one.id
    assert await contents(make.store) == before


async def test_survivor_is_found(ask: Asking, make: Makers) -> None:
    """An identity of a customer who was merged finds the survivor."""
    old, survivor = await make.customer(), await make.customer()
    await make.identity(old, "whatsapp", "+14155550123")
    await make.merged(old, survivor)
    assert (await _identify(ask))["identified"]["customer"]["id"] == survivor.id


async def test_newcomer_with_more(ask: Asking, make: Makers) -> None:
    """What the channel shows and where the person came in is kept with a new customer."""
    await make.channel("whatsapp")
    more = (
        "isNew identified { customer { entryPoint { channel page referrer } identities { profile { name locale } } } }"
    )
    given = {"profile": {"name": " Ann ", "locale": "en_US"}, "entryPoint": {"page": "/lamps"}}
    found = await change(ask, "identifyCustomer", more, **WHO, **given)
    assert found["identified"]["customer"] == {
        "entryPoint": {"channel": "whatsapp", "page": "/lamps", "referrer": None},
        "identities": [{"profile": {"name": "Ann", "locale": "en_US"}}],
    }


async def test_same_as_taken_in(ask: Asking, make: Makers, store: Store) -> None:
    """An anonymous customer for whom a channel vouches looks the same, search words included, whichever way it came."""
    more = {"is_searchable": True, "default": "Gold Tier"}
    await define_attributes(store, [definition_document(name="tier", label="Tier", **more)])
    await make.channel("whatsapp")
    assert (await ask(ASKED, input=WHO, **BACKEND)).data["identifyCustomer"]["identified"]["claim"] == "VERIFIED"
    one = replace(REMARK, who=REMARK.who._replace(**WHO | {"value": "+14155550199"}))
    assert isinstance(one, Remark)
    await bring(store, one)
    asked, taken = await store.find(CUSTOMERS, {}, order=[("_id", 1)])
    assert asked["attributes"] == {"tier": "Gold Tier"}
    assert asked["search"] == ["gold", "tier"]
    assert _likeness(asked) == _likeness(taken)
    first, second = await store.find(IDENTITIES, {}, order=[("_id", 1)])
    assert _likeness(first) == _likeness(second)


def _likeness(document: Any) -> Any:
    """The document without what is told of each by itself: ids, values, moments, and who did it."""
    shown = {name: value for name, value in document.items() if not name.endswith(("_id", "_at", "_by", "value"))}
    for seen in shown.get("observed", {}).values():
        del seen["observed_at"]
    return set(document), shown


async def test_two_hundred_at_once(ask: Asking, other: Asking, make: Makers) -> None:
    """200 at once for one new number in ten notations, by two gateways: one customer, one identity, equal answers."""
    await make.channel("whatsapp")
    # Parsed once, as the gate does: what is shown here is what happens in the database.
    question = Known(parse(ASKED))

    async def answer(one: Asking, text: str) -> Any:
        variables = {"input": WHO | {"value": text}}
        ran = await one.plans.execute(question, context=one.context(), variables=variables)
        assert ran.result is not None
        assert ran.result.errors in (None, [])
        return ran.result.data["identifyCustomer"]

    askers = [(ask, other)[n % 2] for n in range(20)]
    found = await asyncio.gather(*(answer(one, text) for one in askers for text in NOTATIONS))
    assert len(found) == 200
    assert [one["identified"] for one in found] == [found[0]["identified"]] * 200
    assert sum(one["isNew"] for one in found) == 1
    assert [await make.store.count(one, {}) for one in (CUSTOMERS, IDENTITIES, IDENTITY_KEYS)] == [1, 1, 1]


async def test_identify_beside_messages(ask: Asking, make: Makers, store: Store) -> None:
    """Whoever is asked for while the first messages are taken in is one customer."""
    await make.channel("whatsapp")
    who = REMARK.who._replace(**WHO)
    words = [replace(REMARK, external_id=str(n), who=who) for n in range(10)]
    await asyncio.gather(*(bring(store, one) for one in words), *(_identify(ask) for _ in range(10)))
    assert [await store.count(one, {}) for one in (CUSTOMERS, IDENTITIES, IDENTITY_KEYS)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"channel": "fax"}, "input.channel"),
        ({"account": "other"}, "input.account"),
        ({"value": "hello"}, "input.value"),
        ({"value": "\ud800"}, "input.value"),
        ({"profile": {"name": "a\nb"}}, "input.profile.name"),
        ({"profile": {"timeZone": "x" * 2_001}}, "input.profile.timeZone"),
        ({"entryPoint": {"page": "\0"}}, "input.entryPoint.page"),
    ],
)
async def test_identify_refused(ask: Asking, make: Makers, given: dict[str, Any], path: str) -> None:
    """An unknown channel, an impossible id or an unreadable text is refused, and nobody is made."""
    await make.channel("whatsapp")
    assert await refused(ask, "identifyCustomer", **(WHO | given)) == ("INVALID_INPUT", path)
    assert await make.store.count(CUSTOMERS, {}) == 0


@pytest.mark.parametrize("value", ["ann.secret@x..y", "secret"])
async def test_refusal_quotes_nothing(ask: Asking, make: Makers, value: str) -> None:
    """The refused id stands in no message."""
    for channel in ("whatsapp", "email"):
        await make.channel(channel)
        found = await change(ask, "identifyCustomer", SHOWN, **(WHO | {"channel": channel, "value": value}))
        assert "secret" not in found["message"]
        assert "x..y" not in found["message"]


async def test_identity_of_gone(ask: Asking, make: Makers) -> None:
    """A key whose customer is gone is told, and nobody is made."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    await make.store.update(IDENTITY_KEYS, {}, {"$set": {"customer_id": new_id()}})
    assert await refused(ask, "identifyCustomer", **WHO) == ("CONFLICT", "input.value")


async def test_identify_by_role(ask: Asking, make: Makers) -> None:
    """The staff identify customers, and partners with the scope `lookup`; visitors do not."""
    await make.channel("whatsapp")
    assert await may(ask, "identifyCustomer", **WHO) == STAFF
    assert (await ask(ASKED, input=WHO, **visitor(await make.customer()))).codes == ["FORBIDDEN"]
    answer = await ask(ASKED, input=WHO | {"value": "+14155550199"}, **PARTNER)
    assert answer.data["identifyCustomer"]["isNew"]


async def test_partner_sees_no_name(ask: Asking, make: Makers) -> None:
    """A partner without the right to personal values learns who it is, and not what they are called."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    answer = await ask(ASKED, input=WHO, **PARTNER)
    found = answer.data["identifyCustomer"]["identified"]["customer"]
    assert (found["id"], found["displayName"]) == (one.id, None)
    assert "displayName" in found["hiddenFields"]


async def _costs(ask: Asking, commands: Commands, selection: str, value: str) -> list[str]:
    query = ASKED.replace("isNew identified { kind claim customer { id displayName hiddenFields } }", selection)
    held = {record.name for record in ask.store.records.values() if record.is_held}
    with commands.counted() as sent:
        answer: Answer = await ask(query, input=WHO | {"value": value})
    assert answer.errors == []
    return [name for name, command in sent if command[name] not in held]


async def test_identify_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """Who is known costs one command, how well founded that is one more; a new customer costs six."""
    await make.channel("whatsapp")
    new = await _costs(ask, commands, "identified { kind customer { id } }", "+14155550123")
    assert new == ["aggregate", "find", "insert", "insert", "insert", "commitTransaction"]
    assert await _costs(ask, commands, "identified { kind customer { id } }", "+14155550123") == ["aggregate"]
    assert await _costs(ask, commands, "identified { claim }", "+14155550123") == ["aggregate"] * 2


async def test_claim_is_told(ask: Asking, make: Makers) -> None:
    """How well it is founded that the identity is the customer's; asked for proof, an unproven one finds nobody."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    query = """query($p: Boolean!) { customerByIdentity(
      channel: "whatsapp", account: "main", value: "+14155550123", isProven: $p) { claim customer { id } } }"""
    for claim in ("VERIFIED", "ASSERTED", "INFERRED"):
        await make.store.update(IDENTITIES, {}, {"$set": {"claim": claim}})
        found = {"claim": claim, "customer": {"id": one.id}}
        assert (await ask(query, p=False)).data == {"customerByIdentity": found}
        assert (await ask(query, p=True)).data == {"customerByIdentity": found if claim == "VERIFIED" else None}


async def test_claim_of_merged(ask: Asking, make: Makers) -> None:
    """The claim of an identity that stands under an alias is told as that of the survivor's own."""
    old, survivor = await make.customer(), await make.customer()
    await make.identity(old, "whatsapp", "+14155550123")
    await make.merged(old, survivor, "IDENTITIES")
    assert (await _identify(ask))["identified"]["claim"] == "VERIFIED"


async def test_left_behind_proves_nothing(ask: Asking, make: Makers) -> None:
    """An identity that a merge left behind still finds the survivor, and signs nobody in as that one."""
    old, survivor = await make.customer(), await make.customer()
    await make.identity(old, "whatsapp", "+14155550123")
    merged = {"survivorId": survivor.id, "otherIds": [old.id], "elements": ["NOTES"]}
    assert "code" not in await change(ask, "mergeCustomers", "__typename", **merged)
    found = (await _identify(ask))["identified"]
    assert (found["customer"]["id"], found["claim"]) == (survivor.id, None)
    query = """{ customerByIdentity(channel: "whatsapp", account: "main", value: "+14155550123", isProven: true) {
      customer { id } } }"""
    assert (await ask(query)).data == {"customerByIdentity": None}
