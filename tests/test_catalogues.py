"""Are products found in our shops by words, and is a shop that does not answer told, and no error?"""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.found import Found, Portion
from adapters.lines import Lines
from resolvers.kit.viewer import Role
from resolvers.products import PRODUCTS
from tests.channels.shopify.conftest import opened, shop
from tests.channels.shopify.double import Shop
from tests.channels.shopify.making import ware
from tests.conftest import Asking
from tests.desks import LATE, Till, till

__all__ = ["opened", "shop"]

QUERY = """query ($words: String!, $channel: String, $account: String, $first: Int = 10) {
  products(words: $words, channel: $channel, account: $account, first: $first) {
    nodes { id name sku price { amount currency } imageUrl description }
    sources { name account status missing retryAfterS } } }"""


async def test_found_in_the_shop(ask: Asking, shop: Shop, opened: Callable[..., Shopify]) -> None:
    """Products that hold all of the words are shown as the shop lists them, and can be ordered by their id."""
    hidden = ware(93, "A brass bell of old", status="DRAFT")
    shop.wares = [ware(91, "A brass bell"), ware(92, "A brass lamp"), hidden]
    ask.lines = Lines([opened()])
    found = (await ask(QUERY, words="bell  BRASS")).data["products"]
    (one,) = found["nodes"]
    assert (one["name"], one["price"]) == ("A brass bell", {"amount": "9.90", "currency": "EUR"})
    assert one["imageUrl"] == "https://cdn.example.com/bell.png"
    assert [(source["name"], source["status"], source["missing"]) for source in found["sources"]] == [
        ("shopify", "OK", None)
    ]
    assert (await ask("query ($id: ID!) { node(id: $id) { id } }", id=one["id"])).data["node"] == {"id": one["id"]}
    again = (await ask(QUERY, words="bell BRASS")).data["products"]["nodes"]
    assert [again, await ask.store.count(PRODUCTS, {})] == [[one], 1]


ODD = ('"', "a:b OR c", "\\", "(", "*", "status:draft")


async def test_words_are_words(ask: Asking, shop: Shop, opened: Callable[..., Shopify]) -> None:
    """Whatever is sought, it is sought as it stands: nothing in it is the shop's own language."""
    shop.wares = [ware(91, "A bell"), *(ware(100 + n, f"A {words} lamp") for n, words in enumerate(ODD))]
    ask.lines = Lines([opened()])
    for words in ODD:
        found = (await ask(QUERY, words=words)).data["products"]["nodes"]
        assert [one["name"] for one in found] == [f"A {words} lamp"]


async def test_one_shop_is_busy(ask: Asking) -> None:
    """A shop that takes no more makes the list short, is told beside it, and keeps no other from answering."""
    ask.lines = Lines([till(), till("store")])
    found = (await ask(QUERY, words="Lamp")).data["products"]
    assert [one["name"] for one in found["nodes"]] == ["Lamp", "Lamp"]
    late = (await ask(QUERY, words=LATE)).data["products"]
    assert late["nodes"] == []
    assert [(one["status"], one["retryAfterS"]) for one in late["sources"]] == [("BUSY", 5.0)] * 2
    assert late["sources"][0]["missing"] == "It takes no more requests for now: products may be missing."


async def test_one_of_several(ask: Asking) -> None:
    """Only the shops of a channel, or of an account, are asked; for one that is none, those that there are are told."""
    ask.lines = Lines([till(), till("store"), till("store", "second")])
    asked = (await ask(QUERY, words="Lamp", channel="store", account="second")).data["products"]
    assert [(one["name"], one["account"]) for one in asked["sources"]] == [("store", "second")]
    assert len((await ask(QUERY, words="Lamp", account="main")).data["products"]["sources"]) == 2
    refused = await ask(QUERY, words="Lamp", channel="nowhere")
    assert refused.codes == ["BAD_USER_INPUT"]
    assert "shop/main, store/main, store/second" in refused.errors[0].message


class Odd(Till):
    """A shop whose adapter fails, or hands over what is none of its own."""

    async def products(self, words: str, portion: Portion) -> Found:
        """Fails for one word."""
        if words == "fail":
            raise KeyError(words)
        found = await till("other").products(words, portion)  # type: ignore[attr-defined]  it has that
        return Found(records=(*found.records, *(await super().products(words, portion)).records))


async def test_wrong_adapter(ask: Asking) -> None:
    """An adapter that fails is told as unreadable; what it hands over of others is left out, and counted."""
    ask.lines = Lines([Odd("main", till().settings, till().equipment)])
    failed = (await ask(QUERY, words="fail")).data["products"]
    assert [one["status"] for one in failed["sources"]] == ["UNREADABLE"]
    partly = (await ask(QUERY, words="Lamp")).data["products"]
    assert len(partly["nodes"]) == 1
    assert partly["sources"][0]["missing"] == "1 of its products could not be read."


BAD: list[tuple[dict[str, Any], str]] = [
    ({"words": " "}, "words"),
    ({"words": "x" * 201}, "200"),
    ({"words": "Lamp", "first": 0}, "1 to 50"),
    ({"words": "Lamp", "first": 51}, "1 to 50"),
]


async def test_bad_questions(ask: Asking) -> None:
    """A question that cannot be answered says what to send instead."""
    ask.lines = Lines([till()])
    for given, told in BAD:
        refused = await ask(QUERY, **given)
        assert refused.codes == ["BAD_USER_INPUT"]
        assert told in refused.errors[0].message


async def test_nobody_to_ask(ask: Asking) -> None:
    """Without a shop that can be searched there is nothing, and nobody was asked."""
    assert (await ask(QUERY, words="Lamp")).data["products"] == {"nodes": [], "sources": []}


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_staff_alone(ask: Asking, role: Role) -> None:
    """Nobody but the staff has the shops asked."""
    ask.lines = Lines([till()])
    assert (await ask(QUERY, as_=role, words="Lamp")).codes == ["FORBIDDEN"]
