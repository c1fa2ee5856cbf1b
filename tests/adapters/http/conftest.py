"""A vendor, and a way out to it."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.contract.manners import Manners
from adapters.http.addresses import Borders
from adapters.http.observing import Call
from adapters.http.session import Outside
from adapters.http.ways import AccountWay
from tests.adapters.http.vendor import Vendor, standing


class Heard:
    """What an observer was told."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def called(self, call: Call) -> None:
        """Remembers it."""
        self.calls.append(call)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor on this machine that answers well until it is told otherwise."""
    async with standing() as one:
        yield one


@pytest.fixture
def heard() -> Heard:
    """The observer of `outside`."""
    return Heard()


@pytest.fixture
async def outside(heard: Heard) -> AsyncIterator[Outside]:
    """Ways out for which this machine is public."""
    async with Outside(observer=heard, borders=Borders(has_loopback=True)) as one:
        yield one


@pytest.fixture
def way(outside: Outside, vendor: Vendor) -> Callable[..., AccountWay]:
    """Makes the way of an account of the vendor's, with the manners that a test names."""

    def make(account: str = "main", **manners: object) -> AccountWay:
        return outside.way("acme", account, Manners(**manners), base_url=vendor.url)

    return make
