"""What is found of a customer of the shop who was asked for?"""

from collections.abc import Sequence
from typing import Any, Final

from adapters.channels.shopify.asking import Answer
from adapters.channels.shopify.reading import Reader, no_readings
from adapters.channels.shopify.words import Buyer, Choices
from adapters.contract.found import Found
from adapters.contract.records import HandedOver, Who
from adapters.readings import read

_EVERYTHING: Final = ("name", "email", "phone")


def found_person(reader: Reader, customer: Any, who: Who | None, answer: Answer) -> Found:
    """The customer and what they chose, as whom they were asked for where that is an id of the shop's.

    And what is kept from us of them.
    """
    readings, withheld = no_readings(), dict.fromkeys(answer.withheld)

    def person(value: Any) -> Sequence[HandedOver]:
        told = read(Buyer, value)
        if told.is_withheld:
            withheld.update(dict.fromkeys(_EVERYTHING))
        return reader.person(told, who), *reader.says(read(Choices, value), who=who)

    readings.take("customer", [customer], person)
    return Found(
        records=tuple(readings.records),
        unread=tuple(readings.unread),
        as_of=answer.as_of,
        is_stale=answer.is_stale,
        withheld=tuple(withheld),
    )
