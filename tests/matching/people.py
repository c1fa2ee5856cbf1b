"""Customers as the matching tests write them down."""

from typing import Any

from hypothesis import strategies as st

from adapters.records import Document
from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import SYSTEM_DEFINITIONS, definition_document
from resolvers.matching import Evidence, evidence_of, telling


def defined(name: str, role: str | None, type_name: str = "STRING", **rules: Any) -> Document:
    """A definition that gives an attribute a role."""
    return definition_document(name=name, label=name, type=AttributeType(type_name), matching_role=role, **rules)


DEFINITIONS = (
    *SYSTEM_DEFINITIONS,
    defined("birthDate", "BIRTH_DATE", "DATE"),
    defined("passport", "IDENTIFIER"),
    defined("member", "IDENTIFIER"),
    defined("street", "ADDRESS", order=1),
    defined("city", "ADDRESS", order=2),
    defined("hobby", None),
)


def person(
    *, phones: tuple[str, ...] = (), emails: tuple[str, ...] = (), postal: tuple[str, ...] = (), **values: Any
) -> Evidence:
    """The evidence of a customer with these attributes and contact points."""
    points = [
        {"type": kind, "value": value}
        for kind, found in (("PHONE", phones), ("EMAIL", emails), ("POSTAL", postal))
        for value in found
    ]
    return evidence_of({"attributes": values, "contact_points": points}, telling(DEFINITIONS))


# Few letters and days, so that near and equal values are drawn often.
NAMES = st.sampled_from(
    ["Ann", "Anne", "Anna", "Robert", "Bob", "Smith", "Smyth", "Smith-Jones", "A.", "José", "李小龍"]
)
DAYS = st.sampled_from(["1980-02-03", "1980-03-02", "1980-02-04", "1990-02-03", "1955-12-31", "1900-01-01"])
STREETS = st.sampled_from(["1 Main Street", "1 Main St", "12 Main Street", "7 Elm Road, Springfield", "unknown"])
PHONES = st.sampled_from(["+14155550123", "+14155550132", "+442079460000", "+10000000000"])
EMAILS = st.sampled_from(["ann.smith@example.com", "ann.smiht@example.com", "ann1@b.org", "smiths@home.net"])
NUMBERS = st.sampled_from(["AB123456", "AB123465", "XY999111", "00000000"])


@st.composite
def people(draw: st.DrawFn) -> Evidence:
    """Anyone."""
    drawn = {
        "firstName": draw(st.none() | NAMES),
        "lastName": draw(st.none() | NAMES),
        "birthDate": draw(st.none() | DAYS),
        "street": draw(st.none() | STREETS),
        "passport": draw(st.none() | NUMBERS),
        "member": draw(st.none() | NUMBERS),
    }
    return person(
        phones=tuple(draw(st.lists(PHONES, max_size=3))),
        emails=tuple(draw(st.lists(EMAILS, max_size=2))),
        postal=tuple(draw(st.lists(STREETS, max_size=2))),
        **drawn,
    )
