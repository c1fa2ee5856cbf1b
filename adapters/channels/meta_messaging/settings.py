"""What does an account on Messenger or Instagram need to be reached, and to be believed?"""

from collections.abc import Collection

from pydantic import Field

from adapters.channels.meta import MetaSettings


class MessagingSettings(MetaSettings):
    """Credentials and choices of one account; the channel account is the id that stands in `entry.id`."""

    app_id: str | None = Field(
        None,
        pattern=r"\A[0-9]{1,64}\z",
        examples=["1517776481860111"],
        description="The app's id. By it an echo of what this gateway sent is told from what people and other apps "
        "wrote; without it a message of unknown outcome stays so where the channel gives our own word not back.",
    )
    also_accounts: frozenset[str] = Field(
        frozenset(),
        description="Other accounts whose deliveries come to this one's address, for an app has one address for all of "
        "them; each has an entry of its own, so that its customers can be answered. What comes for any other account "
        "is set aside.",
    )

    def other_accounts(self) -> Collection[str]:
        """Those whose deliveries come to this account's address."""
        return self.also_accounts
