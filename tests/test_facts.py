"""What is known of a customer: every fact, and a summary by category."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Asking, Commands
from tests.crowd import attributes, contact_point, crowd, definition, given_toy
from tests.makers import BEGIN, Made, Makers
from tests.walking import PARTNER, costs, forbidden, nodes, read, refusal, visitor, walk


async def _known(make: Makers) -> Made:
    """A customer with facts in the document and in records, some observed at one moment."""
    one = await make.customer("Ann", "Lee", at=BEGIN)
    await contact_point(make, one, "a@example.com")
    await make.interest(one, "Golf", score=0.9, observed_at=BEGIN)
    await make.interest(one, "Tennis", score=0.2, observed_at=BEGIN + timedelta(days=2))
    await make.interest(one, "Jazz", category="Music", observed_at=BEGIN)
    await given_toy(make, one, given_at=BEGIN)
    return one


async def test_facts_newest_first(ask: Asking, make: Makers) -> None:
    """Every single fact known of the customer, the newest observation first, from records and document alike."""
    one = await _known(make)
    found = await nodes(ask, one, "facts", "name observedAt")
    assert found[0]["name"] == "Tennis"
    assert {row["name"] for row in found[1:]} == {"Golf", "Jazz", "Toy", "Email", "First name", "Last name"}
    assert {row["observedAt"] for row in found[1:]} == {"2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_facts_walked(ask: Asking, make: Makers, size: int) -> None:
    """Pages forwards and backwards give every fact once, also those observed at one moment."""
    one = await _known(make)
    whole = await walk(ask, one, "facts", 100)
    assert len(set(whole)) == 7
    for backward in (False, True):
        assert await walk(ask, one, "facts", size, backward=backward) == whole


async def test_equal_facts(ask: Asking, make: Makers) -> None:
    """Facts that are alike in every word are facts of their own."""
    one = await make.customer(None, None)
    for _ in range(3):
        await contact_point(make, one, "a@example.com")
    assert len(set(await walk(ask, one, "facts", 2))) == 3


async def test_fact_without_moment(ask: Asking, make: Makers) -> None:
    """Facts whose moment nobody wrote down stand behind all others."""
    await definition(make, "tier")
    one = await make.customer("Ann", None)
    await attributes(make, one, tier="gold")
    await make.store.update_all(make.store.records["customers"], {}, {"$unset": {"observed.tier": ""}})
    found = await nodes(ask, one, "facts", "name observedAt observedFrom")
    assert found[-1] == {"name": "Tier", "observedAt": None, "observedFrom": None}


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ("{}", 7),
        ('{ categories: ["Sports", "Contact points"] }', 3),
        ('{ categories: ["Nothing"] }', 0),
        ("{ categories: [] }", 7),
        ('{ since: "2026-01-02T00:00:00Z" }', 1),
        ('{ until: "2026-01-02T00:00:00Z" }', 6),
        ('{ until: "2026-01-02T00:00:00Z", categories: ["Sports"] }', 1),
    ],
)
async def test_fact_filters(ask: Asking, make: Makers, conditions: str, count: int) -> None:
    """Explored and filtered by category and by when they were observed; the count goes with the filter."""
    one = await _known(make)
    found = (await read(ask, one, f"facts(filter: {conditions}) {{ nodes {{ name }} totalCount }}"))["facts"]
    assert len(found["nodes"]) == found["totalCount"] == count


async def test_fact_questions(ask: Asking, make: Makers) -> None:
    """A stretch of time that holds no moment is refused, and so is a `top` that cannot be."""
    one = await make.customer()
    stretch = '{ since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }'
    assert "Send a later `until`" in await refusal(ask, one, f"facts(filter: {stretch}) {{ totalCount }}")
    for top in (-1, 11, 100_000):
        assert "ask for 0 to 10 facts" in await refusal(ask, one, f"summary(top: {top}) {{ factCount }}")


async def test_summary(ask: Asking, make: Makers) -> None:
    """What is known by category, with counts, the heading with most facts first, and the strongest of each."""
    one = await _known(make)
    found = (await read(ask, one, "summary(top: 1) { factCount categories { category count top { name } } }"))[
        "summary"
    ]
    assert found["factCount"] == 7
    assert [(row["category"], row["count"]) for row in found["categories"]] == [
        ("Profile", 2),
        ("Sports", 2),
        ("Contact points", 1),
        ("Music", 1),
        ("top", 1),
    ]
    assert found["categories"][1]["top"] == [{"name": "Golf"}]


@pytest.mark.parametrize(("top", "names"), [(0, []), (1, ["b"]), (3, ["b", "c", "a"]), (10, ["b", "c", "a"])])
async def test_summary_top(ask: Asking, make: Makers, top: int, names: list[str]) -> None:
    """The strongest facts of a category; of equally strong ones the newest."""
    one = await make.customer(None, None)
    for name, score in (("a", 0.5), ("b", 0.9), ("c", 0.5)):
        await make.interest(one, name, score=score)
    found = (await read(ask, one, f"summary(top: {top}) {{ categories {{ top {{ name }} }} }}"))["summary"]
    assert [row["name"] for row in found["categories"][0]["top"]] == names


async def test_shared_category(ask: Asking, make: Makers) -> None:
    """A category that stands in records and in the document is counted as one."""
    await definition(make, "team", category="Sports")
    one = await make.customer(None, None)
    await attributes(make, one, team="Reds")
    await make.interest(one, "Golf")
    found = (await read(ask, one, "summary { factCount categories { category count top { name } } }"))["summary"]
    top = [{"name": "Golf"}, {"name": "Team"}]
    assert found == {"factCount": 2, "categories": [{"category": "Sports", "count": 2, "top": top}]}


async def test_nothing_known(ask: Asking, make: Makers) -> None:
    """Of whom nothing is known there is an empty summary."""
    found = await read(ask, await make.customer(None, None), "summary { factCount categories { count } }")
    assert found["summary"] == {"factCount": 0, "categories": []}


async def test_facts_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees that something is known, not what."""
    one = await _known(make)
    found = await nodes(ask, one, "facts", "name value isHidden", **PARTNER)
    rows: dict[str, Any] = {row["name"]: (row["value"], row["isHidden"]) for row in found}
    assert rows["First name"] == rows["Email"] == (None, True)
    assert rows["Toy"][0] is None
    assert rows["Golf"] == (None, False)


async def test_facts_by_role(ask: Asking, make: Makers) -> None:
    """What the company concluded is not for visitors."""
    one = await make.customer()
    assert await forbidden(ask, one, "facts { totalCount }", **visitor(one))
    assert await forbidden(ask, one, "summary { factCount }", **visitor(one))


async def test_summary_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The summaries of thirty customers cost one command."""
    await crowd(make, 30, 1)
    assert await costs(ask, commands, "summary { factCount categories { top { name } } }", 2, 30) == [2, 2]
