"""What comes of a vendor's list: which of its members are read, and which are told as unread?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adapters.contract.errors import BadPayload
from adapters.contract.found import Unread
from adapters.contract.records import HandedOver
from adapters.payload import reason
from adapters.quiet import quiet

Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], value: Any) -> Model:
    """The value as those words; raises BadPayload, which names places and quotes nothing."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadPayload(reason(error)) from None
    except RecursionError as error:
        raise BadPayload("the payload is nested too deeply") from error


@quiet
@dataclass(slots=True)
class Readings:
    """What came of a list: each of its members is read, or is unread."""

    named: Callable[[str, Any], str]
    """Which member it was, by its kind and the vendor's id; never a personal value."""
    records: list[HandedOver] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def take(self, kind: str, values: Iterable[Any], reading: Callable[[Any], Iterable[HandedOver]]) -> None:
        """Adds what is read of each of the values, one after the other."""
        for value in values:
            try:
                # One by one: what was read of it before something unreadable stays.
                for record in reading(value):
                    self.records.append(record)
            except BadPayload as error:
                self.unread.append(Unread(what=self.named(kind, value), why=error.reason))
