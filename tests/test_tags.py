"""Which words did people put on a customer?"""

import asyncio

import pytest

from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import STAFF
from resolvers.tags import LONGEST_TAG, TAGS
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import Makers
from tests.walking import PARTNER, read

WORDS = "customer { tags { word addedBy } version }"


async def test_tag_added(ask: Asking, make: Makers) -> None:
    """A tag is put on a customer, in lower case; the record says by whom."""
    one = await make.customer()
    found = await change(ask, "addTag", WORDS, customerId=one.id, word=" Golf ")
    assert found["customer"] == {"tags": [{"word": "golf", "addedBy": "agent"}], "version": 2}


async def test_tag_removed(ask: Asking, make: Makers) -> None:
    """A tag is taken off, in whatever case it is asked for."""
    one = await make.customer()
    await change(ask, "addTag", WORDS, customerId=one.id, word="golf")
    found = await change(ask, "removeTag", WORDS, customerId=one.id, word="GOLF")
    assert found["customer"] == {"tags": [], "version": 3}
    assert await refused(ask, "removeTag", customerId=one.id, word="golf") == ("NOT_FOUND", "input.word")


@pytest.mark.parametrize("mutation", ["addTag", "removeTag"])
async def test_tag_refused(ask: Asking, make: Makers, mutation: str) -> None:
    """A tag is one word of bounded length, on a customer who is there."""
    one = await make.customer()
    for word in ("", "  ", "two words", "a\tb", "\0", "a\0b", "\u202e", "\u200b", "x" * (LONGEST_TAG + 1)):
        assert await refused(ask, mutation, customerId=one.id, word=word) == ("INVALID_INPUT", "input.word")
    for wrong in (GONE, "junk"):
        assert await refused(ask, mutation, customerId=wrong, word="a") == ("NOT_FOUND", "input.customerId")


async def test_old_tag_removed(ask: Asking, make: Makers) -> None:
    """A tag that could not be put on a customer today can be taken off."""
    one = await make.customer()
    tags = [{"word": "a\0", "added_at": make.moment(), "added_by": None}]
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"tags": tags}})
    found = await change(ask, "removeTag", WORDS, customerId=one.id, word="a\0")
    assert found["customer"]["tags"] == []


async def test_tag_twice(ask: Asking, make: Makers) -> None:
    """Of many who add the same tag at once one is told that it was done, the others that it is there."""
    one = await make.customer()
    answers = await asyncio.gather(*(change(ask, "addTag", WORDS, customerId=one.id, word="vip") for _ in range(5)))
    assert sorted(answer["__typename"] for answer in answers) == ["Conflict"] * 4 + ["TagPayload"]
    assert (await read(ask, one, "tags { word } version")) == {"tags": [{"word": "vip"}], "version": 2}


async def test_most_tags(ask: Asking, make: Makers) -> None:
    """A customer carries a bounded number of tags, and the refusal says how many."""
    one = await make.customer()
    tags = [{"word": f"w{n}", "added_at": make.moment(), "added_by": None} for n in range(TAGS.at_most)]
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"tags": tags}})
    found = await change(ask, "addTag", WORDS, customerId=one.id, word="more")
    assert found["code"] == "CONFLICT"
    assert "100 tags already" in found["message"]


async def test_tags_by_role(ask: Asking) -> None:
    """The staff tags customers."""
    assert await may(ask, "addTag", customerId=GONE, word="a") == STAFF
    assert await may(ask, "removeTag", customerId=GONE, word="a") == STAFF


async def test_tags_in_order(ask: Asking, make: Makers) -> None:
    """The words on the customer, in the order in which they were added; they are facts, the newest first."""
    one = await make.customer(None, None)
    for word in ("zebra", "ant"):
        await change(ask, "addTag", WORDS, customerId=one.id, word=word)
    found = await read(ask, one, "tags { word } facts { nodes { category name value } }", **PARTNER)
    assert found["tags"] == [{"word": "zebra"}, {"word": "ant"}]
    assert found["facts"]["nodes"] == [{"category": "Tags", "name": word, "value": None} for word in ("ant", "zebra")]


async def test_tagged_customers(ask: Asking, make: Makers) -> None:
    """Customers who carry every one of these tags, in any case."""
    one, two = await make.customer(), await make.customer()
    for of, word in ((one, "golf"), (one, "vip"), (two, "vip")):
        await change(ask, "addTag", WORDS, customerId=of.id, word=word)
    query = "query($w: [String!]) { customers(filter: { tagged: $w }) { totalCount } }"
    for words, count in ((["VIP"], 2), (["vip", " Golf"], 1), (["vip", "tennis"], 0)):
        assert (await ask(query, w=words)).data["customers"]["totalCount"] == count


async def test_tag_refusals_say_what_to_do(ask: Asking, make: Makers) -> None:
    """A tag that is there already, or is not, is refused in words that fit a word: there is no id to check."""
    one = await make.customer()
    await change(ask, "addTag", WORDS, customerId=one.id, word="vip")
    again = await change(ask, "addTag", WORDS, customerId=one.id, word="VIP")
    gone = await change(ask, "removeTag", WORDS, customerId=one.id, word="golf")
    assert again["message"] == "The customer carries this tag already; there is nothing to do."
    assert gone["message"] == "There is no such tag on this customer. `Customer.tags` says which there are."
