"""Which currencies are there, and into which smallest amounts is each divided?"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.contract.bounds import LARGEST_EXACT

# ISO 4217, as of 2026: those in which people pay. Funds, metals and test codes are none.
_TWO: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"

DIGITS: Final[Mapping[str, int]] = {
    code: digits for digits, codes in ((0, _NONE), (2, _TWO), (3, _THREE)) for code in codes.split()
}
"""How many decimal places an amount of each currency has."""


def in_minor_units(amount: Decimal, currency: str) -> int | None:
    """The amount in the currency's smallest unit, 1990 for 19.90 USD; None where it has parts of one.

    Of a currency that is not known it is None, too.
    """
    digits = DIGITS.get(currency)
    if digits is None:
        return None
    scaled = amount.scaleb(digits)
    return int(scaled) if scaled == scaled.to_integral_value() else None


def written(amount: Any, currency: Any, digits: Mapping[str, int] = DIGITS) -> str | None:
    """An amount that is counted in the currency's smallest unit as people write it, `19.90 USD`.

    None for what is no such count, or more than is counted exactly, and of a currency that is not known.
    """
    places = digits.get(currency) if isinstance(currency, str) else None
    if places is None or type(amount) is not int or not 0 <= amount <= LARGEST_EXACT:
        return None
    return f"{Decimal(amount).scaleb(-places)} {currency}"
