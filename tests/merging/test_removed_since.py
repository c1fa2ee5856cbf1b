"""What becomes of entries that a merge brought and that people removed before it was undone?"""

from typing import Any

import pytest

from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import contact_point, definition
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.walking import read

SHOWN = """tags { word } labels { name } customData { name value } contactPoints { value isPrimary }
  channelPreferences { channel }"""
EDITS = "merges { nodes { edits { field entries { entry field before now isRemoved isGone } } } }"
FIELDS = ("tags", "labels", "customData", "contactPoints", "channelPreferences")
MAIL = {"type": "EMAIL", "value": "q@example.com"}


# These are made upon a version that was read.
UPON = frozenset({"setChannelPreference", "removeChannelPreference", "removeCustomData", "editCustomData"})


async def _does(ask: Asking, name: str, /, **given: Any) -> Any:
    if name in UPON:
        seen = await ask("query ($id: ID!) { customer(id: $id) { version } }", id=given["customerId"])
        given["version"] = seen.data["customer"]["version"]
    found = await change(ask, name, "__typename", **given)
    assert "code" not in found, found
    return found


async def _both(ask: Asking, make: Makers) -> tuple[Made, Made, str]:
    """Peter with nothing, Quentin with an entry of each list, and the id of a label."""
    added = await change(ask, "addLabel", "label { id }", Role.ADMINISTRATOR, name="VIP")
    peter, quentin = await make.customer("Peter"), await make.customer("Quentin")
    label: str = added["label"]["id"]
    given: dict[str, Any] = {"customerId": quentin.id}
    await _does(ask, "addTag", **given, word="wrongtag")
    await _does(ask, "labelCustomer", **given, labelId=label)
    await _does(ask, "addCustomData", **given, name="plan", value="gold")
    await _does(ask, "addContactPoint", **given, **MAIL)
    await _does(ask, "setChannelPreference", **given, channel="sms", wish="WELCOME")
    return peter, quentin, label


async def _remove_all(ask: Asking, one: Made, label: str) -> None:
    given: dict[str, Any] = {"customerId": one.id}
    (point,) = (await read(ask, one, "contactPoints { id }"))["contactPoints"]
    await _does(ask, "removeTag", **given, word="wrongtag")
    await _does(ask, "unlabelCustomer", **given, labelId=label)
    await _does(ask, "removeCustomData", **given, name="plan")
    await _does(ask, "removeChannelPreference", **given, channel="sms")
    version = (await read(ask, one, "version"))["version"]
    await _does(ask, "removeContactPoint", **given, version=version, id=point["id"])


async def test_told_by_entry(ask: Asking, make: Makers, merge: Do) -> None:
    """Each entry that came along and was removed since is told by its list, with what comes back of it."""
    peter, quentin, label = await _both(ask, make)
    await merge(peter, quentin)
    await _remove_all(ask, peter, label)
    (found,) = (await read(ask, peter, EDITS))["merges"]["nodes"]
    told = {one["field"]: [tuple(entry.values()) for entry in one["entries"]] for one in found["edits"]}
    assert told == {
        "tags": [("wrongtag", "word", "wrongtag", None, False, True)],
        "labels": [("VIP", "label", "VIP", None, False, True)],
        "customData": [("plan", "value", "gold", None, False, True)],
        "contactPoints": [("EMAIL q@example.com", "value", "q@example.com", None, False, True)],
        "channelPreferences": [("sms", "wish", "WELCOME", None, False, True)],
    }


async def test_hidden_stays_hidden(ask: Asking, make: Makers, merge: Do) -> None:
    """Of a removed entry that is hidden from a viewer it is told that it is gone, and nothing of what it held."""
    await definition(make, "mail", matching_role="EMAIL", visible_to=["supervisor"], editable_by=["supervisor"])
    peter, quentin = await make.customer("Peter"), await make.customer("Quentin")
    await contact_point(make, quentin, MAIL["value"])
    await merge(peter, quentin)
    found = await read(ask, peter, "version contactPoints { id value }", as_=Role.SUPERVISOR)
    ((key, value),) = [one.values() for one in found["contactPoints"]]
    given = {"customerId": peter.id, "version": found["version"], "id": key}
    assert "code" not in await change(ask, "removeContactPoint", "__typename", Role.SUPERVISOR, **given)
    told = "merges { nodes { edits { entries { entry before isHidden isGone } } } }"
    shown = {Role.AGENT: ("EMAIL", None, True, True), Role.SUPERVISOR: (f"EMAIL {value}", value, False, True)}
    for role, seen in shown.items():
        (merged,) = (await read(ask, peter, told, as_=role))["merges"]["nodes"]
        assert [tuple(one.values()) for edit in merged["edits"] for one in edit["entries"]] == [seen]


@pytest.mark.parametrize("way", ["KEEP", "RESTORE", "GIVE_BACK"])
async def test_resolved(ask: Asking, make: Makers, merge: Do, unmerge: Do, *, way: str) -> None:
    """What was removed needs a word: it stays away from everybody, or comes back to the one whose it was."""
    peter, quentin, label = await _both(ask, make)
    before = [await read(ask, one, SHOWN) for one in (peter, quentin)]
    merged = await merge(peter, quentin)
    await _remove_all(ask, peter, label)
    refused = await unmerge(merged)
    assert (refused["code"], {one["field"] for one in refused["edits"]}) == ("EDITED_SINCE", set(FIELDS))
    assert "survivor" in await unmerge(merged, resolutions=[{"field": one, "choice": way} for one in FIELDS])
    expected = before if way == "RESTORE" else [before[0], before[0]]
    assert [await read(ask, one, SHOWN) for one in (peter, quentin)] == expected


async def test_said_anew(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """A value that was removed and said anew is told as changed; undoing leaves the other one its own."""
    peter, quentin, _ = await _both(ask, make)
    merged = await merge(peter, quentin)
    await _does(ask, "removeCustomData", customerId=peter.id, name="plan")
    await _does(ask, "addCustomData", customerId=peter.id, name="plan", value="silver")
    (found,) = (await read(ask, peter, EDITS))["merges"]["nodes"]
    (entry,) = found["edits"][0]["entries"]
    assert (entry["now"], entry["isGone"]) == ("silver", False)
    assert "survivor" in await unmerge(merged, resolutions=[{"field": "customData", "choice": "KEEP"}])
    held = [(await read(ask, one, "customData { value }"))["customData"] for one in (peter, quentin)]
    assert held == [[{"value": "silver"}], [{"value": "gold"}]]


async def test_own_goes_untold(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """What the survivor had itself, and a label that is defined no more, are removed without a word on it."""
    peter, quentin, label = await _both(ask, make)
    await _does(ask, "addTag", customerId=peter.id, word="own")
    merged = await merge(peter, quentin)
    await _does(ask, "removeTag", customerId=peter.id, word="own")
    assert "code" not in await change(ask, "removeLabel", "__typename", Role.ADMINISTRATOR, id=label)
    assert "survivor" in await unmerge(merged)
    assert (await read(ask, quentin, "labels { name }"))["labels"] == []


async def test_brought_by_later(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """What was removed, and came back with a later merge, stays with that one when the earlier is undone."""
    peter, quentin, _ = await _both(ask, make)
    third = await make.customer("Third")
    await _does(ask, "addTag", customerId=third.id, word="wrongtag")
    one = await merge(peter, quentin)
    await _does(ask, "removeTag", customerId=peter.id, word="wrongtag")
    two = await merge(peter, third)
    assert [edit["field"] for edit in (await unmerge(one))["edits"]] == ["tags"]
    assert "survivor" in await unmerge(one, resolutions=[{"field": "tags", "choice": "KEEP"}])
    held = [(await read(ask, who, "tags { word }"))["tags"] for who in (peter, quentin, third)]
    assert held == [[{"word": "wrongtag"}], [], [{"word": "wrongtag"}]]
    assert "survivor" in await unmerge(two)
    assert (await read(ask, third, "tags { word }"))["tags"] == [{"word": "wrongtag"}]


async def test_told_up_the_chain(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """What was removed behind two merges is told by each of them, until it has come to the one whose it was."""
    peter, quentin, _ = await _both(ask, make)
    last = await make.customer("Last")
    merges = [await merge(peter, quentin), await merge(last, peter)]
    await _does(ask, "removeTag", customerId=last.id, word="wrongtag")
    for merged in reversed(merges):
        assert [edit["field"] for edit in (await unmerge(merged))["edits"]] == ["tags"]
        assert "survivor" in await unmerge(merged, resolutions=[{"field": "tags", "choice": "KEEP"}])
    for one in (last, peter, quentin):
        assert (await read(ask, one, "tags { word }"))["tags"] == []


async def test_both_brought(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Where a later merge brought it, too, its removal is told of each of the two, and each is asked for its own."""
    peter, quentin, _ = await _both(ask, make)
    third = await make.customer("Third")
    await _does(ask, "addTag", customerId=third.id, word="wrongtag")
    one, two = await merge(peter, quentin), await merge(peter, third)
    await _does(ask, "removeTag", customerId=peter.id, word="wrongtag")
    assert "survivor" in await unmerge(one, resolutions=[{"field": "tags", "choice": "KEEP"}])
    assert [edit["field"] for edit in (await unmerge(two))["edits"]] == ["tags"]
    assert "survivor" in await unmerge(two, resolutions=[{"field": "tags", "choice": "RESTORE"}])
    held = [(await read(ask, who, "tags { word }"))["tags"] for who in (peter, quentin, third)]
    assert held == [[], [], [{"word": "wrongtag"}]]


async def test_place_of_a_word(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """A word that cannot be followed is named by its place in the list that was sent."""
    peter, quentin, _ = await _both(ask, make)
    merged = await merge(peter, quentin)
    await _does(ask, "removeTag", customerId=peter.id, word="wrongtag")
    said = [{"field": one, "choice": "KEEP"} for one in ("tags", "nose")]
    assert (await unmerge(merged, resolutions=said))["inputPath"] == ["input", "resolutions", "1"]
    said = [{"field": "tags", "choice": one} for one in ("KEEP", "RESTORE")]
    assert (await unmerge(merged, resolutions=said))["inputPath"] == ["input", "resolutions", "1"]
