"""Is what somebody saw of a customer ever taken for what another one's record holds?"""

import os
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.merging.conftest import Do

# Each takes half a second.
SEQUENCES = 300 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 8

_SEEN = "query($id: ID!) { customer(id: $id) { id version firstName tags { word } contactPoints { value } } }"
_EDIT = """mutation($input: EditCustomerInput!) { editCustomer(input: $input) { __typename
  ... on Refusal { code message } ... on StaleVersion { storedVersion changedAttributes } } }"""


async def _seen(ask: Asking, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(_SEEN, id=id_)).data["customer"]
    return found


async def _edited(ask: Asking, id_: str, version: int, name: str) -> dict[str, Any]:
    """The first name set by who saw the customer of that id at that version."""
    given = {"id": id_, "version": version, "attributes": [{"name": "firstName", "value": name}]}
    answer = await ask(_EDIT, input=given)
    assert answer.errors == []
    found: dict[str, Any] = answer.data["editCustomer"]
    return found


async def _twice_changed(ask: Asking, make: Makers) -> tuple[Made, Made]:
    """Two customers, the second of whom was changed once."""
    one, other = await make.customer("Innocent", None), await make.customer("Spam", None)
    assert "code" not in await _edited(ask, other.id, 1, "Spammer")
    return one, other


async def test_merged_since(ask: Asking, make: Makers, merge: Do) -> None:
    """Who saw a customer before it went into another edits nothing of that one by the old id."""
    one, other = await _twice_changed(ask, make)
    survivor = (await merge(one, other))["customer"]
    refused = await _edited(ask, other.id, 2, "Overwritten")
    assert (refused["code"], refused["storedVersion"]) == ("STALE_VERSION", survivor["version"])
    assert refused["changedAttributes"] == ["firstName"]
    assert "another record" in refused["message"]


async def test_erased_unseen(ask: Asking, make: Makers, merge: Do) -> None:
    """Who looked at what an erasure would remove does not erase the one into whom that customer went meanwhile."""
    one, other = await _twice_changed(ask, make)
    await merge(one, other)
    given = {"customerId": other.id, "version": 2, "reason": "NO_PERSON"}
    refused = await change(ask, "eraseCustomer", "__typename", as_=Role.ADMINISTRATOR, **given)
    assert refused["code"] == "STALE_VERSION"
    assert (await _seen(ask, one.id))["firstName"] == "Innocent"


async def test_parted_since(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """What was seen of a survivor by an old id is no version of the one who is a customer of their own again."""
    one, other = await make.customer("Ann", None), await make.customer("Bob", None)
    merged = await merge(one, other)
    seen = await _seen(ask, other.id)
    assert seen["firstName"] == "Ann"
    await unmerge(merged)
    refused = await _edited(ask, other.id, seen["version"], "Anna")
    assert (refused["code"], refused["changedAttributes"]) == ("STALE_VERSION", ["firstName"])
    assert (await _seen(ask, other.id))["version"] == (await _seen(ask, one.id))["version"] == refused["storedVersion"]


async def test_others_far_ahead(make: Makers, merge: Do) -> None:
    """A survivor is at a later version than each who went into it, whatever it was at before."""
    one, other = await make.customer(), await make.customer(version=41)
    assert (await merge(one, other))["customer"]["version"] == 42


class _Watching:
    """Some customers, and all that was ever seen of them by id and version."""

    def __init__(self, ask: Asking, dice: Random, people: list[Made]) -> None:
        self.ask, self.dice, self.people = ask, dice, people
        self.merges: list[Mapping[str, Any]] = []
        self.seen: dict[tuple[str, int], Mapping[str, Any]] = {}
        self.counted = 0

    async def look(self) -> None:
        """Looks at everyone by every id: what has another content has another version."""
        for one in self.people:
            now = await _seen(self.ask, one.id)
            assert self.seen.setdefault((one.id, now["version"]), now) == now

    async def edit(self) -> None:
        """Somebody changes a customer whom they see, by whatever id."""
        self.counted += 1
        one = self.dice.choice(self.people)
        now = await _seen(self.ask, one.id)
        if self.dice.random() < 0.5:
            assert "code" not in await _edited(self.ask, one.id, now["version"], "Name" + "x" * self.counted)
        else:
            await change(self.ask, "addTag", "__typename", customerId=one.id, word=f"tag{self.counted}")

    async def edit_late(self) -> None:
        """Somebody edits by what they saw at any time: refused unless it is still so."""
        self.counted += 1
        (id_, version), then = self.dice.choice(list(self.seen.items()))
        now = await _seen(self.ask, id_)
        answer = await _edited(self.ask, id_, version, "Late" + "x" * self.counted)
        assert (answer.get("code") == "STALE_VERSION") == (now != then), answer

    async def merge(self, do: Do) -> None:
        """Merges two who are customers of their own."""
        own = [one for one in self.people if (await _seen(self.ask, one.id))["id"] == one.id]
        if len(own) > 1:
            self.merges.append(await do(*self.dice.sample(own, 2)))

    async def undo(self, do: Do) -> None:
        """Undoes a merge, whatever was changed since, where it is not beneath another."""
        if self.merges:
            merged = self.dice.choice(self.merges)
            found = await do(merged)
            if found.get("code") == "EDITED_SINCE":
                kept = [{"field": one["field"], "choice": "KEEP"} for one in found["edits"]]
                found = await do(merged, resolutions=kept)
            if "survivor" in found:
                self.merges.remove(merged)


@pytest.mark.parametrize("seed", range(SEQUENCES))
async def test_no_version_twice(ask: Asking, make: Makers, merge: Do, unmerge: Do, seed: int) -> None:
    """Whatever is edited, merged and undone: by one id one version is one content, and no other is edited by it."""
    people = [await make.customer(name, None, version=n) for n, name in enumerate(("Ann", "Bob", "Cid", "Dora"), 1)]
    watching = _Watching(ask, Random(seed), people)
    steps = {"merge": lambda: watching.merge(merge), "undo": lambda: watching.undo(unmerge)}
    steps |= {"edit": watching.edit, "late": watching.edit_late}
    await watching.look()
    for name in watching.dice.choices(list(steps), weights=(3, 2, 3, 2), k=16):
        await steps[name]()
        await watching.look()


async def test_relinked_since(ask: Asking, make: Makers) -> None:
    """Who saw an anonymous customer edits nothing of the one to whom the only conversation was relinked."""
    one, other = await make.customer("Ann", None), await make.customer(None, None, is_anonymous=True)
    await make.identity(other, "webchat", "x")
    talk = await make.conversation(other, "Hello", channel="webchat")
    given = {"id": global_id("Conversation", talk), "customerId": one.id}
    assert (await change(ask, "relinkConversation", "mergedId", **given))["mergedId"] == other.id
    assert (await make.store.first(CUSTOMERS, {"_id": one.key}) or {})["version"] == 2
    assert (await _edited(ask, other.id, 1, "Zoe"))["code"] == "STALE_VERSION"
