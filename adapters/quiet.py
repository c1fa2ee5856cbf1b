"""How does a record show itself, so that no value of a person and no secret comes out by way of its `repr`?

What shows itself stands in tracebacks, in the words of errors and in lines of logs that nobody meant to fill with it.
Records that hold what people are and say are made with `@quiet` above `@dataclass`, or, where nobody would look for
their shape, with `repr=False`.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeVar

C = TypeVar("C", bound=type)

SHOWN: Final = frozenset({"channel", "account"})
"""Fields whose values are shown: the company's own names of where it serves people."""


def quiet(cls: C) -> C:
    """The class, whose objects show their kind, which of their fields are filled, and of what channel account."""
    cls.__repr__ = _shown  # type: ignore[assignment, method-assign]
    # A model shows its fields in both ways.
    if hasattr(cls, "model_fields"):
        cls.__str__ = _shown  # type: ignore[assignment, method-assign]
    return cls


def written_out(value: Any) -> Any:
    """All that a record holds, as plain tuples and mappings: equal for equal records, and never for a log."""
    if isinstance(value, tuple):
        return (type(value).__name__, *map(written_out, value))
    if isinstance(value, Mapping):
        return {key: written_out(one) for key, one in value.items()}
    if is_dataclass(value):
        return (type(value).__name__, *(written_out(getattr(value, one.name)) for one in fields(value)))
    return value


def _shown(self: Any) -> str:
    told = [type(self).__qualname__]
    for name in _names(type(self)):
        value = getattr(self, name, None)
        if name in SHOWN and isinstance(value, str):
            told.append(f"{name}={value!r}")
        elif value is not None and value not in ((), {}):
            told.append(name)
    return f"<{' '.join(told)}>"


def _names(cls: Any) -> list[str]:
    """The names of the fields of a dataclass, a named tuple or a model."""
    if is_dataclass(cls):
        return [one.name for one in fields(cls)]
    return list(getattr(cls, "_fields", ()) or cls.model_fields)
