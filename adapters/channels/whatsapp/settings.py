"""What does a number on WhatsApp need to be reached, and to be believed?"""

from collections.abc import Collection

from pydantic import Field

from adapters.channels.meta import MetaSettings, Secret


class WhatsAppSettings(MetaSettings):
    """Credentials and choices of one business phone number; the channel account is its `phone_number_id`.

    Subscribe the app's webhook to these fields: messages, user_preferences, standby, and of a number that the WhatsApp
    Business app uses beside, smb_message_echoes and history.
    """

    access_token: Secret = Field(description="The system user's token, with whatsapp_business_messaging.")
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

    def other_accounts(self) -> Collection[str]:
        """Those whose deliveries come to this number's address."""
        return self.also_accounts
