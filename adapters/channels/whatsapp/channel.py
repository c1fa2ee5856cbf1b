"""What does one business phone number on WhatsApp offer? It hears, by webhook, and it answers."""

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import SecretStr

from adapters.channels import meta
from adapters.channels.meta_accounts import MetaAccount
from adapters.channels.whatsapp.reading import Reader
from adapters.channels.whatsapp.sending import MANNERS, request, require_open, sent
from adapters.channels.whatsapp.settings import WhatsAppSettings
from adapters.channels.whatsapp.shapes import Id
from adapters.contract.channel import Equipment, WantedFile
from adapters.contract.errors import BadPayload
from adapters.contract.manners import Manners
from adapters.contract.records import Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, Sent
from adapters.payload import Shape, shaped


class _MediaReply(Shape):
    url: Id
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Media:
    """What WhatsApp knows of a file."""

    sha256: str | None
    """In hexadecimal."""
    url: SecretStr
    """Where its bytes are for five minutes, for who brings the access token."""


class WhatsApp(MetaAccount):
    """A business phone number on Meta's Cloud API; the channel account is its `phone_number_id`.

    It keeps no conversations: WhatsApp offers none to ask for, so the past is what deliveries told.
    """

    name: ClassVar[str] = "whatsapp"
    Settings: ClassVar[type[WhatsAppSettings]] = WhatsAppSettings
    manners: ClassVar[Manners] = MANNERS
    # Cloud API, messages: the longest `text.body`.
    longest_text: ClassVar[int | None] = 4096

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._settings: WhatsAppSettings = settings
        self._reader = Reader(self.name, account, self._settings.also_accounts, self._settings.business_accounts)

    def talk_with(self, who: Who) -> str:
        """The person's own id: WhatsApp knows no conversations, so that everybody has one with each number."""
        return who.value.removeprefix("+")

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Raises WindowClosed more than 24 hours after the person last wrote, and ChannelRefused without any words."""
        require_open(outgoing)
        request(outgoing)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands words or a template to WhatsApp once; raises WindowClosed where only a template may go out."""
        require_open(outgoing)
        return await self.hand_over(self.account, request(outgoing), sent)

    async def file(self, wanted: WantedFile) -> Reply:
        """The file, for seven days after it came in; raises BadPayload where its SHA-256 is another one."""
        media = await self._media(wanted.external_id)
        reply = await meta.file_at(self.way, media.url.get_secret_value(), self._settings)
        if media.sha256 and hashlib.sha256(reply.body).hexdigest() != media.sha256.lower():
            raise BadPayload("The file has another SHA-256 than WhatsApp said.")
        return reply

    async def _media(self, external_id: str) -> _Media:
        reply = await self.way.get(self._settings.url(external_id), headers=self._settings.signed)
        told = shaped(_MediaReply, reply.json())
        return _Media(sha256=told.sha256, url=SecretStr(told.url))
