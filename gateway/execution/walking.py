"""Whose personal values does this answer show? A walk along its trails (trails.py)."""

from collections.abc import Callable
from typing import Any, Final

from adapters.records import RecordId
from gateway.execution.trails import MARK, Step, Trail
from gateway.execution.witnessing import Witnesses
from resolvers.kit.context import Context
from resolvers.kit.personal import CARRIED, Owners

NOBODY: Final[Owners] = ()
"""Whoever stands around an answer."""


class Walk:
    """One walk through an answer."""

    def __init__(self, witnesses: Witnesses, personal_now: frozenset[str]) -> None:
        self.seen = witnesses.of
        self.personal_now = personal_now
        """Stored paths that the administrators made personal."""
        self.fields: set[str] = set()
        """Names of the values that were found."""
        self.customers: list[RecordId] = []
        """Whose they are; some more than once."""
        self.unowned: dict[str, set[RecordId]] = {}
        """Things that were shown and do not tell whose they are: ids by type."""

    def along(self, trail: Trail, shown: dict[str, Any], around: Owners = NOBODY) -> None:
        """Walks through one object of the answer, and takes the marks away.

        Of an answer in parts something may never have come.
        """
        source = None
        if trail.is_marked:
            source = shown.pop(MARK, None) or self.seen(shown)
        owners = owners_of(trail, source, around)
        found = [
            name
            for key, name, only_if in trail.leaves
            if is_shown(shown.get(key)) and (only_if is None or only_if in self.personal_now)
        ]
        carried = getattr(source, CARRIED) if trail.carried else None
        if carried is not None and any(shown.get(key) is not None for key in trail.carried):
            found.append(carried)
        if found:
            self.fields.update(found)
            self.customers += owners
            if not owners:
                self.found_unowned(trail, source)
        for step in trail.steps:
            if (value := shown.get(step.key)) is not None:
                self.below(step, value, owners)

    def below(self, step: Step, value: Any, owners: Owners) -> None:
        """Walks through what stands at a field."""
        if value.__class__ is list:
            for one in value:
                if one is not None:
                    self.below(step, one, owners)
            return
        # The mark stays: whoever walks along the trail takes it.
        trail = step.trail or step.trails.get((value.get(MARK) or self.seen(value)).__class__)
        if trail is not None:
            self.along(trail, value, owners)

    def found_unowned(self, trail: Trail, source: Any) -> None:
        """Takes note that a value was shown of an object around which nobody stands."""
        if hasattr(source, "key"):
            self.unowned.setdefault(trail.type_name, set()).add(source.key)


def owners_of(trail: Trail, source: Any, around: Owners) -> Owners:
    """Whose the object's values are: a customer's own, or those of whoever stands around it."""
    kind = trail.kind
    if kind.whose is None or source is None or (around and not kind.is_person and not kind.is_particular):
        return around
    return kind.whose(source) or around


def is_shown(value: Any) -> bool:
    """Whether the value of a field shows anything."""
    return value is not None and value != []


Walked = Callable[[dict[str, Any], Walk], None]
"""Walks along one trail through what is answered."""


async def note_delivered(
    trail: Trail, data: dict[str, Any], context: Context, seen: Witnesses, *, walked: Walked | None = None
) -> None:
    """Takes note of what an answer shows, and takes the marks away. `walked`: the function made for the trail."""
    declared = context.declared
    personal_now: frozenset[str] = frozenset()
    if trail.is_conditional:
        for read in declared.also_personal:
            personal_now |= await read(context)
    walk = Walk(seen, personal_now)
    if walked is None:
        walk.along(trail, data)
    else:
        walked(data, walk)
    customers = set(walk.customers)
    for name, keys in walk.unowned.items():
        if name in declared.holders:
            found = await declared.holders[name](context, list(keys))
            customers |= {one for some in found.values() for one in some}
    context.delivered.showed(walk.fields, customers)
