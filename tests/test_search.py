"""Is a customer found by what people type: names, numbers and addresses in ordinary notation?"""

from typing import Any

import pytest
from pymongo import AsyncMongoClient

from gateway.mongod import Mongod
from resolvers.attributes import SYSTEM_DEFINITIONS
from resolvers.search_words import MOST_WORDS, search_words
from tests.conftest import Asking
from tests.makers import Made, Makers

SEARCH = "query($search: String!) { customers(search: $search) { nodes { id } } }"
PHONE, EMAIL = {"type": "PHONE", "value": "+12235550122"}, {"type": "EMAIL", "value": "m.o'hara+shop@example.com"}
POSTAL = {"type": "POSTAL", "value": "12 Main-Street, Springfield (Ohio) 45501"}


async def _customer(make: Makers, first: str, last: str, *points: dict[str, Any]) -> Made:
    values = {"firstName": first, "lastName": last}
    return await make.customer(first, last, search=search_words(values, points, SYSTEM_DEFINITIONS))


@pytest.mark.parametrize(
    "search",
    [
        "chande, michele",
        "Chande; Michele",
        '"Michele Chande"',
        "michele (chande)",
        "Ana-Lucía chande",
        "ana-lucia",
        "lucia",
        "Ana-Luci\u0301a",
        "+1 223 555 0122",
        "(223) 555-0122",
        "223.555.0122",
        "1-223-555 0122",
        "001 223 555 0122",
        "+1 223",
        "223\u2013555\u20110122",
        "chande +1 (223) 555-0122",
        "chande, 223 555",
        "Chande - 223/555",
        "<M.O'Hara+shop@example.com>",
        "m.o\u2019hara",
        "Springfield, Ohio",
        "main-street 12",
        "45501, chande",
    ],
)
async def test_finds_what_is_typed(ask: Asking, make: Makers, search: str) -> None:
    """Commas, brackets, quotes, hyphens and accents hide nobody, and one phone number is one word in any notation."""
    one = await _customer(make, "Michele Ana-Lucía", "Chande", PHONE, EMAIL, POSTAL)
    await _customer(make, "Ann", "Lee", {"type": "PHONE", "value": "+12235559999"})
    answer = await ask(SEARCH, search=search)
    assert answer.errors == []
    found = [node["id"] for node in answer.data["customers"]["nodes"]]
    # Two numbers begin alike.
    assert one.id in found
    assert len(found) == 1 or search == "+1 223"


@pytest.mark.parametrize("search", ["030 901820", "+49 (0)30 901820", "0049 30 901820", "030/90 18 20", "+4930"])
async def test_national_number(ask: Asking, make: Makers, search: str) -> None:
    """A number is found as it is dialled at home, with the leading 0, and with its country code."""
    one = await _customer(make, "Otto", "Berg", {"type": "PHONE", "value": "+4930901820"})
    answer = await ask(SEARCH, search=search)
    assert [node["id"] for node in answer.data["customers"]["nodes"]] == [one.id]


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("b chande", "Word 1 of `search` has 1 character; write at least 2 characters"),
        ("ana maria j chande", "Word 3 of `search` has 1 character"),
        ("chande, +7", "Word 2 of `search` has 1 character"),
        ("ana ben cleo dan eve finn", "`search` has 6 words; send 1 to 5"),
        ("ana " * 30_000, "`search` has 120000 characters; send at most 500"),
        ("- , ()", "`search` has 0 words; send 1 to 5"),
    ],
)
async def test_short_word_is_named(ask: Asking, search: str, words: str) -> None:
    """What cannot be looked for is named by its place, never quoted: it may be somebody's name."""
    answer = await ask(SEARCH, search=search)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert words in answer.errors[0].message
    assert "chande" not in answer.errors[0].message


async def test_cut_is_fair(ask: Asking, make: Makers) -> None:
    """Of a customer with too many words each name, number and address keeps its first ones, names before all."""
    street = {"type": "POSTAL", "value": " ".join(f"aa{n}" for n in range(MOST_WORDS * 2))}
    one = await _customer(make, "Zoe", "Zuckermann", street, PHONE, {"type": "EMAIL", "value": "zz@example.com"})
    for search in ("zoe", "zuckermann", "+1 223 555 0122", "zz@example.com", "aa0"):
        answer = await ask(SEARCH, search=search)
        assert [node["id"] for node in answer.data["customers"]["nodes"]] == [one.id], search


async def _examined(mongod: Mongod) -> int:
    """How many keys of indexes and documents the database has looked at since it started."""
    async with AsyncMongoClient[dict[str, Any]](mongod.url) as client:
        found = (await client.admin.command("serverStatus"))["metrics"]["queryExecutor"]
    return int(found["scanned"] + found["scannedObjects"])


@pytest.mark.parametrize("asked", ["nodes { id }", "totalCount"])
@pytest.mark.parametrize(
    ("search", "found"), [("zzyzx", 0), ("person17", 1), ("smith person17", 1), ("zzyzx smith", 0), ("PERSON17 SM", 1)]
)
async def test_rare_words_first(ask: Asking, make: Makers, mongod: Mongod, asked: str, search: str, found: int) -> None:
    """A search looks at those who have the rarest of its words, and at nobody else, however many there are."""
    for n in range(150):
        await _customer(make, f"Person{n:02}", "Smith")
    query = f"query($search: String!) {{ customers(search: $search) {{ {asked} }} }}"
    # Also where another search of the same kind came before, whose words everybody has.
    await ask(query, search="smith")
    costs = []
    # The server looks after its sessions now and then, which counts as well: the least of three is the search's.
    for _ in range(3):
        before = await _examined(mongod)
        answer = (await ask(query, search=search)).data["customers"]
        costs.append(await _examined(mongod) - before)
    # How many have each word is counted before, along the index alone.
    assert min(costs) <= 40 + 2 * 150 * ("sm" in search.lower())
    assert (len(answer["nodes"]) if "nodes" in answer else answer["totalCount"]) == found
