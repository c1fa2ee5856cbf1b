"""Which accounts does a customer hold with the company?"""

import asyncio
from typing import Any

import pytest

from resolvers.accounts import ACCOUNTS, HOLDINGS, MOST_ACCOUNTS, MOST_DATA
from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import STAFF
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.crowd import account
from tests.makers import Made, Makers
from tests.walking import PARTNER, costs, forbidden, read, visitor

SHOWN = "customerAccount { id name number version createdBy updatedBy data { name value } }"
DATA = [{"name": "meter", "value": "17"}, {"name": "addr", "value": "Oak Road"}]


async def opened(ask: Asking, of: Made, number: str = "E-1", **more: Any) -> dict[str, Any]:
    """What the mutation answers that opens an account."""
    given = {"customerId": of.id, "name": "electricity", "number": number, **more}
    return await change(ask, "addCustomerAccount", SHOWN, **given)


async def _held(ask: Asking, of: Made, row: str = "number", **who: Any) -> list[Any]:
    return (await read(ask, of, f"customerAccounts {{ {row} }}", **who))["customerAccounts"]  # type: ignore[no-any-return]


async def test_account_opened(ask: Asking, make: Makers) -> None:
    """An account has a name, a number and data of its own, by key."""
    one = await make.customer()
    found = (await opened(ask, one, data=DATA))["customerAccount"]
    assert found["data"] == [DATA[1], DATA[0]]
    assert (found["name"], found["number"], found["version"]) == ("electricity", "E-1", 1)
    assert (found["createdBy"], found["updatedBy"]) == ("agent", "agent")
    await opened(ask, one, "A-1", name="a club")
    assert await _held(ask, one) == [{"number": "A-1"}, {"number": "E-1"}]


async def test_account_edited(ask: Asking, make: Makers) -> None:
    """An edit sets and takes away keys; a lost update is refused with what to do."""
    old = (await opened(ask, await make.customer(), data=DATA))["customerAccount"]
    data = [{"name": "meter", "value": "18"}, {"name": "addr"}, {"name": "new", "value": "1"}]
    edits = [
        change(ask, "editCustomerAccount", SHOWN, id=old["id"], version=1, name=f"n{n}", data=data) for n in range(5)
    ]
    answers = await asyncio.gather(*edits)
    (done,) = [answer["customerAccount"] for answer in answers if "code" not in answer]
    assert [answer["inputPath"] for answer in answers if "code" in answer] == [["input", "version"]] * 4
    assert done["data"] == [{"name": "meter", "value": "18"}, {"name": "new", "value": "1"}]
    assert (done["version"], done["number"]) == (2, "E-1")


async def test_stale_account(ask: Asking, make: Makers) -> None:
    """An edit upon an older version is refused with both versions and the account as it is."""
    key = (await opened(ask, await make.customer()))["customerAccount"]["id"]
    await change(ask, "editCustomerAccount", SHOWN, id=key, version=1, name="gas")
    query = """mutation($input: EditCustomerAccountInput!) { editCustomerAccount(input: $input) {
      ... on StaleCustomerAccount { code sentVersion storedVersion customerAccount { name version } } } }"""
    answer = await ask(query, input={"id": key, "version": 1, "name": "water"})
    expected = {"code": "STALE_VERSION", "sentVersion": 1, "storedVersion": 2}
    assert answer.data["editCustomerAccount"] == expected | {"customerAccount": {"name": "gas", "version": 2}}


async def test_number_in_any_case(ask: Asking, make: Makers) -> None:
    """An account's number is one in any case, and is shown as it was written."""
    one, two = await make.customer(), await make.customer()
    await opened(ask, one, "ACC-1")
    assert (await opened(ask, two, "acc-1"))["inputPath"] == ["input", "number"]
    found = await change(ask, "linkCustomerAccount", SHOWN, customerId=two.id, number="Acc-1")
    assert found["customerAccount"]["number"] == "ACC-1"


async def test_key_once(ask: Asking, make: Makers) -> None:
    """A key that is named twice is refused: nobody can know which value is meant."""
    one = await make.customer()
    twice = [{"name": "a", "value": "1"}, {"name": " a ", "value": "2"}]
    assert (await opened(ask, one, data=twice))["inputPath"] == ["input", "data", "1", "name"]
    key = (await opened(ask, one))["customerAccount"]["id"]
    given = {"id": key, "version": 1, "data": twice}
    assert await refused(ask, "editCustomerAccount", **given) == ("INVALID_INPUT", "input.data.1.name")


async def test_account_of_several(ask: Asking, make: Makers) -> None:
    """Several customers hold an account; who lets it go takes it from nobody else, and the last one removes it."""
    one, two = await make.customer(), await make.customer()
    key = (await opened(ask, one))["customerAccount"]["id"]
    await change(ask, "linkCustomerAccount", SHOWN, customerId=two.id, number=" E-1 ")
    assert await refused(ask, "linkCustomerAccount", customerId=two.id, number="E-1") == ("CONFLICT", "input.number")
    for of, is_last in ((one, False), (two, True)):
        assert await _held(ask, of) == [{"number": "E-1"}]
        given = {"customerId": of.id, "id": key}
        found = await change(ask, "unlinkCustomerAccount", "unlinkedId isRemoved", **given)
        assert found == {"__typename": "UnlinkCustomerAccountPayload", "unlinkedId": key, "isRemoved": is_last}
        assert await refused(ask, "unlinkCustomerAccount", **given) == ("NOT_FOUND", "input.id")
        assert await _held(ask, of) == []
    assert await make.store.count(ACCOUNTS, {}) == 0


async def test_linked_while_unlinked(ask: Asking, make: Makers) -> None:
    """An account that is linked and unlinked at once is held by somebody, or gone: never held and gone."""
    one, two = await make.customer(), await make.customer()
    for n in range(6):
        key = (await opened(ask, one, f"E-{n}"))["customerAccount"]["id"]
        await asyncio.gather(
            change(ask, "unlinkCustomerAccount", "isRemoved", customerId=one.id, id=key),
            change(ask, "linkCustomerAccount", SHOWN, customerId=two.id, number=f"E-{n}"),
        )
        holdings = {holding["account_id"] for holding in await make.store.find(HOLDINGS, {})}
        assert holdings == {stored["_id"] for stored in await make.store.find(ACCOUNTS, {})}


async def test_number_once(ask: Asking, make: Makers) -> None:
    """No two accounts have one number, also where both are opened at once; the refusal does not quote it."""
    one = await make.customer()
    answers = await asyncio.gather(*(opened(ask, one) for _ in range(5)))
    refusals = [answer for answer in answers if "code" in answer]
    assert [answer["inputPath"] for answer in refusals] == [["input", "number"]] * 4
    assert "E-1" not in refusals[0]["message"]
    assert len(await _held(ask, one)) == 1


async def test_most_accounts(ask: Asking, make: Makers) -> None:
    """A customer holds a bounded number of accounts, also where the last ones are opened at once."""
    one = await make.customer()
    for n in range(MOST_ACCOUNTS - 2):
        await account(make, one, f"A-{n}")
    answers = await asyncio.gather(*(opened(ask, one, f"E-{n}") for n in range(5)))
    assert sorted(answer.get("code", "") for answer in answers) == ["", "", *["CONFLICT"] * 3]
    assert await make.store.count(ACCOUNTS, {}) == await make.store.count(HOLDINGS, {}) == MOST_ACCOUNTS


async def test_accounts_after_merge(ask: Asking, make: Makers) -> None:
    """An account of a customer who went into another is the survivor's, once."""
    gone, one = await make.customer(), await make.customer()
    key = (await opened(ask, gone))["customerAccount"]["id"]
    await change(ask, "linkCustomerAccount", SHOWN, customerId=one.id, number="E-1")
    aliases = [{"id": gone.key, "elements": ["CUSTOMER_ACCOUNTS"]}]
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"aliases": aliases}})
    assert await _held(ask, one) == [{"number": "E-1"}]
    found = await change(ask, "unlinkCustomerAccount", "isRemoved", customerId=one.id, id=key)
    assert found["isRemoved"]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"name": " "}, ("INVALID_INPUT", "input.name")),
        ({"number": ""}, ("INVALID_INPUT", "input.number")),
        ({"data": [{"name": "", "value": "1"}]}, ("INVALID_INPUT", "input.data.0.name")),
        ({"data": [{"name": "a", "value": " "}]}, ("INVALID_INPUT", "input.data.0.value")),
        ({"data": [{"name": f"k{n}", "value": "1"} for n in range(MOST_DATA + 1)]}, ("INVALID_INPUT", "input.data")),
    ],
)
async def test_account_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Name, number and data are lines of bounded length, and the holder must be there."""
    usual = {"customerId": (await make.customer()).id, "name": "electricity", "number": "E-1"}
    assert await refused(ask, "addCustomerAccount", **(usual | given)) == refusal
    assert await make.store.count(ACCOUNTS, {}) == 0


async def test_accounts_by_role(ask: Asking, make: Makers) -> None:
    """The staff keeps accounts; a partner without the scope sees neither number nor data, a visitor nothing."""
    one = await make.customer()
    await opened(ask, one, data=DATA)
    (seen,) = await _held(ask, one, "name number data { name } hiddenFields", **PARTNER)
    assert seen == {"name": "electricity", "number": None, "data": None, "hiddenFields": ["number", "data"]}
    assert await forbidden(ask, one, "customerAccounts { id }", **visitor(one))
    assert await may(ask, "addCustomerAccount", customerId=GONE, name="a", number="1") == STAFF
    assert await may(ask, "editCustomerAccount", id="x", version=1) == STAFF
    assert await may(ask, "linkCustomerAccount", customerId=GONE, number="1") == STAFF
    assert await may(ask, "unlinkCustomerAccount", customerId=GONE, id="x") == STAFF
    assert await refused(ask, "editCustomerAccount", id="x", version=1) == ("NOT_FOUND", "input.id")
    assert await refused(ask, "linkCustomerAccount", customerId=one.id, number="1") == ("NOT_FOUND", "input.number")


async def test_accounts_cost(ask: Asking, make: Makers, commands: Commands) -> None:
    """The accounts of any number of customers cost two commands."""
    for n in range(3):
        await account(make, await make.customer(), f"A-{n}")
    assert await costs(ask, commands, "customerAccounts { number }", 1, 3) == [3, 3]
