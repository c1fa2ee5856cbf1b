"""What does a customer's document say about who the customer is?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from adapters.records import Document
from resolvers.attribute_rules import MatchingRole
from resolvers.matching.words import Day, Name, address_words, day_of, email_of, identifier_of, name_of, phone_of

T = TypeVar("T")

Reached = tuple[str, str]
"""`PHONE` or `EMAIL`, and the number or address."""

# Of more values of one role than these, the first ones tell enough; comparing costs their product.
MOST_VALUES = 8
# Numbers and addresses are compared by what both have; of what neither shares, the first ones.
MOST_REACHES = 100
MOST_ADDRESS_WORDS = 24


@dataclass(frozen=True, order=True, slots=True, repr=False)
class Evidence:
    """Everything of one customer that is compared, by role and in comparable form; several values of a role each."""

    given: tuple[Name, ...] = ()
    family: tuple[Name, ...] = ()
    births: tuple[Day, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[tuple[str, ...], ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    is_hearsay: bool = False
    """Whether nothing is known but contact points of which nobody made sure, as what somebody typed into a form."""

    def is_empty(self) -> bool:
        """Whether nothing is known by which the customer could be compared."""
        return not any(
            (self.given, self.family, self.births, self.phones, self.emails, self.addresses, self.identifiers)
        )


class Telling(NamedTuple):
    """An attribute whose values say who somebody is."""

    name: str
    role: MatchingRole
    default: Any
    """What everyone gets who says nothing: it is nobody's word."""


def telling(definitions: Iterable[Document]) -> Sequence[Telling]:
    """Those of the definitions whose values are compared, in the schema's order."""
    told = [one for one in definitions if one.get("matching_role") and one["type"] != "PASSWORD"]
    return [
        Telling(one["name"], MatchingRole(one["matching_role"]), one.get("default"))
        for one in sorted(told, key=lambda one: (one["order"], one["name"]))
    ]


def evidence_of(document: Document, attributes: Iterable[Telling], reached: Iterable[Reached] = ()) -> Evidence:
    """The evidence in a customer's document: attributes that are told to say who it is, and contact points.

    Attributes that are parts of an address make one address together; each contact point is one of its own. `reached`:
    the numbers and addresses by which channels have proven to know the customer.
    """
    said = _said(document.get("attributes") or {}, attributes)
    points: dict[str, list[str]] = {"PHONE": [], "EMAIL": [], "POSTAL": []}
    known = list(reached)
    for kind, value in known:
        points[kind].append(value)
    for point in document.get("contact_points") or ():
        points[point["type"]].append(str(point["value"]))
    addresses = [address_words(" ".join(text for _, text in said.get(MatchingRole.ADDRESS, ())))]
    addresses += [address_words(one) for one in points["POSTAL"]]
    numbered = said.get(MatchingRole.IDENTIFIER, ())
    identifiers = [(name, found) for name, text in numbered if (found := identifier_of(text))]
    return Evidence(
        given=_each(name_of(text) for _, text in said.get(MatchingRole.GIVEN_NAME, ())),
        family=_each(name_of(text) for _, text in said.get(MatchingRole.FAMILY_NAME, ())),
        births=_each(day_of(text) for _, text in said.get(MatchingRole.BIRTH_DATE, ())),
        phones=_each(
            (phone_of(text) for text in [*_texts(said.get(MatchingRole.PHONE, ())), *points["PHONE"]]), MOST_REACHES
        ),
        emails=_each(
            (email_of(text) for text in [*_texts(said.get(MatchingRole.EMAIL, ())), *points["EMAIL"]]), MOST_REACHES
        ),
        addresses=_each(one[:MOST_ADDRESS_WORDS] for one in addresses),
        identifiers=_each(identifiers),
        is_hearsay=not said and not known and _is_unsure(document.get("contact_points") or ()),
    )


def _is_unsure(points: Sequence[Document]) -> bool:
    """Whether there are contact points, and of none of them has anybody made sure, nor has it from an agent."""
    return bool(points) and not any(one.get("is_verified") or one.get("observed_by") for one in points)


def _said(values: Mapping[str, Any], attributes: Iterable[Telling]) -> Mapping[MatchingRole, list[tuple[str, str]]]:
    """The values by role, each with its attribute's name."""
    said: dict[MatchingRole, list[tuple[str, str]]] = {}
    for name, role, default in attributes:
        value = values.get(name)
        if value is not None and value != default:
            said.setdefault(role, []).append((name, str(value)))
    return said


def _texts(named: Iterable[tuple[str, str]]) -> list[str]:
    return [text for _, text in named]


def _each(found: Iterable[T | None], most: int = MOST_VALUES) -> tuple[T, ...]:
    return tuple(dict.fromkeys(one for one in found if one))[:most]
