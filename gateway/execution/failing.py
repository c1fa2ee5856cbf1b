"""What do errors make of an answer: which of them are told, and what is null because of them?

Errors are told in the order in which they happened, and those of one moment in the order of the answer. The error of
a field that may not be null makes null of the nearest object, item or field around it that may be, and of what happens
in there afterwards nothing is told any more. That is how graphql-core does it (GraphQL specification, 6.4.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from graphql import GraphQLError

Place = tuple[int, ...]
"""Where something stands in the answer: the places of fields in their selections and of items in their lists."""


class Spot(Protocol):
    """An object of the answer, from which a null may climb."""

    def place(self) -> Place:
        """Where it stands."""

    def nullify(self) -> Place | None:
        """Makes null of what must be, the object's error being its own; answers its place, None for the whole."""

    def is_all(self) -> bool:
        """Whether a null climbs from here to the whole answer."""


@dataclass(slots=True, repr=False)
class Failure:
    """What went wrong at one field of one object."""

    moment: int
    """When it happened: what one waiting brought has one moment."""
    spot: Spot
    field_place: int
    told: Sequence[GraphQLError] = ()
    """Errors that were settled where they happened."""
    climbing: GraphQLError | None = None
    """The error that makes null of the object, the field being one that may not be."""


@dataclass(slots=True)
class Failures:
    """The failures of one execution."""

    found: list[Failure] = field(default_factory=list)

    def settle(self) -> tuple[list[GraphQLError], bool]:
        """The errors to tell, in order, and whether the whole answer is null; nulls are put where they belong."""
        errors: list[GraphQLError] = []
        gone: set[Place] = set()
        placed = [((*one.spot.place(), one.field_place), one) for one in self.found]
        ordered = sorted(placed, key=lambda pair: (pair[1].moment, pair[0]))
        for place, failure in ordered:
            if any(place[:length] in gone for length in range(1, len(place) + 1)):
                continue
            errors += failure.told
            if failure.climbing is not None:
                errors.append(failure.climbing)
                nulled = failure.spot.nullify()
                if nulled is None:
                    return errors, True
                gone.add(nulled)
        return errors, False
