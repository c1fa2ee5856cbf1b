"""What does an account on Messenger or Instagram offer? It hears and answers, and knows people and some of the past."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from adapters.channels import meta
from adapters.channels.meta_accounts import MetaAccount
from adapters.channels.meta_messaging import files, sending
from adapters.channels.meta_messaging.pacing import Allowance, Pace
from adapters.channels.meta_messaging.pasts import Pasts
from adapters.channels.meta_messaging.people import person_of
from adapters.channels.meta_messaging.reading import Reader
from adapters.channels.meta_messaging.sending import NoProfile
from adapters.channels.meta_messaging.settings import MessagingSettings
from adapters.channels.meta_messaging.shapes import Person as Shown
from adapters.contract.channel import Equipment, WantedFile
from adapters.contract.errors import ChannelRefused, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.manners import Manners
from adapters.contract.records import Person, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, Sent
from adapters.payload import shaped

# What a client or an agent asks again within a minute asks nobody; who somebody is hardly changes within a day.
_FRESH_S, _STALE_S = 60.0, 86_400.0
_CONVERSATIONS_A_SECOND: Final = 2
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PARAMETER: Final = "100"


class MetaMessaging(MetaAccount):
    """An account through which customers and a company write to each other on Messenger or Instagram."""

    Settings: ClassVar[type[MessagingSettings]] = MessagingSettings
    manners: ClassVar[Manners] = sending.MANNERS
    kind: ClassVar[str]
    """What Meta calls the channel in deliveries."""
    platform: ClassVar[str]
    """What Meta calls it where conversations are asked for."""
    fields: ClassVar[str]
    """What is asked for of a person."""
    granted_fields: ClassVar[str] = ""
    """What else is asked for, and left out where the app has no right to it."""
    said_fields: ClassVar[str]
    """What is asked for of a message beside its words."""
    file_fields: ClassVar[str]
    """What is asked for of a message beside its files, as what stands there is a file, too."""
    gives_key_back: ClassVar[bool]
    """Whether an echo brings back the word that was sent along with a message."""
    longest_bytes: ClassVar[int | None] = None
    """Of a text, where it is measured so."""

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._settings: MessagingSettings = settings
        self._reader = Reader(self.name, account, self.kind, self._settings.also_accounts, self._settings.app_id)
        self._pace = Pace(_CONVERSATIONS_A_SECOND)
        self._allowance = Allowance()
        self._pasts = Pasts(self._conversing, self.node, self.platform, self.said_fields)

    @property
    def node(self) -> str:
        """By which node of the Graph API the account sends."""
        return self.account

    # People and their past

    async def person(self, who: Who) -> Found:
        """The profile as far as Meta shows it; somebody of whom it shows nothing is a person without a name."""
        self._allowance.require_some()
        try:
            reply = await self._profile(_id_of(who))
        except NoProfile:
            return Found(records=(Person(who=who),))
        self._allowance.note(reply)
        shown = shaped(Shown, reply.json())
        return Found(records=(person_of(who, shown),), as_of=reply.as_of, is_stale=reply.is_stale)

    async def _profile(self, value: str) -> Reply:
        whole = ",".join(filter(None, (self.fields, self.granted_fields)))
        try:
            return await self._asked((value,), {"fields": whole}, fresh_s=_FRESH_S, stale_s=_STALE_S)
        except ChannelRefused as error:
            if error.code != _PARAMETER:
                raise
            if not self.granted_fields:
                raise NoProfile(str(error)) from error
        # Each of the others has a right of its own.
        return await self._asked((value,), {"fields": self.fields}, fresh_s=_FRESH_S, stale_s=_STALE_S)

    async def past(self, who: Who, portion: Portion) -> Found:
        """A page of the messages with the person, the newest first, as far back as Meta shows what was said."""
        _id_of(who)
        try:
            return await self._pasts.past(who, portion)
        except NoProfile as error:
            raise sending.not_of_profile(error) from error

    async def file(self, wanted: WantedFile) -> Reply:
        """The file of a message, as long as Meta shows the message."""
        address = await files.address_of(self._conversing, wanted, self.file_fields)
        return await meta.file_at(self.way, address, self._settings)

    async def _conversing(self, steps: tuple[str, ...], params: Mapping[str, str]) -> Reply:
        """Asks for conversations, as often as Meta lets anybody, and not where the allowance is nearly used up."""
        self._allowance.require_some()
        await self._pace.turn()
        reply = await self._asked(steps, params)
        self._allowance.note(reply)
        return reply

    async def _asked(
        self, steps: tuple[str, ...], params: Mapping[str, str], *, fresh_s: float = 0.0, stale_s: float = 0.0
    ) -> Reply:
        url = self._settings.url(*steps)
        return await self.way.get(url, params=params, headers=self._settings.signed, fresh_s=fresh_s, stale_s=stale_s)

    # Sending

    def talk_with(self, who: Who) -> str:
        """The person's own id: everybody has one conversation with each account."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Raises WindowClosed 24 hours after the person last wrote, or 7 days where a person answers."""
        sending.require_allowed(outgoing, self.longest_bytes)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands words to Meta once; raises WindowClosed where none may go out."""
        self.require_allowed(outgoing)
        asked = sending.request(outgoing, gives_key_back=self.gives_key_back)
        try:
            return await self.hand_over(self.node, asked, self._sent)
        except NoProfile as error:
            raise sending.not_of_profile(error) from error

    def _sent(self, reply: Reply) -> Sent:
        self._allowance.note(reply)
        return sending.sent(reply)


def _id_of(who: Who) -> str:
    """The person's id, fit for a path; Meta's are digits, and nobody else is asked for."""
    if not _ID.fullmatch(who.value):
        raise NoSuchIdentity("Meta's ids of people are letters and digits; this is none.")
    return who.value
