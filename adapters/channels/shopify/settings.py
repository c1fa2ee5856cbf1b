"""What does a Shopify shop need to be reached, and to be believed?"""

from pydantic import Field, SecretStr

from adapters.contract.addresses import VendorHost
from adapters.contract.channel import ChannelSettings


class ShopifySettings(ChannelSettings):
    """Credentials and choices of one shop; the channel account is its subdomain, `acme` of `acme.myshopify.com`."""

    base_url: VendorHost | None = Field(
        None, description="Where the shop answers, without a path. Left out: https://<account>.myshopify.com."
    )
    access_token: SecretStr = Field(description="The app's Admin API access token for this shop.")
    client_secrets: tuple[SecretStr, ...] = Field(
        (),
        max_length=2,
        description="The app's client secret, by which deliveries are signed; while it is changed the new and the old "
        "one, for Shopify may sign by the old one for an hour. Left out: no deliveries are taken.",
    )
    api_version: str = Field(
        "2026-10",
        pattern=r"\A20[0-9]{2}-(01|04|07|10)\z",
        examples=["2026-10"],
        description="The version of the Admin API. One that has expired is answered by a later one: the log says so.",
    )
    read_all_orders: bool = Field(
        False,
        description="Whether Shopify has granted the scope `read_all_orders`. Without it the shop shows the orders of "
        "the last 60 days alone, and that is said beside them.",
    )
    completes_drafts: bool = Field(
        False,
        description="What becomes of an order that is placed here: false, a draft order, which becomes an order when "
        "the customer pays on its page; true, an order at once, whose payment is pending.",
    )
    currency: str | None = Field(
        None,
        pattern=r"\A[A-Z]{3}\z",
        examples=["EUR"],
        description="The shop's currency, in which deliveries about products state prices without naming it. Left "
        "out: products that are delivered have no price until somebody searches for them.",
    )
    takes_tests: bool = Field(
        False,
        description="Whether orders that were placed for a trial are kept like others, with `shopify_test` noted on "
        "them: for a development store, all of whose orders are such. Left out, they are no sales.",
    )
    orders_at_once: int = Field(
        5,
        ge=1,
        le=50,
        description="How many orders are asked for at once. Fewer where Shopify says MAX_COST_EXCEEDED: a question may "
        "cost 1,000 points. More where the shop has many points to spend.",
    )
