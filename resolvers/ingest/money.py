"""How does an amount that the outside names stand in storage?"""

from collections.abc import Sequence
from decimal import Decimal, Inexact
from functools import lru_cache, reduce
from typing import Any

from adapters.contract.bounds import too_many_digits, unsummable
from adapters.contract.records import Amount
from adapters.making import EXACT
from adapters.records import stored_decimal
from resolvers.ingest.report import NotTaken, require_fit
from resolvers.kit.scalars import canonical_currency


def stored_amount(money: Amount, field: str) -> dict[str, Any]:
    """The amount as it is stored; raises NotTaken where it is no exact number of a currency."""
    if not money.amount.is_finite():
        raise NotTaken(f"`{field}` is no finite number.")
    try:
        # By its digits: 1.0 and 1.00 are equal numbers and different prices.
        return {"amount": _stored(str(money.amount)), "currency": _currency(money.currency)}
    except Inexact as error:
        raise NotTaken(too_many_digits(field)) from error
    except ValueError as error:
        raise NotTaken(f"`{field}`: {error}") from error


# The driver makes a decimal in 20 microseconds, and prices repeat.
@lru_cache(maxsize=65_536)
def _stored(digits: str) -> Any:
    return stored_decimal(Decimal(digits))


@lru_cache(maxsize=256)
def _currency(code: str) -> str:
    return canonical_currency(code)


def sum_of(amounts: Sequence[Amount], field: str) -> Amount:
    """What the amounts come to; raises NotTaken where there is none or they are of different currencies."""
    if len(amounts) == 1:
        return amounts[0]
    require_fit(unsummable(amounts, field))
    try:
        return Amount(reduce(EXACT.add, (one.amount for one in amounts)), amounts[0].currency.strip().upper())
    except Inexact as error:
        raise NotTaken(too_many_digits(field)) from error
