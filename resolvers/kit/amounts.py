"""Which amounts of money may somebody ask for?"""

from decimal import Decimal
from typing import Final

from adapters.contract.records import Amount
from adapters.currencies import DIGITS, in_minor_units
from resolvers.kit.described import graph_input, told
from resolvers.kit.errors import invalid
from resolvers.kit.scalars import CurrencyCode

# More than anybody pays at once, in whatever currency; what is larger is a slip of the hand.
_LARGEST: Final = Decimal(1_000_000_000_000)
# Prices of one piece go below the smallest coin: fuel, minutes, sheets.
_FINEST: Final = -6


@graph_input
class MoneyInput:
    """An exact amount of one currency."""

    amount: Decimal = told("The exact amount in the currency's major unit, as a decimal string: `19.90`.")
    currency: CurrencyCode = told("The currency, one in which people pay today.")


def price(given: MoneyInput, *path: str) -> Amount:
    """The price of one piece, which may be nothing, and finer than the smallest coin; refuses others."""
    amount = given.amount
    if given.currency not in DIGITS:
        raise invalid(
            f"`currency` is {given.currency!r}, which is none in which people pay (ISO 4217). Send one such as USD.",
            *path,
            "currency",
        )
    exponent = amount.as_tuple().exponent
    if not 0 <= amount <= _LARGEST or not isinstance(exponent, int) or exponent < _FINEST:
        raise invalid(
            f"`amount` must lie between 0 and {_LARGEST:,}, with at most {-_FINEST} decimal places. Send one such.",
            *path,
            "amount",
        )
    return Amount(amount, given.currency)


def payable(given: MoneyInput, *path: str) -> Amount:
    """An amount that can be paid: more than nothing, in whole coins; refuses others."""
    found = price(given, *path)
    if found.amount == 0:
        raise invalid("`amount` is 0. Send what is to be paid, more than nothing.", *path, "amount")
    require_whole_coins(found, *path, "amount")
    return found


def require_whole_coins(found: Amount, *path: str, of: str = "`amount`") -> None:
    """Returns where the amount can be paid in whole coins; refuses others by the name given."""
    if found.currency not in DIGITS:
        raise invalid(f"{of} is in {found.currency}, in which nobody pays (ISO 4217). Send one such as USD.", *path)
    if in_minor_units(found.amount, found.currency) is None:
        raise invalid(
            f"{of} has parts of the smallest coin: amounts in {found.currency} have at most "
            f"{DIGITS[found.currency]} decimal places. Round it.",
            *path,
        )
