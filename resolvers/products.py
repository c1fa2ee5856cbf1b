"""What does the company sell?"""

from collections.abc import Mapping, Sequence

from adapters.records import Index, Record, RecordId
from resolvers.kit.context import Context
from resolvers.kit.scalars import Money, Url
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept, reader_of

SLICE = Slice("products")

PRODUCTS = Record(
    name="products",
    customer=None,
    key=("channel", "account", "external_id"),
    indexes=(Index(("sku",)),),
)


@SLICE.keeps(PRODUCTS, keys=["id"])
class Product(Node):
    """Something that the company sells, as a shop lists it."""

    name: str = kept("What the shop calls it.")
    sku: str | None = kept("The stock keeping unit.")
    category: str | None = kept("The shop's category.")
    description: str | None = kept("The shop's own words.")
    price: Money | None = kept("The list price.")
    image_url: Url | None = kept("A picture.")


async def products_by_id(context: Context, ids: Sequence[RecordId]) -> Mapping[RecordId, Product]:
    """Products by storage id; those that are no longer there are absent."""
    read = reader_of(Product).read
    return {key: read(found) for key, found in (await context.store.by_ids(PRODUCTS, ids)).items()}
