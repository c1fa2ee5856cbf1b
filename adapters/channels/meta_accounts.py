"""What does every account on a channel of Meta's do alike? It believes what Meta signs, and hands over once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from adapters.channels import meta
from adapters.channels.meta import MetaSettings
from adapters.contract.channel import Channel
from adapters.contract.deliveries import Answer, Delivery, Event
from adapters.contract.errors import OutcomeUnknown
from adapters.contract.reply import Reply
from adapters.contract.sending import SendState, Sent


class Reads(Protocol):
    """How deliveries to one account are read."""

    def events(self, body: Any) -> list[Event]:
        """Every event of the delivery, in the order told. Raises BadPayload where its envelope cannot be read."""


class MetaAccount(Channel):
    """An account that Meta's webhooks tell of, and that writes by the Graph API."""

    is_repeatable: ClassVar[bool] = False
    _settings: MetaSettings
    _reader: Reads

    def accounts(self) -> tuple[str, ...]:
        """Its own, and those whose deliveries come to the same address."""
        return (self.account, *sorted({*self._settings.other_accounts()} - {self.account}))

    def handshake(self, delivery: Delivery) -> Answer | None:
        """Meta's check of the address; None for every other request."""
        return meta.handshake(delivery, self._settings.verify_token)

    def prove(self, delivery: Delivery) -> None:
        """By X-Hub-Signature-256 and each of the app's secrets; raises NotProven."""
        meta.prove(delivery, self._settings.app_secrets)

    def delivery_key(self, delivery: Delivery) -> str | None:
        """None: Meta gives its deliveries no id. Each event has one."""
        del delivery
        return None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """Each thing that happened, and what cannot be read of them; raises BadPayload."""
        return self._reader.events(delivery.json())

    async def hand_over(self, node: str, asked: Mapping[str, Any], sent: Callable[[Reply], Sent]) -> Sent:
        """What became of a message that is handed over once by that node, as `sent` reads Meta's good answer."""
        url = self._settings.url(node, "messages")
        try:
            reply = await self.way.post(url, json=asked, headers=self._settings.signed)
        except OutcomeUnknown as error:
            return Sent(state=SendState.UNKNOWN, why=str(error))
        return sent(reply)
