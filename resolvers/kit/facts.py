"""What is a fact: one thing known of a customer, with where and when it was observed?

A slice whose record declares `facts` gives its type a method `fact()`; one whose facts stand in the customer's own
document says how to read them with `@SLICE.facts`. The summary and attributes pivots read nothing else.
"""

from datetime import datetime
from typing import Protocol, runtime_checkable

import strawberry

from resolvers.kit.described import graph_type, told
from resolvers.kit.scalars import AttributeScalar


@graph_type
class Fact:
    """One thing known of a customer: an attribute, a label, a tag, an interest, a contact point ..."""

    category: str = told("The heading under which the summary counts it.")
    name: str = told("What is known: the attribute's label, the interest's name ...")
    value: AttributeScalar | None = told(
        "Its value; null where the name says all, or where it is hidden from you.", is_personal=True
    )
    is_hidden: bool = told("Whether there is a value that you have no right to see.", default=False)
    score: float | None = told("How strong it is, 0 to 1; null where it has no strength.", default=None)
    observed_from: str | None = told("Where it was observed.")
    observed_at: datetime | None = told("When it was observed there.")
    is_verified: bool = told("Whether someone made sure of it.", default=False)
    carries: strawberry.Private[str | None] = None
    """The name of the value where it is a personal one, as `Note.text`."""


@runtime_checkable
class Factual(Protocol):
    """A type whose objects are facts about their customer."""

    def fact(self) -> Fact:
        """The fact."""
