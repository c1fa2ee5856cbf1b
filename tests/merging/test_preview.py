"""Does a preview tell what a merge would do, before it is done?"""

from typing import Any

from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.tags import TAGS
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.merging.conftest import Do

PREVIEW = """query ($input: MergeCustomersInput!) { previewMerge(input: $input) {
  survivor { id version } others { id version } moves { element count }
  differences { name label choice fromId values { customerId value isHidden } }
  blocked { code message inputPath } } }"""


async def _preview(ask: Asking, survivor: Made, *others: Made, **more: Any) -> Any:
    given = {"survivorId": survivor.id, "otherIds": [one.id for one in others], **more}
    answer = await ask(PREVIEW, input=given)
    assert not answer.errors
    return answer.data["previewMerge"]


async def test_tells_what_moves(ask: Asking, make: Makers, merge: Do) -> None:
    """Moves are counted by kind: also what others have taken in before, and nothing that would come twice."""
    ann, anna, annie = await make.customer(tags=[{"word": "a"}]), await make.customer(), await make.customer()
    both = await make.customer(tags=[{"word": "a"}, {"word": "b"}])
    for one in (ann, anna, annie):
        await make.note(one)
    await make.conversation(anna, "Hello", "again")
    await merge(anna, annie, elements=["NOTES"])
    found = await _preview(ask, ann, anna, both)
    assert {one["element"]: one["count"] for one in found["moves"]} == {"NOTES": 2, "CONVERSATIONS": 3, "TAGS": 1}
    assert [one["id"] for one in found["others"]] == [anna.id, both.id]
    assert found["blocked"] == []
    only = await _preview(ask, ann, anna, both, elements=["TAGS"])
    assert only["moves"] == [{"element": "TAGS", "count": 1}]


async def test_tells_differences(ask: Asking, make: Makers) -> None:
    """Attributes that differ are told with everyone's values and which would stand; what is equal is not."""
    ann, anna = await make.customer("Ann", "Lee"), await make.customer("Anna", "Lee")
    (one,) = (await _preview(ask, ann, anna))["differences"]
    values = [{"customerId": who.id, "value": name, "isHidden": False} for who, name in ((ann, "Ann"), (anna, "Anna"))]
    assert one == {"name": "firstName", "label": "First name", "choice": "KEEP", "fromId": ann.id, "values": values}
    taken = [{"name": "firstName", "choice": "TAKE", "fromId": anna.id}]
    (one,) = (await _preview(ask, ann, anna, attributes=taken))["differences"]
    assert (one["choice"], one["fromId"]) == ("TAKE", anna.id)


async def test_tells_blocks(ask: Asking, make: Makers) -> None:
    """What stands in the way is told with the place in the input, as the merge would tell it."""
    half = TAGS.at_most // 2 + 1
    ann, anna = [await make.customer(tags=[{"word": f"{name}{n}"} for n in range(half)]) for name in "ab"]
    (block,) = (await _preview(ask, ann, anna))["blocked"]
    assert (block["code"], "100 tags" in block["message"]) == ("CONFLICT", True)
    found = await _preview(ask, ann, ann)
    assert (found["survivor"], found["others"]) == (None, [])
    assert found["blocked"][0]["inputPath"] == ["input", "otherIds"]


async def test_nothing_is_changed(ask: Asking, make: Makers, store: Store) -> None:
    """Asking for a preview changes nothing, and its versions hold for the merge."""
    ann, anna = await make.customer("Ann", tags=[{"word": "a"}]), await make.customer("Anna", tags=[{"word": "b"}])
    before = await store.find(CUSTOMERS, {}, order=[("_id", 1)])
    found = await _preview(ask, ann, anna)
    assert await store.find(CUSTOMERS, {}, order=[("_id", 1)]) == before
    versions = [found["survivor"], *found["others"]]
    assert (await _preview(ask, ann, anna, versions=versions))["blocked"] == []


async def test_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """A preview costs two commands: the customers, and every count."""
    ann, *others = [await make.customer() for _ in range(11)]
    for one in others:
        await make.note(one)
        await make.conversation(one, "Hello")
    await _preview(ask, ann, *others)
    with commands.counted() as seen:
        await _preview(ask, ann, *others)
    assert len(seen) == 2
