"""What does a Zendesk account need to be reached, and to be believed?"""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, SecretStr, model_validator

from adapters.contract.addresses import VendorHost
from adapters.contract.channel import ChannelSettings


class ZendeskSettings(ChannelSettings):
    """Credentials and choices of one Zendesk Support account; the channel account is its subdomain.

    One of three ways to sign in: an OAuth client (`client_id` and `client_secret`), an OAuth token that is already
    there (`access_token`), or, until 30 April 2027, `email` and `api_token`.
    """

    base_url: VendorHost | None = Field(
        None, description="Where Zendesk answers, without a path. Left out: https://<account>.zendesk.com."
    )
    client_id: str | None = Field(None, description="The OAuth client's unique identifier.")
    client_secret: SecretStr | None = Field(None, description="The OAuth client's secret.")
    scope: str = Field("read write", description="The scopes of its tokens; `read` where nothing is sent.")
    access_token: SecretStr | None = Field(None, description="An OAuth access token, where there is no OAuth client.")
    email: str | None = Field(
        None,
        repr=False,
        description="Legacy, with `api_token`: Zendesk switches this way off on 30 April 2027. Whose token it is.",
    )
    api_token: SecretStr | None = Field(
        None,
        description="Legacy, with `email`: Zendesk gives out no new API tokens and switches all off on 30 April 2027. "
        "Use an OAuth client instead.",
    )
    signing_secrets: tuple[SecretStr, ...] = Field(
        (), max_length=2, description="The webhook's signing secret; during its rotation the new and the old one."
    )
    signature_tolerance_s: float = Field(
        3600.0,
        gt=0,
        description="How old a delivery's signature may be, in seconds. Zendesk does not say whether it signs anew "
        "when it tries again; an event that is delivered twice is known by its id whatever its signature says.",
    )
    agents: Mapping[str, str] = Field(
        default_factory=dict,
        description="Which colleague serves under which Zendesk user id: subjects of their tokens by id. Tickets of "
        "others show no agent.",
    )
    internal_notes: bool = Field(
        False,
        description="Whether notes among colleagues on a ticket come along, as notes on the customer, which only staff "
        "see. Left out unless asked for: whoever wrote them wrote for the desk alone.",
    )
    sends_as: str | None = Field(
        None,
        pattern=r"\A[1-9][0-9]*\z",
        examples=["8447388090494"],
        description="The Zendesk user id in whose name words go out. Left out: the owner of the credentials.",
    )

    @model_validator(mode="after")
    def _signs_in_one_way(self) -> Self:
        ways = (
            (self.client_id, self.client_secret),
            (self.access_token,),
            (self.email, self.api_token),
        )
        begun = [way for way in ways if any(part is not None for part in way)]
        if len(begun) != 1 or None in begun[0]:
            raise ValueError(
                "Name one way to sign in: `client_id` and `client_secret`, or `access_token`, or `email` and "
                "`api_token`."
            )
        return self
