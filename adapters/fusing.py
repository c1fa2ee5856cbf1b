"""How do several loads become one command?

Loads for the same owners stand side by side in one aggregation over the whole database: what is joined hangs on one
document per owner, and what is swept is united with those. Each document says in `_sweep` which sweep found it.
"""

from collections.abc import Sequence
from typing import Any

from adapters.loads import UNREAD, Join, Load
from adapters.records import Document, RecordId

_SWEEP = "_sweep"


class Fusion:
    """The aggregation that answers several loads, whose owners are the same."""

    def __init__(self, loads: Sequence[Load], *, may_sweep: bool = True) -> None:
        self._loads = loads
        self._swept = [load.sweeps() if may_sweep else () for load in loads]
        joined = [(f"l{n}", load) for n, load in enumerate(loads) if not self._swept[n]]
        self.pipeline = [*_joining(joined), *self._unions()]

    def answers(self, found: Sequence[dict[str, Any]]) -> list[list[Any]]:
        """Each load's answers in the order of its owners; UNREAD stands where a sweep came to its bound."""
        by_sweep: list[list[dict[str, Any]]] = [[] for sweeps in self._swept for _ in sweeps]
        of_owners: list[dict[str, Any]] = []
        for one in found:
            number = one.pop(_SWEEP, None)
            (of_owners if number is None else by_sweep[number]).append(one)
        of_owners.sort(key=lambda one: int(one["n"]))
        sweeps = iter(by_sweep)
        answers = []
        for n, (load, swept) in enumerate(zip(self._loads, self._swept, strict=True)):
            if swept:
                answers.append(load.gathered([next(sweeps) for _ in swept]))
            else:
                answers.append([load.read(one[f"l{n}"]) for one in of_owners])
        return answers

    def _unions(self) -> list[Document]:
        flat = [sweep for sweeps in self._swept for sweep in sweeps]
        return [
            {"$unionWith": {"coll": sweep.record.name, "pipeline": [*sweep.stages, {"$set": {_SWEEP: n}}]}}
            for n, sweep in enumerate(flat)
        ]


def rest_of(load: Load, answers: Sequence[Any]) -> Load | None:
    """What is still to be read, for the owners whom a sweep did not come to; None where it came to all."""
    if UNREAD not in answers:
        return None
    return load.of([owner for owner, answer in zip(load.owners, answers, strict=True) if answer is UNREAD])


def completed(answers: Sequence[Any], rest: Sequence[Any]) -> list[Any]:
    """The answers with those of the rest in their places."""
    others = iter(rest)
    return [next(others) if answer is UNREAD else answer for answer in answers]


def _joining(loads: Sequence[tuple[str, Load]]) -> list[Document]:
    """The stages that hang what each load joins on a document per owner."""
    if not loads:
        return [{"$documents": []}]
    ids: list[list[Sequence[RecordId]]] = []
    lookups: list[Document] = []
    shown: dict[str, Any] = {"n": 1}
    for name, load in loads:
        for join in load.joins(name):
            of_owners = [owner[join.record.name] for owner in load.owners]
            if of_owners not in ids:
                ids.append(of_owners)
            lookups.append(_lookup(join, f"i{ids.index(of_owners)}"))
        shown[name] = load.shown(name)
    (_, first), *_ = loads
    documents = [
        {"n": n, **{f"i{k}": list(column[n]) for k, column in enumerate(ids)}} for n in range(len(first.owners))
    ]
    return [{"$documents": documents}, *lookups, {"$project": shown}]


def _lookup(join: Join, ids: str) -> Document:
    lookup = {"from": join.record.name, "localField": ids, "foreignField": join.owner_field, "as": join.name}
    return {"$lookup": lookup | ({"pipeline": list(join.stages)} if join.stages else {})}
