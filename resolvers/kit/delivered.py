"""What does one request give away about people: whose personal values, found in which way?

The gate watches what leaves (gateway/execution/trails.py); slices say here what no answer shows: that somebody was
looked up, searched for, or opened to a visitor. The access ledger is made of it (resolvers/accesses.py).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from adapters.records import RecordId
from resolvers.kit.described import graph_enum


@graph_enum(
    {
        "READ": "Personal values were shown.",
        "LOOKED_UP": "Somebody was asked for by an identity, a number, an address or an identifier, whether or not "
        "anybody is known by it.",
        "SEARCHED": "Customers were searched or filtered by personal values.",
        "EXPORTED": "Everything about a customer was taken out.",
        "OPENED": "A token was given with which a visitor reads what is the customer's own.",
    }
)
class AccessWay(StrEnum):
    """In which way personal data was come by."""

    READ = "read"
    LOOKED_UP = "looked_up"
    SEARCHED = "searched"
    EXPORTED = "exported"
    OPENED = "opened"


@dataclass(slots=True, repr=False)
class Delivered:
    """What one request has given away by now. Names and ids alone, never a value."""

    is_watched: bool = False
    """Whether anybody writes it down."""
    fields: set[str] = field(default_factory=set)
    """Names of the personal fields that were shown, as `Note.text`."""
    customers: set[RecordId] = field(default_factory=set)
    ways: set[AccessWay] = field(default_factory=set)
    searched_by: set[str] = field(default_factory=set)
    """What customers were searched or filtered by."""
    look_ups: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """How often which channel account was asked for somebody, and whether anybody was known there."""

    def showed(self, fields: set[str], customers: set[RecordId]) -> None:
        """Takes note of personal values in the answer."""
        if fields:
            self.ways.add(AccessWay.READ)
            self.fields |= fields
            self.customers |= customers

    def looked_up(self, channel: str, account: str, found: RecordId | None, *, likely: Iterable[RecordId] = ()) -> None:
        """Takes note that somebody was asked for by an identity on this channel account.

        `likely`: who was said to be probably the one, where nobody is known by it.
        """
        self.ways.add(AccessWay.LOOKED_UP)
        self.look_ups[channel, account, found is not None] += 1
        if found is not None:
            self.customers.add(found)
        self.customers.update(likely)

    def looked_up_by_value(self) -> None:
        """Takes note that somebody was asked for by a number, an address or an identifier, wherever it stands."""
        self.ways.add(AccessWay.LOOKED_UP)

    def found(self, customers: Iterable[RecordId]) -> None:
        """Takes note of whom a search by personal values found."""
        self.customers.update(customers)

    def searched(self, *by: str) -> None:
        """Takes note that customers were searched by personal values; `by` names what holds them."""
        self.ways.add(AccessWay.SEARCHED)
        self.searched_by.update(by)

    def opened(self, customer: RecordId) -> None:
        """Takes note that somebody was given the way to what is this customer's own."""
        self.ways.add(AccessWay.OPENED)
        self.customers.add(customer)

    def exported(self, customer: RecordId) -> None:
        """Takes note that everything about this customer was taken out."""
        self.ways.add(AccessWay.EXPORTED)
        self.customers.add(customer)
