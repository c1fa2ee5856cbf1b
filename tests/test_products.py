"""What does the company sell?"""

from adapters.records import RecordId, new_id
from resolvers.kit.ids import global_id
from tests.conftest import Asking, Commands
from tests.crowd import product
from tests.makers import Made, Makers, money
from tests.walking import costs, nodes, visitor


async def _bought(make: Makers, of: Made, thing: RecordId) -> None:
    line = {"title": "Old lamp", "sku": None, "quantity": 1, "unit_price": None, "total": money("1.00")}
    await make.purchase(of, lines=[{**line, "product_id": thing}])


async def test_product_fields(ask: Asking, make: Makers) -> None:
    """A product is shown as the shop lists it."""
    key = await product(make)
    shown = "name sku category description price { amount currency } imageUrl"
    answer = await ask(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Product {{ {shown} }} }} }}", id=global_id("Product", key)
    )
    assert answer.data["node"] == {
        "name": "Lamp",
        "sku": "SKU-p1",
        "category": "Light",
        "description": None,
        "price": {"amount": "19.90", "currency": "USD"},
        "imageUrl": None,
    }


async def test_product_of_line(ask: Asking, make: Makers) -> None:
    """A line shows the product as it is listed now, to the visitor who bought it too."""
    one = await make.customer()
    await _bought(make, one, await product(make))
    for who in ({}, visitor(one)):
        found = await nodes(ask, one, "purchases", "lines { title product { name } }", **who)
        assert found == [{"lines": [{"title": "Old lamp", "product": {"name": "Lamp"}}]}]


async def test_product_gone(ask: Asking, make: Makers) -> None:
    """A line whose product is listed no more, or never was, shows none."""
    one = await make.customer()
    await _bought(make, one, new_id())
    await make.purchase(one, "1.00")
    found = await nodes(ask, one, "purchases", "lines { product { name } }")
    assert found == [{"lines": [{"product": None}]}] * 2


async def test_stored_url_as_it_came(ask: Asking, make: Makers) -> None:
    """What a shop wrote for an address is answered as it is, also where it is none, and breaks no answer."""
    key = await product(make, "p3", image_url="lamp picture.png")
    answer = await ask(
        "query($id: ID!) { node(id: $id) { ... on Product { imageUrl } } }", id=global_id("Product", key)
    )
    assert answer.errors == []
    assert answer.data["node"] == {"imageUrl": "lamp picture.png"}


async def test_product_without_price(ask: Asking, make: Makers) -> None:
    """A product that has no list price shows none."""
    key = await product(make, "p2", price=None)
    answer = await ask(
        "query($id: ID!) { node(id: $id) { ... on Product { price { amount } } } }", id=global_id("Product", key)
    )
    assert answer.data["node"] == {"price": None}


async def test_product_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The products of all lines of thirty customers cost one command."""
    for n in range(30):
        await _bought(make, await make.customer(f"Ann{n}"), await product(make, f"p{n}"))
    field = "purchases(first: 2) { nodes { lines { title PRODUCT } } }"
    without = await costs(ask, commands, field.replace("PRODUCT", ""), 2, 30)
    with_products = await costs(ask, commands, field.replace("PRODUCT", "product { name }"), 2, 30)
    assert without == [2, 2]
    assert with_products == [3, 3]
