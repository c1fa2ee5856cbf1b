"""By which accounts on which channels is a customer known?"""

import pytest

from adapters.failures import Taken
from adapters.records import key_hash, new_id
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.makers import Makers
from tests.walking import PARTNER, costs, read, visitor

LOOK_UP = """query($channel: String!, $account: String!, $value: String!) {
  customerByIdentity(channel: $channel, account: $account, value: $value) { kind customer { id displayName } } }"""


async def _find(ask: Asking, value: str, channel: str = "whatsapp", account: str = "main", **who: object) -> object:
    answer = await ask(LOOK_UP, channel=channel, account=account, value=value, **who)  # type: ignore[arg-type]
    assert answer.errors == []
    found = answer.data["customerByIdentity"]
    return found and (found["kind"], found["customer"]["id"])


@pytest.mark.parametrize("text", ["+14155550123", "+1 (415) 555-0123", "1-415-555-0123", "14155550123"])
async def test_one_phone(ask: Asking, make: Makers, text: str) -> None:
    """One phone in any format is one phone."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    assert await _find(ask, text) == ("IDENTIFIED", one.id)


async def test_anonymous_identity(ask: Asking, make: Makers) -> None:
    """Of an anonymous customer nothing but the identity is known."""
    one = await make.customer(None, None)
    await make.identity(one, "messenger", "24678901234")
    assert await _find(ask, "24678901234", "messenger") == ("ANONYMOUS", one.id)


async def test_unknown_identity(ask: Asking, make: Makers) -> None:
    """Null when nobody is known by it: ids belong to a channel and to our account on it."""
    await make.identity(await make.customer(), "messenger", "24678901234")
    await make.channel("instagram")
    await make.channel("messenger", "other")
    assert await _find(ask, "24678901235", "messenger") is None
    assert await _find(ask, "24678901234", "messenger", "other") is None
    assert await _find(ask, "24678901234", "instagram") is None


async def test_identity_of_merged(ask: Asking, make: Makers) -> None:
    """An identity of a customer who was merged finds the survivor."""
    old, survivor = await make.customer(), await make.customer()
    await make.identity(old, "messenger", "1")
    await make.merged(old, survivor)
    assert await _find(ask, "1", "messenger") == ("IDENTIFIED", survivor.id)


async def test_identity_of_nobody(ask: Asking, make: Makers) -> None:
    """A key whose customer is gone finds nobody."""
    await make.channel("messenger")
    key = key_hash("messenger", "main", "1")
    await make.store.insert(IDENTITY_KEYS, {"_id": key, "customer_id": new_id()})
    assert await _find(ask, "1", "messenger") is None


@pytest.mark.parametrize(
    ("channel", "value", "words"),
    [
        ("fax", "1", "`channel` is 'fax', which is no channel here. Known channels: email, whatsapp."),
        ("whatsapp", "hello", "Send it with its country code"),
        ("whatsapp", "  ", "Send the customer's id"),
        ("email", "ann", "not an e-mail address"),
    ],
)
async def test_wrong_identity(ask: Asking, make: Makers, channel: str, value: str, words: str) -> None:
    """An unknown channel or an impossible id is refused with what to send."""
    await make.channel("whatsapp")
    await make.channel("email")
    answer = await ask(LOOK_UP, channel=channel, account="main", value=value)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert words in answer.errors[0].message


async def test_unknown_account(ask: Asking, make: Makers) -> None:
    """An account that is none of ours on the channel is refused with those that are."""
    await make.channel("messenger", "shop")
    await make.channel("messenger", "club")
    await make.channel("whatsapp", "main")
    answer = await ask(LOOK_UP, channel="messenger", account="main", value="1")
    assert answer.codes == ["BAD_USER_INPUT"]
    words = "`account` is 'main', which is no account of ours on 'messenger'. Known accounts there: club, shop."
    assert answer.errors[0].message.startswith(f"{words} An import brings others")
    scopeless = await ask(LOOK_UP, channel="messenger", account="main", value="1", as_=Role.PARTNER)
    assert scopeless.codes == ["FORBIDDEN"]


async def test_visitors_look_nobody_up(ask: Asking, make: Makers) -> None:
    """Looking customers up by identity is not for visitors."""
    one = await make.customer()
    answer = await ask(LOOK_UP, channel="whatsapp", account="main", value="+14155550123", **visitor(one))
    assert answer.codes == ["FORBIDDEN"]


async def test_key_taken(make: Makers) -> None:
    """Two customers can never hold the same identity."""
    await make.identity(await make.customer(), "messenger", "1")
    other = await make.customer()
    with pytest.raises(Taken):
        await make.identity(other, "messenger", "1")


async def test_identities_in_order(ask: Asking, make: Makers) -> None:
    """The customer's accounts on channels, by channel and account."""
    one = await make.customer()
    for channel, account in (("zalo", "a"), ("messenger", "b"), ("messenger", "a")):
        await make.identity(one, channel, "1", account)
    found = await read(ask, one, "identities { channel account claim firstSeenAt profile { name } }")
    places = [(one["channel"], one["account"]) for one in found["identities"]]
    assert places == [("messenger", "a"), ("messenger", "b"), ("zalo", "a")]
    assert found["identities"][0]["claim"] == "VERIFIED"


async def test_identity_values_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees on which channels a customer is, not as whom."""
    one = await make.customer()
    await make.identity(one, "messenger", "1")
    await make.store.update(IDENTITIES, {}, {"$set": {"profile": {"name": "Ann", "gender": "f"}}})
    fields = "identities { channel value profile { name gender } hiddenFields }"
    shown = {"channel": "messenger", "value": "1", "profile": {"name": "Ann", "gender": "f"}, "hiddenFields": []}
    hidden = {"channel": "messenger", "value": None, "profile": None, "hiddenFields": ["value", "profile"]}
    assert (await read(ask, one, fields))["identities"] == [shown]
    assert (await read(ask, one, fields, **visitor(one)))["identities"] == [shown]
    assert (await read(ask, one, fields, **PARTNER))["identities"] == [hidden]


async def test_identity_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The identities of thirty customers cost one command."""
    for n in range(30):
        await make.identity(await make.customer(), "messenger", str(n))
    assert await costs(ask, commands, "identities { value }", 2, 30) == [2, 2]


async def test_customers_on_channels(ask: Asking, make: Makers) -> None:
    """Customers who are known on any of these channels."""
    one, two = await make.customer(), await make.customer()
    await make.identity(one, "messenger", "1")
    await make.identity(two, "zalo", "1")
    query = "query($c: [String!]) { customers(filter: { onChannels: $c }) { nodes { id } } }"
    answer = await ask(query, c=["messenger"], as_=Role.PARTNER)
    assert answer.data["customers"]["nodes"] == [{"id": one.id}]
    unknown = await ask(query, c=["zalo", "fax"])
    assert unknown.codes == ["BAD_USER_INPUT"]
    assert "`filter.onChannels` is 'fax'" in unknown.errors[0].message
