"""A channel as a partner writes it: one file, from the README alone."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, SecretStr

from adapters.contract.addresses import VendorHost
from adapters.contract.channel import Channel, ChannelSettings
from adapters.contract.deliveries import Answer, Delivery, Event, NotProven
from adapters.contract.errors import BadPayload
from adapters.contract.examples import Examples
from adapters.contract.found import Found, Portion
from adapters.contract.records import Case, Who

_STATUSES = {"new": "NEW", "open": "OPEN", "waiting": "PENDING", "done": "SOLVED"}
"""The desk's words, and the house's (adapters/contract/soundness.py lists them)."""


class AcmeSettings(ChannelSettings):
    """What an account on the Acme desk needs."""

    base_url: VendorHost = Field(description="Where the desk answers, as https://acme.example.")
    token: SecretStr = Field(description="The token of the desk's API: Acme, Settings, API.")
    secret: SecretStr = Field(description="Signs the desk's deliveries: Acme, Settings, Webhooks.")


class Acme(Channel):
    """The Acme desk: tickets, asked for and delivered."""

    name = "acme"
    Settings = AcmeSettings

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """The person's tickets, the newest first."""
        reply = await self.way.get(
            f"{self.settings.base_url}/tickets",
            params={"customer": who.value, "limit": str(portion.at_most)},
            headers={"Authorization": f"Bearer {self.settings.token.get_secret_value()}"},
        )
        try:
            return Found(records=tuple(self._case(one) for one in reply.json()["tickets"]), as_of=reply.as_of)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadPayload("The answer of /tickets has no list `tickets`, or one without its fields.") from error

    def handshake(self, delivery: Delivery) -> Answer | None:
        """The desk has none."""
        del delivery

    def prove(self, delivery: Delivery) -> None:
        """By the HMAC of the body."""
        given = delivery.headers.get("x-acme-signature", "")
        if not hmac.compare_digest(given.encode(), _signature(delivery, self.settings).encode()):
            raise NotProven("The header X-Acme-Signature is not that of the body.")

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The desk gives none."""
        del delivery

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """One ticket each."""
        try:
            case = self._case(delivery.json())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadPayload("The delivery is no ticket with its fields.") from error
        key = f"{case.external_id}@{case.updated_at.isoformat()}"
        return [Event(key=key, order_by=case.who.value, at=case.updated_at, records=(case,), who=case.who)]

    def _case(self, raw: Any) -> Case:
        at = [datetime.fromisoformat(raw[key]) for key in ("created_at", "updated_at")]
        if not all(moment.tzinfo for moment in at):
            raise ValueError("a moment without a time zone")
        words = [raw[key] for key in ("id", "customer", "number", "subject", "status")]
        if not all(isinstance(one, str) and one for one in words):
            raise ValueError("a field that is no text")
        id_, customer, number, subject, status = words
        return Case(
            channel=self.name,
            account=self.account,
            external_id=id_,
            who=Who(self.name, self.account, customer),
            number=number,
            subject=subject,
            status=_STATUSES[status],
            created_at=at[0],
            updated_at=at[1],
        )


def _signature(delivery: Delivery, settings: AcmeSettings) -> str:
    return hmac.digest(settings.secret.get_secret_value().encode(), delivery.body, "sha256").hex()


def _signed(delivery: Delivery, settings: AcmeSettings) -> Mapping[str, str]:
    return {"x-acme-signature": _signature(delivery, settings)}


TICKET = b"""{"id": "t-1", "customer": "c-77", "number": "1001", "subject": "Where is my lamp?", "status": "open",
"created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:30:00Z"}"""

CHANNEL = Acme
EXAMPLES = Examples(
    settings={"base_url": "https://acme.example", "token": "sample-token-1", "secret": "sample-secret-1"},
    address="base_url",
    person="c-77",
    answers={"/tickets": b'{"tickets": [' + TICKET + b"]}"},
    deliveries=(TICKET,),
    sign=_signed,
)
