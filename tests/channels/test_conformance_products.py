"""Is a channel's search for products tried like whatever else it can be asked for, and what it says of nobody?"""

from dataclasses import replace
from typing import Any

from adapters.conformance.findings import Outcome
from adapters.conformance.suite import CHECKS, try_out
from adapters.contract.errors import BadPayload, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Listing, Who
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_acme import EXAMPLES, Acme

_ANSWERS = {**EXAMPLES.answers, "/products": b'{"products": [{"id": "p-1", "name": "A lamp"}]}'}


class Shop(Acme):
    """A desk that sells lamps, too."""

    async def products(self, words: str, portion: Portion) -> Found:
        """Whatever it lists."""
        params = {"q": words, "limit": str(portion.at_most)}
        told = (await self.way.get(f"{self.settings.base_url}/products", params=params)).json()
        return Found(records=tuple(self._listing(one) for one in self._listed(told)))

    def _listed(self, told: Any) -> Any:
        if not isinstance(told, dict) or not isinstance(told.get("products"), list):
            raise BadPayload("products is no list")
        return told["products"]

    def _listing(self, one: Any) -> Listing:
        said = [one.get(name) if isinstance(one, dict) else None for name in ("id", "name")]
        if not all(isinstance(word, str) and word for word in said):
            raise BadPayload("a product has no id and name")
        return Listing(channel=self.name, account=self.account, external_id=said[0], name=said[1])


class Careless(Shop):
    """Takes the answer as it comes."""

    def _listed(self, told: Any) -> Any:
        return told["products"]


class AlwaysThere(Shop):
    """Answers of whom the vendor does not know that there are no tickets, by a good answer."""

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """None where it is said so."""
        reply = await self.way.get(f"{self.settings.base_url}/tickets", params={"customer": who.value})
        if reply.json() == {"nobody": True}:
            raise NoSuchIdentity("The desk knows nobody by that id.")
        return await super().tickets(who, portion)


async def _failed(cls: type[Acme], *names: str, **more: Any) -> dict[str, str]:
    """What those checks of the suite find wrong with it."""
    examples = replace(EXAMPLES, answers=_ANSWERS, **more)
    checks = [one for one in CHECKS if one.name in {"made", *names}]
    adapter = Adapter(cls, "here")
    report = await try_out(adapter, one_way, examples=examples, mutations=20, deadline_s=0.05, checks=checks)
    return {check.name: one.words for check, one in report.findings if one.outcome is Outcome.FAIL}


async def test_products_are_tried() -> None:
    """A search that behaves passes; nobody asks it to name a person."""
    assert await _failed(Shop, "answered", "taken", "escaped", "failing", "odd") == {}


async def test_careless_search() -> None:
    """One that takes whatever comes is told by where it fails."""
    failed = await _failed(Careless, "odd")
    assert "PRODUCTS" in failed["odd"]


async def test_nobody_by_good_answer() -> None:
    """A vendor that says with a good status that it knows nobody is tried with that answer."""
    assert await _failed(AlwaysThere, "failing", absent=b'{"nobody": true}') == {}
    assert "TICKETS" in (await _failed(Shop, "failing", absent=b'{"nobody": true}'))["failing"]
