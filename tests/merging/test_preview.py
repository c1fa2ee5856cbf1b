"""Does a preview tell what a merge would do, before it is done?"""

from typing import Any

from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.kept_pairs import PAIRS
from resolvers.kit.viewer import Role
from resolvers.tags import TAGS
from tests.changing import change
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.walking import read

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
    assert "cannot go into itself" in found["blocked"][0]["message"]


async def test_nothing_is_changed(ask: Asking, make: Makers, store: Store) -> None:
    """Asking for a preview changes nothing, and its versions hold for the merge."""
    ann, anna = await make.customer("Ann", tags=[{"word": "a"}]), await make.customer("Anna", tags=[{"word": "b"}])
    before = await store.find(CUSTOMERS, {}, order=[("_id", 1)])
    found = await _preview(ask, ann, anna)
    assert await store.find(CUSTOMERS, {}, order=[("_id", 1)]) == before
    versions = [found["survivor"], *found["others"]]
    assert (await _preview(ask, ann, anna, versions=versions))["blocked"] == []


async def test_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """A preview costs four commands: the customers, every count, who was told apart, and who is related to whom."""
    ann, *others = [await make.customer() for _ in range(11)]
    for one in others:
        await make.note(one)
        await make.conversation(one, "Hello")
    await _preview(ask, ann, *others)
    with commands.counted() as seen:
        await _preview(ask, ann, *others)
    assert len(seen) == 4


FURTHER = """query ($input: MergeCustomersInput!) { previewMerge(input: $input) {
  entryDifferences { part entry field fromId values { customerId value isHidden } }
  toldApart { dismissedBy customers { id } } } }"""


async def test_tells_entries(ask: Asking, make: Makers, merge: Do) -> None:
    """Of entries that are one and differ it is told what each says and whose stands."""
    at = [make.moment(), make.moment()]
    held = [
        {
            "custom_data": [{"name": "size", "value": size, "added_at": at[0], "added_by": "x"}],
            "consents": [{"purpose": "news", "status": status, "at": moment, "means": "FORM", "channel": None}],
        }
        for size, status, moment in (("S", "GRANTED", at[0]), ("M", "DENIED", at[1]))
    ]
    ann, anna = [await make.customer(**one) for one in held]
    given = {"survivorId": ann.id, "otherIds": [anna.id]}
    found = (await ask(FURTHER, input=given)).data["previewMerge"]["entryDifferences"]
    told = {one["part"]: one for one in found}
    assert [(one["value"], one["isHidden"]) for one in told["customData"]["values"]] == [("S", False), ("M", False)]
    assert (told["customData"]["entry"], told["customData"]["fromId"]) == ("size", ann.id)
    assert [one["value"] for one in told["consents"]["values"]] == ["GRANTED", "DENIED"]
    assert (told["consents"]["field"], told["consents"]["fromId"]) == ("status", anna.id)
    await merge(ann, anna)
    document = await make.store.first(CUSTOMERS, {"_id": ann.key}) or {}
    assert (document["custom_data"][0]["value"], document["consents"][0]["status"]) == ("S", "DENIED")


async def test_tells_who_was_told_apart(ask: Asking, make: Makers, merge: Do) -> None:
    """That somebody said of two of them that they are different people is told, also of one who was merged since."""
    ann, anna, eve = [await make.customer() for _ in range(3)]
    ends = dict(zip(("one_id", "other_id"), sorted((ann.key, eve.key)), strict=True))
    said = {"is_dismissed": True, "dismissed_at": make.moment(), "dismissed_by": "bob", "bits": 9.0, "reasons": []}
    pair = {"_id": PAIRS.id_of(ends), **ends, **said, "probability": 0.9, "is_sure": False, "found_at": make.moment()}
    await make.store.insert(PAIRS, pair)
    await merge(anna, eve)
    for others, told in (([anna], ["bob"]), ([await make.customer()], [])):
        given = {"survivorId": ann.id, "otherIds": [one.id for one in others]}
        found = (await ask(FURTHER, input=given)).data["previewMerge"]["toldApart"]
        assert [one["dismissedBy"] for one in found] == told


RELATED = """query ($input: MergeCustomersInput!) { previewMerge(input: $input) { moves { element count }
  toldApart { dismissedBy } related { id ... on Relation { name other { id } } } blocked { code } } }"""


async def test_tells_who_is_related(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Two whom somebody noted as parent and child are told as such; what they were to each other does not move."""
    admin = Role.ADMINISTRATOR
    kind = (
        await change(ask, "addRelationType", "relationType { id }", admin, name="parent of", inverseName="child of")
    )["relationType"]
    ann, anna, eve = [await make.customer() for _ in range(3)]
    for other in (anna, eve):
        given = {"customerId": ann.id, "otherId": other.id, "typeId": kind["id"]}
        assert "code" not in await change(ask, "relateCustomers", "__typename", **given)
    for survivor, other, name in ((ann, anna, "parent of"), (anna, ann, "child of")):
        given = {"survivorId": survivor.id, "otherIds": [other.id]}
        found = (await ask(RELATED, input=given)).data["previewMerge"]
        (told,) = found.pop("related")
        assert (told["name"], told["other"]) == (name, {"id": other.id})
        moves = [] if survivor is ann else [{"element": "RELATIONS", "count": 1}]
        assert found == {"moves": moves, "toldApart": [], "blocked": []}
    before = [await read(ask, one, "relations { nodes { name other { id } } }") for one in (ann, anna)]
    merged = await merge(ann, anna)
    assert (await read(ask, ann, "relations { totalCount }"))["relations"] == {"totalCount": 1}
    assert "survivor" in await unmerge(merged)
    assert [await read(ask, one, "relations { nodes { name other { id } } }") for one in (ann, anna)] == before
