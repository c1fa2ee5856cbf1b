"""How common is each value among the customers, as the last scan counted it?"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from adapters.held import Held, of_latest
from adapters.mongo import Store
from adapters.records import Document, Record
from resolvers.attribute_rules import MatchingRole
from resolvers.kit.slice import Slice
from resolvers.matching import Base, Digests, Families, Kind, Level, common_values

BASE = Record(name="matching_base", customer=None, key=("part",), is_held=True)
"""How often values stand among the customers, as the last scan counted them: one document a role, one of sizes,
and one of what identifiers and shared homes tell."""

SLICE = Slice("matching_base", unshown=[BASE])

# What a scan from before anything was learned has left.
_NOTHING_LEARNED: Document = {"kinds": (), "families": {"doubles": {}, "relatives": {}}}

_SIZES = "sizes"
_LEARNED = "learned"
N = TypeVar("N", int, float)


async def keep_base(store: Store, base: Base, at: datetime) -> None:
    """Keeps how often values stand among the customers, so that who is met later is weighed by it."""
    sizes = {"size": base.size, "doubles": base.doubles, "relatives": base.relatives, "people": base.people}
    parts: list[Document] = [{"part": _SIZES, **sizes, "at": at}]
    parts += [{"part": role.value, "counts": counts, "at": at} for role, counts in common_values(base).items()]
    parts.append({"part": _LEARNED, **_learned(base), "at": at})
    await store.upsert(BASE, [(BASE.id_of(one), {"$set": one}) for one in parts])


def _learned(base: Base) -> Document:
    kinds = [
        {
            "kind": name,
            "doubles": _named(kind.doubles),
            "relatives": _named(kind.relatives),
            "strangers": _named(kind.strangers),
        }
        for name, kind in base.kinds.items()
    ]
    families = {"doubles": _named(base.families.doubles), "relatives": _named(base.families.relatives)}
    return {"kinds": kinds, "families": families}


def _named(levels: Mapping[Level, float]) -> Document:
    return {level.name: told for level, told in levels.items()}


def _levels(named: Mapping[str, N]) -> Mapping[Level, N]:
    return {Level[name]: told for name, told in named.items()}


async def base_of_now(store: Store) -> Base:
    """What the last scan counted, which is held."""
    return _base(await store.held.all(BASE))


@of_latest
def _base(held: Held) -> Base:
    parts = {one["part"]: one for one in held.values()}
    if _SIZES not in parts:
        return Base()
    sizes = {name: parts[_SIZES][name] for name in ("size", "doubles", "relatives", "people")}
    counts = {role: Digests(parts[role.value]["counts"]) for role in MatchingRole if role.value in parts}
    learned = parts.get(_LEARNED, _NOTHING_LEARNED)
    kinds = {
        one["kind"]: Kind(_levels(one["doubles"]), _levels(one["relatives"]), _levels(one["strangers"]))
        for one in learned["kinds"]
    }
    families = Families(_levels(learned["families"]["relatives"]), _levels(learned["families"]["doubles"]))
    return Base(**sizes, counts=counts, kinds=kinds, families=families)
