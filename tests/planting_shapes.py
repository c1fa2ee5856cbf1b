"""Every record of the house, with a mark wherever it has room for words."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, SecretStr

import adapters
import gateway
import resolvers
from adapters.quiet import SHOWN

MARK = "zqxvjwkhaoutside"
# What a field must be of by its annotation to be able to hold what somebody said.
_HOLDS_WORDS = ("str", "bytes", "Any", "~")


def records_of_the_house() -> Iterator[type]:
    """Every dataclass, named tuple, model and type of the graph that a module of the house defines."""
    for package in (adapters, resolvers, gateway):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield from _defined_in(importlib.import_module(found.name))


def _defined_in(module: ModuleType) -> Iterator[type]:
    for one in vars(module).values():
        if isinstance(one, type) and one.__module__ == module.__name__ and fields_of(one):
            yield one


def fields_of(cls: Any) -> Mapping[str, str]:
    """The fields of a record with what they may hold; none for other classes."""
    if dataclasses.is_dataclass(cls):
        return {one.name: _words(one.type) for one in dataclasses.fields(cls)}
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return {name: _words(one) for name, one in get_type_hints(cls).items()}
    if issubclass(cls, BaseModel):
        return {name: _words(one.annotation) for name, one in cls.model_fields.items()}
    return {}


def _words(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and "[" not in str(annotation) else str(annotation)


def planted(cls: Any) -> Any:
    """An object of the class, whose fields that have room for words hold the mark, each in its own way."""
    values = {name: _planted(name, holds) for name, holds in fields_of(cls).items()}
    if issubclass(cls, tuple):
        return cls._make(values.values())
    if issubclass(cls, BaseModel):
        return cls.model_construct(**values)
    made = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _planted(name: str, holds: str) -> Any:
    if "SecretStr" in holds:
        return SecretStr(MARK)
    if name in SHOWN or not any(word in holds for word in _HOLDS_WORDS):
        return None
    return {MARK: MARK} if "Mapping" in holds or "dict" in holds else MARK
