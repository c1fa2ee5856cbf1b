"""Which attributes of the customer schema does a mapping define, so that its columns have somewhere to go?"""

from collections.abc import Mapping
from typing import Any

from adapters.hints import did_you_mean
from adapters.records import Document
from adapters.targets import Kind
from resolvers.attribute_rules import AttributeType, checked, rule_broken
from resolvers.attribute_schema import definition_document

_TEXT_TYPES = frozenset(AttributeType) - {AttributeType.BOOLEAN, AttributeType.NUMBER, AttributeType.DATE}

ATTRIBUTE_KINDS: Mapping[str, Kind] = {
    **{one.value: Kind.TEXT for one in _TEXT_TYPES},
    AttributeType.BOOLEAN.value: Kind.FLAG,
    AttributeType.NUMBER.value: Kind.NUMBER,
    AttributeType.DATE.value: Kind.DAY,
}
"""How the values of an attribute are read, by its type."""

_RULES: Mapping[str, type[Any]] = {
    "label": str,
    "category": str,
    "order": int,
    "is_required": bool,
    "max_length": int,
    "pattern": str,
    "choices": list,
    "is_personal": bool,
    "is_searchable": bool,
    "is_channel_identifier": bool,
    "identifies_on": list,
    "matching_role": str,
}
_KEYS = ("name", "type", "default", *_RULES)


def attribute_definition(stated: Mapping[str, Any], where: str, problems: list[str]) -> Document | None:
    """The definition as it is stored; None where something is wrong, which is then among the problems."""
    before = len(problems)
    for key, value in stated.items():
        if key not in _KEYS:
            problems.append(f"{where}: {key!r} is no rule of an attribute.{did_you_mean(key, _KEYS)}")
        elif key in _RULES and type(value) is not _RULES[key]:
            problems.append(f"{where}, {key}: {value!r} is not of the kind {_RULES[key].__name__}.")
        elif isinstance(value, list) and not all(isinstance(one, str) for one in value):
            problems.append(f"{where}, {key}: {value!r} holds more than texts. Put each in quotation marks.")
    name, kind = stated.get("name"), stated.get("type", AttributeType.STRING.value)
    if not isinstance(name, str):
        problems.append(f"{where}: needs a `name`, as loyaltyTier.")
    if kind not in AttributeType.__members__:
        problems.append(f"{where}, type: {kind!r} is none.{did_you_mean(str(kind), AttributeType.__members__)}")
    if len(problems) > before:
        return None
    rules = {key: value for key, value in stated.items() if key not in {"name", "type", "label"}}
    document = definition_document(
        name=str(name), label=stated.get("label", str(name)), type=AttributeType(kind), **rules
    )
    broken = rule_broken(document)
    if broken:
        problems.append(f"{where}: {broken[1]}")
        return None
    default = document["default"]
    return {**document, "default": None if default is None else checked(document, default)}
