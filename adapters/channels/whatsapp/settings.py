"""What does a number on WhatsApp need to be reached, and to be believed?"""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field, SecretStr

from adapters.contract.addresses import VendorHost
from adapters.contract.channel import ChannelSettings

# Whoever finds an empty secret could sign by it.
_Secret = Annotated[SecretStr, Field(min_length=1)]


class WhatsAppSettings(ChannelSettings):
    """Credentials and choices of one business phone number; the channel account is its `phone_number_id`."""

    access_token: _Secret = Field(description="The system user's token, with whatsapp_business_messaging.")
    app_secrets: tuple[_Secret, ...] = Field(
        min_length=1, max_length=2, description="The app's secret; during its rotation the new and the old one."
    )
    verify_token: _Secret = Field(description="The word that the app's webhook page gives when it checks the address.")
    also_accounts: frozenset[str] = Field(
        frozenset(),
        description="Other phone_number_ids whose deliveries come to this number's address, for an app has one address "
        "for all numbers unless told otherwise; each has an entry of its own, so that its customers can be answered. "
        "What comes for any other number is set aside.",
    )
    business_accounts: frozenset[str] = Field(
        frozenset(),
        description="The ids of the WhatsApp Business Accounts to which these numbers belong (`entry.id` of a "
        "delivery). Where any are named, what comes for another one is set aside.",
    )
    graph_version: str = Field(
        "v26.0", pattern=r"\Av[1-9][0-9]*\.[0-9]+\z", description="The Graph API's version.", examples=["v26.0"]
    )
    base_url: VendorHost = Field(
        "https://graph.facebook.com", description="Where the Graph API answers, without a path."
    )

    def other_accounts(self) -> Collection[str]:
        """Those whose deliveries come to this number's address."""
        return self.also_accounts
