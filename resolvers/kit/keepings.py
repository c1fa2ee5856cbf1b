"""What is kept, with the type of the graph that shows it?"""

from dataclasses import dataclass
from typing import Any

from adapters.contract.channel import Capability
from adapters.records import Part, Record
from resolvers.kit.stored import Reader, reader_of
from resolvers.kit.viewer import Roles


@dataclass(frozen=True, slots=True)
class Keeping:
    """A stored thing with the type that shows it."""

    what: Record | Part
    cls: type[Any]
    may: Roles
    is_entity: bool = False
    live: Capability | None = None
    """By which capability of a channel such things are asked for at the moment of a question."""

    @property
    def record(self) -> Record:
        """The record; raises TypeError where it is a part of the customer's document."""
        if not isinstance(self.what, Record):
            raise TypeError(f"{self.cls.__name__} stands in the customer's document and has no collection.")
        return self.what

    @property
    def reader(self) -> Reader:
        """Makes the type's objects from stored documents."""
        return reader_of(self.cls)
