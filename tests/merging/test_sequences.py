"""Are any customers given back whole, whatever was merged, edited, told of and undone in whatever order?"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest
from strawberry.utils.str_converters import to_camel_case

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.attributes import definitions
from resolvers.contact_rules import settled, with_ids
from resolvers.customers import CUSTOMERS, following
from resolvers.dismissing import are_apart
from resolvers.identities import IDENTITIES
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.merging.joining import CLEARED, put
from resolvers.merging.ledger import MERGES
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import definition, double
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import Do
from tests.taking_in import bring, outcomes

# Each takes a fifth of a second.
SEQUENCES = 300 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 15

# What every change of a record writes anew.
_TOUCHED = {"_id", "version", "own_since", "changed", "updated_at", "updated_by", "removed"}
_NAMES = ("firstName", "lastName", "tier")
_WORDS = ("Ann", "Bea", "Cleo")
# What can be removed, and by what it is named.
_TOLD_BY = {"tags": "word", "custom_data": "name", "contact_points": "value"}
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
        self.corrected: set[str] = set()
        """What was corrected or removed, by the word, name or address: no source says it again."""
        self.removed: dict[tuple[RecordId, str, str], set[RecordId]] = {}
        """What people removed of whom, and the merges by which it had come: each of them tells it."""
        self.parted: set[tuple[RecordId, RecordId]] = set()
        """Of whom people said, by undoing a merge, that they are two."""
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
        await self.make.identity(one, "chat", value)
        await self.store.update(
            IDENTITIES, {"customer_id": one.key, "channel": "chat"}, {"$set": {"claim": "ASSERTED"}}
        )
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

    async def correct(self) -> None:
        """Corrects an address that one alone of those has who are one customer: whose it is, it is corrected for."""
        found = await self._address()
        if found is None:
            return
        survivor, holder, value = found
        self.counted += 1
        self.corrected.add(value)
        seen = {"observed_from": "staff", "observed_at": self.make.moment(), "observed_by": "agent"}
        new = {"value": f"c{self.counted}@example.com", "is_verified": False, **seen}
        for key in (survivor, self.twins[holder]):
            await self._set_points(key, lambda one: {**one, **(new if one["value"] == value else {})})

    async def choose(self) -> None:
        """Makes an address the primary one that came along: of nobody's own it is said that it is."""
        found = await self._address()
        if found is None or found[0] == found[1]:
            return
        survivor, _, value = found
        await self._set_points(survivor, lambda one: {**one, "is_primary": one["value"] == value})

    async def _address(self) -> tuple[RecordId, RecordId, str] | None:
        """A customer with an address, and the one of those who went into that one whose it is."""
        survivor = self.dice.choice(await self.speaking()).key
        alone = await self._alone(await self.document(survivor), "contact_points")
        if not alone:
            return None
        value = self.dice.choice(sorted(alone))
        return survivor, alone[value], value

    async def _alone(self, document: Mapping[str, Any], part: str) -> dict[str, RecordId]:
        """The names of a customer's entries that one alone has of those who went into that one, and whose they are."""
        by = _TOLD_BY[part]
        there = [document["_id"], *(one["id"] for one in document.get("aliases", ()))]
        held = {key: {one[by] for one in (await self.document(self.twins[key])).get(part, ())} for key in there}
        holders = {one[by]: [key for key in there if one[by] in held[key]] for one in document.get(part, ())}
        return {name: keys[0] for name, keys in holders.items() if len(keys) == 1}

    async def _set_points(self, key: RecordId, said: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        document = await self.document(key)
        points = with_ids(key, document["contact_points"])
        document["contact_points"] = [said(dict(one)) for one in points]
        await self.store.replace(CUSTOMERS, [document | following(document, self.known)])

    async def remove(self) -> None:
        """Removes an entry that one alone of those has who are one customer: it is gone for that one in the end."""
        survivor = self.dice.choice(await self.speaking()).key
        document = await self.document(survivor)
        part = self.dice.choice(sorted(_TOLD_BY))
        alone = await self._alone(document, part)
        # Who leads then is another question.
        led = {one[_TOLD_BY[part]] for one in document.get(part, ()) if one.get("is_primary")}
        there = sorted(set(alone) - led)
        if not there:
            return
        name = self.dice.choice(there)
        self.corrected.add(name)
        for key in (survivor, self.twins[alone[name]]):
            await self._take_off(key, part, name)
        if alone[name] != survivor:
            self.removed[(alone[name], part, name)] = await self._way_up(alone[name])

    async def _way_up(self, key: RecordId) -> set[RecordId]:
        """The merges that hold and by which somebody came to the customer who speaks now."""
        document = await self.document(key)
        way: set[RecordId] = set()
        while document.get("merge_id"):
            way.add(document["merge_id"])
            entry = await self.store.first(MERGES, {"_id": document["merge_id"]}) or {}
            document = await self.document(entry["survivor_id"])
        return way

    async def _take_off(self, key: RecordId, part: str, name: str) -> None:
        document = await self.document(key)
        entries = document[part] if part != "contact_points" else with_ids(key, document[part])
        mark = f"EMAIL:{name}" if part == "contact_points" else name
        left = [one for one in entries if one[_TOLD_BY[part]] != name]
        document[part] = settled(left) if part == "contact_points" else left
        removed = document.get("removed", {})
        document["removed"] = {**removed, part: [*removed.get(part, ()), mark]}
        await self.store.replace(CUSTOMERS, [document | following(document, self.known)])

    async def prove(self) -> None:
        """Verifies somebody's account or takes it off: of one who went into another, that is put back in the end."""
        n = self.dice.randrange(len(self.people))
        one, name = self.people[n].key, self.dice.choice(("verifyIdentity", "unlinkIdentity"))
        is_own = not (await self.document(one)).get("merged_into")
        for key in [one, self.twins[one]] if is_own else [one]:
            identity = await self.store.first(IDENTITIES, {"customer_id": key, "channel": "chat"})
            if identity:
                await change(self.ask, name, "__typename", id=global_id("Identity", identity["_id"]))

    async def bring(self) -> None:
        """Has the source say something of one of them, whoever that one is by now, and the same again."""
        n = self.dice.randrange(len(self.people))
        known = self.rows.get(self.people[n].key)
        row = known if known and self.dice.random() < 0.3 else self._row()
        row = replace(
            row,
            reaches=tuple(one for one in row.reaches if one.value not in self.corrected),
            tags=tuple(one for one in row.tags if one not in self.corrected),
            custom_data={name: one for name, one in row.custom_data.items() if name not in self.corrected},
        )
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

    async def suggest(self) -> None:
        """Has two be suggested who are customers of their own, as somebody found them who asked."""
        there = await self.speaking()
        if len(there) > 1:
            one, other = sorted(each.key for each in self.dice.sample(there, 2))
            pair = {"one_id": one, "other_id": other}
            known = await self.store.first(PAIRS, {"_id": PAIRS.id_of(pair)})
            if known is None and frozenset(pair.values()) not in await self.told_apart():
                await double(self.make, **pair, bits=self.dice.random())

    async def dismiss(self) -> None:
        """Says of two who are suggested that they are two."""
        standing = await self.store.find(PAIRS, {"is_dismissed": False}, order=[("_id", 1)])
        if standing:
            pair = self.dice.choice(standing)
            key = global_id("DuplicateSuggestion", pair["_id"])
            assert "suggestion" in await change(self.ask, "dismissDuplicate", "suggestion { id }", id=key)
            self.parted.add((pair["one_id"], pair["other_id"]))

    async def told_apart(self) -> set[frozenset[RecordId]]:
        """Of whom somebody said that they are two, each by the one who speaks for them now."""
        found = {key: (await self.document(key)).get("merged_into", key) for pair in self.parted for key in pair}
        return {frozenset((found[one], found[other])) for one, other in self.parted}

    async def require_standing(self) -> None:
        """Suggestions stand of customers of their own alone, and of none who were told apart."""
        standing, apart = await self.store.find(PAIRS, {"is_dismissed": False}), await self.told_apart()
        there = {one.key for one in await self.speaking()}
        for ends in (frozenset((one["one_id"], one["other_id"])) for one in standing):
            assert ends <= there
            assert ends not in apart

    async def undo(self, do: Do) -> None:
        """Undoes one of the merges; what was edited since stays. Beneath a later merge nothing is undone."""
        if not self.merges:
            return
        merged = self.dice.choice(self.merges)
        parted = await self._parted(merged)
        key = (await self._entry(merged))["_id"]
        removed = {to_camel_case(part) for (_, part, _), way in self.removed.items() if key in way}
        found = await do(merged)
        told = {one["field"] for one in found.get("edits", ())}
        if "survivor" in found or told:
            assert removed == told & {*removed, "tags", "customData"}
        if found.get("code") == "EDITED_SINCE":
            ways = {"contactPoints": "GIVE_BACK", "identities": "RESTORE"}
            fields = [one["field"] for one in found["edits"]]
            said = [{"field": one, "choice": ways.get(one.partition(".")[0], "KEEP")} for one in fields]
            found = await do(merged, resolutions=said)
        if "survivor" in found:
            self.merges.remove(merged)
            for way in self.removed.values():
                way.discard(key)
            self.parted |= parted
        else:
            assert found["code"] == "CONFLICT"
            assert await self._is_beneath(merged), found

    async def _parted(self, merged: dict[str, Any]) -> set[tuple[RecordId, RecordId]]:
        """Those who came by a merge, each with everyone who stays."""
        mine = await self._entry(merged)
        aliases = (await self.document(mine["survivor_id"])).get("aliases", ())
        gone = {one["id"] for one in aliases if one["merge_id"] == mine["_id"]}
        stay = {mine["survivor_id"], *(one["id"] for one in aliases)} - gone
        return set(product(gone, stay))

    async def _entry(self, merged: dict[str, Any]) -> Mapping[str, Any]:
        entries = await self.store.find(MERGES, {})
        (mine,) = [one for one in entries if global_id("Merge", one["_id"]) == merged["merge"]["id"]]
        return mine

    async def _is_beneath(self, merged: dict[str, Any]) -> bool:
        mine = await self._entry(merged)
        survivor = await self.store.first(CUSTOMERS, {"_id": mine["survivor_id"]})
        return bool(survivor and survivor.get("merged_into"))


@pytest.mark.parametrize("seed", range(SEQUENCES))
async def test_given_back(ask: Asking, make: Makers, merge: Do, unmerge: Do, store: Store, seed: int) -> None:
    """However often customers were merged, edited and put back: in the end each holds what is its own, and no more."""
    world = _World(ask, make, Random(seed))
    await definition(make, "tier")
    await world.fill()
    steps = {"merge": lambda: world.merge(merge), "edit": world.edit, "undo": lambda: world.undo(unmerge)}
    steps |= {"bring": world.bring, "correct": world.correct, "choose": world.choose, "prove": world.prove}
    steps |= {"remove": world.remove, "suggest": world.suggest, "dismiss": world.dismiss}
    for name in world.dice.choices(list(steps), weights=(4, 2, 2, 3, 2, 1, 2, 3, 4, 1), k=21):
        await steps[name]()
        await world.require_standing()
    while world.merges:
        await world.undo(unmerge)
    for key, twin in world.twins.items():
        assert _differences(await world.document(key), await world.document(twin)) == {}
        assert await _claims(store, key) == await _claims(store, twin)
    for pair in world.parted:
        assert await are_apart(store, pair)


async def _claims(store: Store, key: RecordId) -> list[tuple[str, str]]:
    found = await store.find(IDENTITIES, {"customer_id": key})
    return sorted((one["channel"], one["claim"]) for one in found)


def _differences(document: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Where two documents of a customer differ, but for what every change writes anew, and the order of lists."""
    names = (set(document) | set(expected)) - _TOUCHED
    pairs = {name: (_plain(document.get(name) or None), _plain(expected.get(name) or None)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(({**one, "id": None} if isinstance(one, Mapping) else one for one in value), key=repr)
