"""What are customers drawn to?"""

import pytest

from adapters.records import new_id
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.crowd import topic
from tests.makers import BEGIN, Makers
from tests.walking import PARTNER, costs, nodes, read, walk


async def test_strongest_first(ask: Asking, make: Makers) -> None:
    """What the customer is drawn to, the strongest interest first; of equal ones the later id first."""
    one = await make.customer()
    keys = [await make.interest(one, score=0.25) for _ in range(3)]
    strong, weak = await make.interest(one, score=1), await make.interest(one, score=0.125)
    ids = [row["id"] for row in await nodes(ask, one, "interests")]
    assert ids == [global_id("Interest", key) for key in (strong, *sorted(keys, reverse=True), weak)]


async def test_interest_fields(ask: Asking, make: Makers) -> None:
    """An interest shows its score, where it was observed and when it was triggered; a partner reads it too."""
    one, sports = await make.customer(), await topic(make)
    await make.interest(one, topic_id=await topic(make, "Golf", sports), triggered_at=BEGIN)
    row = "name category score observedFrom triggeredAt topic { name path parent { name parent { name } } }"
    assert await nodes(ask, one, "interests", row, **PARTNER) == [
        {
            "name": "Cycling",
            "category": "Sports",
            "score": 0.5,
            "observedFrom": "shop/main",
            "triggeredAt": "2026-01-01T00:00:00Z",
            "topic": {"name": "Golf", "path": ["Golf"], "parent": {"name": "Sports", "parent": None}},
        }
    ]


async def test_topic_gone(ask: Asking, make: Makers) -> None:
    """An interest stays when the taxonomy has its place no more."""
    one = await make.customer()
    await make.interest(one)
    assert await nodes(ask, one, "interests", "name topic { name }") == [{"name": "Cycling", "topic": None}]


async def test_interest_categories(ask: Asking, make: Makers) -> None:
    """Only interests of these categories; the count goes with the filter."""
    one = await make.customer()
    for category in ("Sports", "Sports", "Music"):
        await make.interest(one, category=category)
    for given, count in (('["Sports"]', 2), ('["Music", "Sports"]', 3), ('["Art"]', 0), ("[]", 3)):
        found = await read(ask, one, f"interests(categories: {given}) {{ nodes {{ id }} totalCount }}")
        assert len(found["interests"]["nodes"]) == found["interests"]["totalCount"] == count


@pytest.mark.parametrize("scores", [[0.1] * 5, [0.1, 0.2, 0.30000000000000004, 1 / 3, 1], [0, 0.0, 1, 1.0]])
async def test_score_walk(ask: Asking, make: Makers, scores: list[float]) -> None:
    """Scores that differ by the last bit, or not at all, are walked each once."""
    one = await make.customer()
    for score in scores:
        await make.interest(one, score=score)
    whole = await walk(ask, one, "interests", 100)
    assert len(set(whole)) == len(scores)
    assert await walk(ask, one, "interests", 1) == whole == await walk(ask, one, "interests", 1, backward=True)


async def test_topics_by_level(ask: Asking, make: Makers) -> None:
    """One level of the taxonomies of interests, by taxonomy and name."""
    sports = await topic(make)
    for name in ("Tennis", "Golf"):
        await topic(make, name, sports)
    await topic(make, "Art")
    query = "query($t: String, $p: ID) { topics(taxonomy: $t, parentId: $p) { name } }"
    top = await ask(query)
    below = await ask(query, p=global_id("Topic", sports), t="iab")
    names = [[one["name"] for one in answer.data["topics"]] for answer in (top, below)]
    assert names == [["Art", "Sports"], ["Golf", "Tennis"]]


async def test_unknown_taxonomy(ask: Asking, make: Makers) -> None:
    """A taxonomy that is not there is refused with those that are."""
    query = '{ topics(taxonomy: "iba") { name } }'
    none = await ask(query)
    await topic(make)
    other = await ask(query)
    assert none.codes == other.codes == ["BAD_USER_INPUT"]
    assert none.errors[0].message.endswith("Known taxonomies: none yet.")
    assert other.errors[0].message == "`taxonomy` is 'iba', which is no taxonomy here. Known taxonomies: iab."


async def test_topic_questions(ask: Asking) -> None:
    """A parent that is no topic is refused; the taxonomies are not for visitors."""
    for key in (global_id("Label", new_id()), ""):
        wrong = await ask("query($p: ID) { topics(parentId: $p) { name } }", p=key)
        assert wrong.codes == ["BAD_USER_INPUT"]
        assert "is no id of type Topic" in wrong.errors[0].message
    assert (await ask("{ topics { name } }", as_=Role.VISITOR)).codes == ["FORBIDDEN"]


async def test_topic_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """Topics and their parents cost no command more: they are held."""
    golf = await topic(make, "Golf", await topic(make))
    for n in range(30):
        await make.interest(await make.customer(f"Ann{n}"), topic_id=golf)
    row = "interests(first: 5) { nodes { topic { parent { name } } } }"
    assert await costs(ask, commands, row, 2, 30) == [2, 2]


async def test_customers_drawn_to(ask: Asking, make: Makers) -> None:
    """Customers who are drawn to any of these topics."""
    one, golf, art = await make.customer(), await topic(make, "Golf"), await topic(make, "Art")
    await make.interest(one, topic_id=golf)
    await make.interest(await make.customer())
    query = "query($t: [ID!]) { customers(filter: { drawnTo: $t }) { nodes { id } } }"
    found = await ask(query, t=[global_id("Topic", key) for key in (golf, art)])
    assert found.data["customers"]["nodes"] == [{"id": one.id}]
    assert (await ask(query, t=[global_id("Topic", art)])).data["customers"]["nodes"] == []
