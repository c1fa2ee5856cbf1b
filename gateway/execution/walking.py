"""Whose personal values does this answer show? A walk along its trails (trails.py)."""

from collections.abc import Callable
from typing import Any, Final

from adapters.records import RecordId
from gateway.execution.trails import MARK, Step, Trail
from gateway.execution.witnessing import Witnesses
from resolvers.kit.context import Context
from resolvers.kit.personal import CARRIED, Owners


class Person:
    """Those whose values stand in one part of an answer, and whether any was found."""

    __slots__ = ("is_shown", "owners")

    def __init__(self, owners: Owners) -> None:
        self.owners = owners
        self.is_shown = False


NOBODY: Final = Person(())
"""Whoever stands around an answer."""


class Walk:
    """One walk through an answer."""

    def __init__(self, witnesses: Witnesses, personal_now: frozenset[str]) -> None:
        self._witnesses = witnesses
        self.personal_now = personal_now
        """Stored paths that the administrators made personal."""
        self._people: list[Person] = []
        self.fields: set[str] = set()
        self.unowned: dict[str, set[RecordId]] = {}
        """Things that were shown and do not tell whose they are: ids by type."""

    @property
    def customers(self) -> set[RecordId]:
        """Whose values were found."""
        return {key for one in self._people if one.is_shown for key in one.owners}

    def along(self, trail: Trail, shown: dict[str, Any], person: Person = NOBODY) -> None:
        """Walks through one object of the answer, and takes the marks away."""
        source = None
        if trail.is_marked:
            source = self.source(shown)
            person = self.person(trail, source, person)
        for key, name, only_if in trail.leaves:
            value = shown.get(key)
            if value is not None and value != [] and (only_if is None or only_if in self.personal_now):
                self.found(name, person, trail, source)
        for key in trail.carried:
            name = getattr(source, CARRIED)
            if name is not None and shown.get(key) is not None:
                self.found(name, person, trail, source)
        for step in trail.steps:
            value = shown.get(step.key)
            if value is not None:
                self.below(step, value, person)

    def below(self, step: Step, value: Any, person: Person) -> None:
        """Walks through what stands at a field."""
        if value.__class__ is list:
            for one in value:
                if one is not None:
                    self.below(step, one, person)
            return
        trail = step.trail or step.trails.get(self.kind(value))
        if trail is not None:
            self.along(trail, value, person)

    def kind(self, shown: dict[str, Any]) -> type[Any]:
        """The class of the object of which this is answered; the mark stays."""
        found = shown.get(MARK)
        return type(self._witnesses.of(shown) if found is None else found)

    def source(self, shown: dict[str, Any]) -> Any:
        """The object of which this is answered, the mark taken away."""
        found = shown.pop(MARK, None)
        return self._witnesses.of(shown) if found is None else found

    def person(self, trail: Trail, source: Any, around: Person) -> Person:
        """Whose the object's values are: a customer's own, or those of whoever stands around it."""
        kind = trail.kind
        if kind.whose is None or source is None or (around.owners and not kind.is_person and not kind.is_particular):
            return around
        owners = kind.whose(source)
        if not owners:
            return around
        found = Person(owners)
        self._people.append(found)
        return found

    def found(self, name: str, person: Person, trail: Trail, source: Any) -> None:
        """Takes note of one value."""
        self.fields.add(name)
        if person is not NOBODY:
            person.is_shown = True
        elif hasattr(source, "key"):
            self.unowned.setdefault(trail.type_name, set()).add(source.key)


Walked = Callable[[dict[str, Any], Person, Walk], None]
"""Walks along one trail through what is answered, with whoever stands around it."""


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
        walked(data, NOBODY, walk)
    customers = walk.customers
    for name, keys in walk.unowned.items():
        if name in declared.holders:
            found = await declared.holders[name](context, list(keys))
            customers |= {one for some in found.values() for one in some}
    context.delivered.showed(walk.fields, customers)
