"""Are any customers given back whole, whatever was merged, edited, told of and undone in whatever order?"""

import os
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from adapters.contract import Person, Reach, Who
from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS, following
from resolvers.kit.ids import global_id
from resolvers.merging.joining import CLEARED, put
from resolvers.merging.ledger import MERGES
from tests.conftest import Asking
from tests.crowd import definition
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import Do
from tests.taking_in import bring, outcomes

# Each takes a fifth of a second.
SEQUENCES = 300 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 15

# What every change of a record writes anew.
_TOUCHED = {"_id", "version", "own_since", "changed", "updated_at", "updated_by", "removed"}
_NAMES = ("firstName", "lastName", "tier")
_WORDS = ("Ann", "Bea", "Cleo")
_ELEMENTS = ("NOTES", "TICKETS", "TAGS", "CUSTOM_DATA", "CONTACT_POINTS", "CHANNEL_PREFERENCES")


class _World:
    """Some customers, what each of them has to be in the end, and the merges that hold."""

    def __init__(self, ask: Asking, make: Makers, dice: Random) -> None:
        self.ask, self.make, self.dice = ask, make, dice
        self.people: list[Made] = []
        self.twins: dict[RecordId, RecordId] = {}
        """Of each one the twin who goes into nobody and takes nobody in: what it is in the end, the other is."""
        self.rows: dict[RecordId, Person] = {}
        self.merges: list[dict[str, Any]] = []
        self.counted = 0
        self.known: Mapping[str, Any] = {}

    @property
    def store(self) -> Store:
        """The database."""
        return self.make.store

    async def fill(self) -> None:
        """Makes the customers, with things that some of them have in common."""
        self.known = await definitions(self.ask.context())
        for n in range(self.dice.randint(3, 5)):
            held = self._held(n)
            one, twin = [await self._made(held, f"{who}{n}") for who in ("one", "twin")]
            await self.make.note(one, f"note {n}")
            self.people.append(one)
            self.twins[one.key] = twin.key

    async def _made(self, held: dict[str, Any], value: str) -> Made:
        one = await self.make.customer(None, None, at=BEGIN, **held)
        await self.make.identity(one, "shop", value)
        document = await self.document(one.key)
        await self.store.replace(CUSTOMERS, [document | following(document, self.known)])
        return one

    async def document(self, key: RecordId) -> dict[str, Any]:
        """What is stored of somebody."""
        return dict(await self.store.first(CUSTOMERS, {"_id": key}) or {})

    def _held(self, n: int) -> dict[str, Any]:
        dice = self.dice
        values = {name: dice.choice(_WORDS) for name in _NAMES if dice.random() < 0.6}
        seen = {"observed_from": f"shop/{n}", "observed_at": BEGIN, "is_verified": False}
        added = {"added_at": BEGIN, "added_by": f"maker {n}"}
        held: dict[str, Any] = {
            "tags": [{"word": word, **added} for word in "abcd" if dice.random() < 0.4],
            "custom_data": [{"name": name, "value": f"{n}", **added} for name in "xyz" if dice.random() < 0.4],
            "contact_points": [
                {"type": "EMAIL", "value": f"{who}@example.com", "postal": None, "is_primary": not k, **seen}
                for k, who in enumerate(word for word in "pqr" if dice.random() < 0.5)
            ],
            "consents": [
                {"purpose": purpose, "status": dice.choice(("GRANTED", "WITHDRAWN")), "at": self.make.moment()}
                for purpose in ("news", "calls")
                if dice.random() < 0.6
            ],
            "channel_preferences": [
                {"channel": channel, "wish": "WELCOME", "is_preferred": not k, "set_at": self.make.moment()}
                for k, channel in enumerate(name for name in ("email", "sms") if dice.random() < 0.6)
            ],
        }
        held = {name: entries for name, entries in held.items() if entries}
        return {"attributes": values, "observed": dict.fromkeys(values, seen), **held}

    async def speaking(self) -> list[Made]:
        """Those who are customers of their own now."""
        found = await self.store.find(CUSTOMERS, {"merged_into": None}, order=[("_id", 1)])
        return [Made(one["_id"]) for one in found if one["_id"] in self.twins]

    async def merge(self, do: Do) -> None:
        """Merges some of them, with elements and values chosen at random."""
        there = await self.speaking()
        if len(there) < 2:
            return
        survivor, *others = self.dice.sample(there, self.dice.randint(2, min(3, len(there))))
        chosen = [{"name": name, "choice": self.dice.choice(("KEEP", "TAKE"))} for name in _NAMES]
        more: dict[str, Any] = {}
        if self.dice.random() < 0.5:
            more["elements"] = self.dice.sample(_ELEMENTS, self.dice.randint(1, len(_ELEMENTS)))
        found = await do(survivor, *others, attributes=chosen, **more)
        if "merge" not in found:
            # Nobody has such a value to take.
            found = await do(survivor, *others, **more)
        self.merges.append(found)

    async def edit(self) -> None:
        """Changes a customer as people do: a new tag, a new value, a note."""
        one = self.dice.choice(await self.speaking())
        self.counted += 1
        what = self.dice.choice(("tag", "value", "note"))
        if what == "note":
            await self.make.note(one, f"since {self.counted}")
            return
        name, value = self.dice.choice(_NAMES), self.dice.choice(_WORDS)
        entry = {"word": f"new{self.counted}", "added_at": BEGIN, "added_by": "agent"}
        seen = {"observed_from": "staff", "observed_at": self.make.moment(), "is_verified": False}
        for key in (one.key, self.twins[one.key]):
            document = await self.document(key)
            if what == "tag":
                document["tags"] = [*document.get("tags", ()), entry]
            else:
                put(document, f"attributes.{name}", value)
                put(document, f"observed.{name}", {**seen, "observed_by": "agent"})
                put(document, f"{CLEARED}{name}", None)
            await self.store.replace(CUSTOMERS, [document | following(document, self.known)])

    async def bring(self) -> None:
        """Has the source say something of one of them, whoever that one is by now, and the same again."""
        n = self.dice.randrange(len(self.people))
        known = self.rows.get(self.people[n].key)
        row = known if known and self.dice.random() < 0.3 else self._row()
        self.rows[self.people[n].key] = row
        for who in ("one", "twin"):
            said = replace(row, who=Who("shop", "main", f"{who}{n}"))
            await bring(self.store, said)
            assert outcomes(await bring(self.store, said)) == ["unchanged"]

    def _row(self) -> Person:
        dice = self.dice
        return Person(
            who=Who("shop", "main", ""),
            attributes={name: dice.choice(_WORDS) for name in _NAMES if dice.random() < 0.4},
            custom_data={name: dice.choice("1234") for name in "xyz" if dice.random() < 0.3},
            tags=tuple(word for word in "abcd" if dice.random() < 0.2),
            reaches=tuple(Reach(type="EMAIL", value=f"{word}@example.com") for word in "pqr" if dice.random() < 0.3),
        )

    async def undo(self, do: Do) -> None:
        """Undoes one of the merges; what was edited since stays. Beneath a later merge nothing is undone."""
        if not self.merges:
            return
        merged = self.dice.choice(self.merges)
        found = await do(merged)
        if found.get("code") == "EDITED_SINCE":
            kept = [{"field": one["field"], "choice": "KEEP"} for one in found["edits"]]
            found = await do(merged, resolutions=kept)
        if "survivor" in found:
            self.merges.remove(merged)
        else:
            assert found["code"] == "CONFLICT"
            assert await self._is_beneath(merged), found

    async def _is_beneath(self, merged: dict[str, Any]) -> bool:
        entries = await self.store.find(MERGES, {})
        (mine,) = [one for one in entries if global_id("Merge", one["_id"]) == merged["merge"]["id"]]
        survivor = await self.store.first(CUSTOMERS, {"_id": mine["survivor_id"]})
        return bool(survivor and survivor.get("merged_into"))


@pytest.mark.parametrize("seed", range(SEQUENCES))
async def test_given_back(ask: Asking, make: Makers, merge: Do, unmerge: Do, seed: int) -> None:
    """However often customers were merged, edited and put back: in the end each holds what is its own, and no more."""
    world = _World(ask, make, Random(seed))
    await definition(make, "tier")
    await world.fill()
    steps = {"merge": lambda: world.merge(merge), "edit": world.edit, "undo": lambda: world.undo(unmerge)}
    steps["bring"] = world.bring
    for name in world.dice.choices(list(steps), weights=(3, 2, 2, 3), k=14):
        await steps[name]()
    while world.merges:
        await world.undo(unmerge)
    for key, twin in world.twins.items():
        assert _differences(await world.document(key), await world.document(twin)) == {}


def _differences(document: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Where two documents of a customer differ, but for what every change writes anew, and the order of lists."""
    names = (set(document) | set(expected)) - _TOUCHED
    pairs = {name: (_plain(document.get(name)), _plain(expected.get(name))) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(({**one, "id": None} if isinstance(one, Mapping) else one for one in value), key=repr)
