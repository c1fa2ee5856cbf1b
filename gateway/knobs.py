"""How are knobs written that hold several values: words, networks, sites, ages?"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from adapters.contract.addresses import PageOrigin

_AGE: Final = re.compile(r"([a-z_]+)\s*=\s*(\d{1,6})\s*([dwy])")
_DAYS: Final = {"d": 1, "w": 7, "y": 365}
_MOST_DAYS: Final = 200 * 365


def _words(given: Any) -> Any:
    return tuple(filter(None, map(str.strip, given.split(",")))) if isinstance(given, str) else given


def _networks(given: tuple[str, ...]) -> tuple[str, ...]:
    for one in given:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise ValueError(f"{error}. Write addresses and networks, as `10.0.0.5` or `10.0.0.0/8`") from error
    return given


def _ages(given: Any) -> Any:
    return dict(map(_age, _words(given))) if isinstance(given, str) else given


def _age(words: str) -> tuple[str, timedelta]:
    """A kind and how long it is kept, from `messages=730d`; raises ValueError."""
    found = _AGE.fullmatch(words)
    days = int(found[2]) * _DAYS[found[3]] if found else 0
    if found is None or not 1 <= days <= _MOST_DAYS:
        raise ValueError(
            f"{words[:64]!r} names no kind with 1 day to 200 years. Write it like `messages=730d` or `tickets=5y`"
        )
    return found[1], timedelta(days=days)


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
"""Words with a comma between them."""
Networks = Annotated[Words, AfterValidator(_networks)]
"""Addresses of the internet and networks of them, with a comma between them."""
Origins = Annotated[tuple[PageOrigin, ...], NoDecode, BeforeValidator(_words)]
"""Sites as browsers name them, with a comma between them: scheme, host and port."""
Ages = Annotated[Mapping[str, timedelta], NoDecode, BeforeValidator(_ages)]
"""Kinds of records and how long each is kept, with a comma between them."""
