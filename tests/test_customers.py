"""Who are the customers: one each, found by id?"""

from datetime import timedelta
from typing import Any

import pytest

from adapters.records import derived_id, new_id
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from tests.conftest import Asking, Commands
from tests.makers import BEGIN, Makers
from tests.walking import PARTNER, costs, forbidden, read, visitor

BY_ID = "query($id: ID!) { customer(id: $id) { id displayName } }"


async def test_customer_fields(ask: Asking, make: Makers) -> None:
    """One customer by id, with who made the record and when."""
    one = await make.customer("Ann", "Lee", at=BEGIN, entry_point={"channel": "web", "page": "/sale", "referrer": None})
    shown = "displayName firstName lastName isAnonymous createdAt createdBy updatedAt updatedBy lastInteractionAt"
    found = await read(ask, one, f"{shown} version hiddenFields entryPoint {{ channel page referrer }}")
    moments = dict.fromkeys(("createdAt", "updatedAt", "lastInteractionAt"), "2026-01-01T00:00:00Z")
    assert found == moments | {
        "displayName": "Ann Lee",
        "firstName": "Ann",
        "lastName": "Lee",
        "isAnonymous": False,
        "createdBy": "maker",
        "updatedBy": "maker",
        "version": 1,
        "hiddenFields": [],
        "entryPoint": {"channel": "web", "page": "/sale", "referrer": None},
    }


async def test_page_is_personal(ask: Asking, make: Makers) -> None:
    """The page on which a customer or conversation began, query and all, is shown to nobody without the right to it."""
    came = {"channel": "web", "page": "/reset?mail=ann@example.org", "referrer": "https://mail.example/?q=ann"}
    one = await make.customer(entry_point=came)
    await make.conversation(one, entry_point=came)
    shown = "hiddenFields entryPoint { channel page referrer }"
    found = await read(ask, one, f"{shown} conversations {{ nodes {{ {shown} }} }}", **PARTNER)
    names = ["entryPoint.page", "entryPoint.referrer"]
    for thing in (found, found["conversations"]["nodes"][0]):
        assert thing["entryPoint"] == {"channel": "web", "page": None, "referrer": None}
        assert [name for name in thing["hiddenFields"] if "." in name] == names


async def test_anonymous_customer(ask: Asking, make: Makers) -> None:
    """A customer is anonymous until a name or a contact point is known."""
    found = await read(ask, await make.customer(None, None), "displayName isAnonymous entryPoint { page } hiddenFields")
    assert found == {"displayName": None, "isAnonymous": True, "entryPoint": None, "hiddenFields": []}


async def test_unknown_customer(ask: Asking) -> None:
    """A query for an unknown id answers null."""
    answer = await ask(BY_ID, id=global_id("Customer", new_id()))
    assert answer.errors == []
    assert answer.data == {"customer": None}


@pytest.mark.parametrize(
    "text", ["", "junk", "1", "Q3VzdG9tZXI6MQ", global_id("Note", derived_id("sample")), "\0", "é" * 500]
)
async def test_wrong_id(ask: Asking, text: str) -> None:
    """What is no id of a customer is refused with what to send."""
    answer = await ask(BY_ID, id=text)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "Send the `id` of one as this gateway answered it" in answer.errors[0].message


async def test_personal_names_hidden(ask: Asking, make: Makers) -> None:
    """Names are null to a partner without the scope, and `hiddenFields` names them."""
    one = await make.customer("Ann", "Lee")
    found = await read(ask, one, "displayName firstName lastName hiddenFields createdAt", **PARTNER)
    assert found["displayName"] is found["firstName"] is found["lastName"] is None
    assert found["hiddenFields"] == ["displayName", "firstName", "lastName"]


async def test_only_values_hidden(ask: Asking, make: Makers) -> None:
    """`hiddenFields` names fields that hold a value: an absent one is not hidden."""
    found = await read(ask, await make.customer("Ann", None), "lastName hiddenFields", **PARTNER)
    assert found["hiddenFields"] == ["displayName", "firstName"]


async def test_scope_shows(ask: Asking, make: Makers) -> None:
    """A partner with the scope reads names."""
    who = PARTNER | {"viewer": {"scopes": frozenset({"personal"})}}
    found = await read(ask, await make.customer("Ann", "Lee"), "displayName hiddenFields", **who)
    assert found == {"displayName": "Ann Lee", "hiddenFields": []}


async def test_visitor_self(ask: Asking, make: Makers) -> None:
    """A visitor sees the visitor's own customer and no other."""
    own, other = await make.customer("Ann"), await make.customer("Eve")
    assert (await read(ask, own, "firstName", **visitor(own)))["firstName"] == "Ann"
    answer = await ask(BY_ID, id=other.id, **visitor(own))
    assert (answer.data, answer.errors) == ({"customer": None}, [])


STAFF_FIELDS = [
    "notes { nodes { id } }",
    "tickets { nodes { id } }",
    "assignedAgent { name }",
    "labels { name }",
    "tags { word }",
    "customData { name }",
    "interests { nodes { name } }",
    "attachments { nodes { id } }",
    "summary { factCount }",
    "facts { nodes { name } }",
]


@pytest.mark.parametrize("field", STAFF_FIELDS)
async def test_visitor_limits(ask: Asking, make: Makers, field: str) -> None:
    """A visitor sees nothing that the staff wrote or concluded."""
    own = await make.customer()
    assert await forbidden(ask, own, field, **visitor(own))


async def test_visitor_without_authors(ask: Asking, make: Makers) -> None:
    """A visitor is not told who of the staff wrote in the record."""
    own = await make.customer()
    found = await read(ask, own, "createdBy updatedBy hiddenFields", **visitor(own))
    assert found == {"createdBy": None, "updatedBy": None, "hiddenFields": ["createdBy", "updatedBy"]}


async def test_own_lists(ask: Asking, make: Makers) -> None:
    """A visitor sees the visitor's own conversations, contact points, purchases, identities and history."""
    own = await make.customer()
    await make.conversation(own, "Hello")
    lists = "conversations { totalCount } purchases { totalCount } history { totalCount }"
    found = await read(ask, own, f"{lists} contactPoints {{ value }} identities {{ value }}", **visitor(own))
    assert found["conversations"]["totalCount"] == found["history"]["totalCount"] == 1


async def test_assigned_agent(ask: Asking, make: Makers) -> None:
    """The agent who looks after the customer; null while none does, or when the agent is gone."""
    for agent, name in ((ask.agent_id, "Anna Agent"), (None, None), (new_id(), None)):
        one = await make.customer(assigned_agent_id=agent)
        found = (await read(ask, one, "assignedAgent { name }"))["assignedAgent"]
        assert found == (name and {"name": name})


async def _merged(make: Makers, elements: list[str]) -> tuple[Any, Any]:
    """A customer who went into another, who takes these elements along."""
    old, survivor = await make.customer("Annie"), await make.customer("Ann")
    await make.merged(old, survivor, *elements)
    return old, survivor


async def test_old_id(ask: Asking, make: Makers) -> None:
    """An id from before a merge gives the survivor."""
    old, survivor = await _merged(make, [])
    assert (await read(ask, old, "id"))["id"] == survivor.id


async def test_alias_elements(ask: Asking, make: Makers) -> None:
    """Records written under an alias are the survivor's where the merge brought their element."""
    old, survivor = await _merged(make, ["NOTES"])
    await make.note(old, "from before")
    await make.ticket(old)
    found = await read(ask, survivor, "notes { nodes { text } totalCount } tickets { totalCount }")
    assert found == {"notes": {"nodes": [{"text": "from before"}], "totalCount": 1}, "tickets": {"totalCount": 0}}


async def test_alias_lists_merged(ask: Asking, make: Makers) -> None:
    """A list of a merged customer is in its one order, whatever ids its rows were written under."""
    old, survivor = await _merged(make, ["NOTES", "PURCHASES", "IDENTITIES"])
    for n, of in enumerate((old, survivor, old, survivor)):
        await make.note(of, str(n), created_at=BEGIN + timedelta(minutes=n))
        await make.purchase(of, "1.00")
        await make.identity(of, "zalo" if n in {0, 3} else "whatsapp", f"+1415555000{n}", account=str(n))
    fields = "notes { nodes { text } } purchaseTotals { orders amount { amount } } identities { account }"
    found = await read(ask, survivor, fields)
    assert [one["text"] for one in found["notes"]["nodes"]] == ["3", "2", "1", "0"]
    assert found["purchaseTotals"] == [{"orders": 4, "amount": {"amount": "4.00"}}]
    assert [one["account"] for one in found["identities"]] == ["1", "2", "0", "3"]


async def test_document_field_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """What stands in the customer's own document costs no command more, for thirty as for two."""
    for n in range(30):
        await make.customer(f"Ann{n}")
    parts = "attributes { value } contactPoints { value } tags { word } labels { name } customData { name }"
    assert await costs(ask, commands, f"{parts} assignedAgent {{ name }}", 2, 30) == [1, 1]
    assert IDENTITIES.name in ask.store.records
