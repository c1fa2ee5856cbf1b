"""What of a person can be taken in where nobody can mend what was handed over: without numbers that are none?"""

from dataclasses import replace
from typing import Any

from adapters.contract.records import Person, Reach, Who
from resolvers.attribute_rules import checked
from resolvers.ingest.parts import canonical_reach
from resolvers.ingest.report import NotTaken, Visit

_REACHES = frozenset({"PHONE", "EMAIL"})
_TYPES = {"PHONE_NUMBER": "phone number", "EMAIL": "e-mail address"}


def readable(person: Person, visit: Visit) -> tuple[Person, tuple[str, ...]]:
    """The person without the phone numbers and addresses that can be none, and what is told of each of those."""
    notes: list[str] = []
    reaches = tuple(one for one in person.reaches if _is_reach(one, person.who, visit, notes))
    attributes = {name: value for name, value in person.attributes.items() if _is_value(name, value, visit, notes)}
    return (replace(person, reaches=reaches, attributes=attributes) if notes else person), tuple(notes)


def _is_reach(reach: Reach, who: Who, visit: Visit, notes: list[str]) -> bool:
    if reach.type in _REACHES:
        try:
            canonical_reach(reach, who, visit.default_region)
        except NotTaken as error:
            notes.append(f"{error} It was left out.")
            return False
    return True


def _is_value(name: str, value: Any, visit: Visit, notes: list[str]) -> bool:
    definition = visit.definitions.get(name)
    if value is not None and definition is not None and definition["type"] in _TYPES:
        try:
            checked(definition, value, visit.default_region)
        except ValueError:
            notes.append(f"{name!r} cannot hold its value, which is no {_TYPES[definition['type']]}. It was left out.")
            return False
    return True
