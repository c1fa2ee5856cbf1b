"""What does a mailbox offer? It hears, by IMAP or by webhook, and it answers by SMTP."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from adapters.channels.email.collecting import collect, file_of
from adapters.channels.email.opening import MAILBOX, prove
from adapters.channels.email.people import is_address
from adapters.channels.email.reading import Reader
from adapters.channels.email.settings import EmailSettings
from adapters.channels.email.signing_in import signed_in
from adapters.channels.email.writing import Written
from adapters.contract.channel import Capability, Channel, Collected, Equipment, WantedFile
from adapters.contract.deliveries import COLLECTED, Answer, Delivery, Event
from adapters.contract.errors import ChannelRefused, OutcomeUnknown
from adapters.contract.manners import Manners
from adapters.contract.records import Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.mail.lines import Line
from adapters.mail.posting import SignIn, post
from adapters.mail.servers import server_at
from adapters.reaching import folded_email, on_the_wire

# One step of a sending, which as a whole has four seconds.
_STEP_S: Final = 4.0


class Email(Channel):
    """A mailbox of the company's; the channel account is any name for it, and people are known by their addresses.

    An address in From is only asserted, unless a mail server that the settings trust has proven it. A mail that may
    have gone out is not sent again: its id is made of the message's key, by which its copy in the folder of sent mails
    or a report on it tells what became of it.
    """

    name: ClassVar[str] = "email"
    Settings: ClassVar[type[EmailSettings]] = EmailSettings
    # Servers allow few connections at once, and a look into a mailbox takes longer than a request.
    manners: ClassVar[Manners] = Manners(at_once=4, try_s=25.0, tries=1)
    is_repeatable: ClassVar[bool] = False

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._settings: EmailSettings = settings
        self._reader = Reader(self.name, account, self._settings)

    def capabilities(self) -> tuple[Capability, ...]:
        """It sends where a server is named that does, and gives files where one is that keeps the mailbox."""
        sends = (Capability.SEND,) if self._settings.smtp_url else ()
        return (*sends, Capability.WEBHOOK, *((Capability.FILES,) if self._settings.imap_url else ()))

    def handshake(self, delivery: Delivery) -> Answer | None:
        """None: nobody checks the address beforehand."""
        del delivery
        return None

    def prove(self, delivery: Delivery) -> None:
        """Returns where one of the webhook's secrets made the signature lately; raises NotProven else."""
        prove(delivery, self._settings.webhook_secrets, self._settings.signature_tolerance_s)

    def delivery_key(self, delivery: Delivery) -> str | None:
        """Where in the mailbox it lay; None of a webhook's, whose mails are known by their own ids."""
        return delivery.headers.get(MAILBOX) if delivery.method == COLLECTED else None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """What the mail tells; raises BadPayload where it is none."""
        return self._reader.events(delivery)

    async def collect(self, cursor: str | None) -> Collected:
        """The mails that came into the mailbox behind the cursor; raises ChannelError."""
        return await collect(self.way, self._settings, cursor)

    def collects(self) -> bool:
        """Whether there is a mailbox to look into."""
        return self._settings.imap_url is not None

    async def file(self, wanted: WantedFile) -> Reply:
        """A file of a mail, for as long as that lies in the mailbox; raises ChannelError."""
        return await file_of(self.way, self._settings, wanted)

    def talk_with(self, who: Who) -> str | None:
        """None: with everybody there are as many conversations as threads."""
        del who
        return None

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Returns where it can be written; raises ChannelRefused. Mail knows no window: it may always be answered."""
        if outgoing.template is not None:
            raise ChannelRefused("Mail has no approved templates. Send the words themselves.", code="no_templates")
        if not outgoing.text or not outgoing.text.strip():
            raise ChannelRefused("A mail without words is none. Send a text.", code="no_text")
        if not _is_reachable(outgoing.who.value):
            raise ChannelRefused("The person's id is no e-mail address.", code="no_address")
        if folded_email(outgoing.who.value) in self._settings.own_addresses:
            raise ChannelRefused(
                "The address is the mailbox's own, so that it would write to itself.", code="own_address"
            )

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands a mail to the server once; where nobody knows whether it was taken, the outcome is unknown."""
        self.require_allowed(outgoing)
        if self._settings.smtp_url is None:
            raise ChannelRefused("No server is named that sends. Name `smtp_url`.", code="no_smtp", is_of_account=True)
        written = Written(outgoing, self._settings)
        server = server_at(self._settings.smtp_url)

        async def handed_over(sign_in: SignIn | None) -> None:
            line = Line(server, step_s=_STEP_S, may_be_plain=self._settings.may_be_plain)
            await self.way.converse("SMTP", lambda step: post(line, sign_in, written.letter, step))

        try:
            await signed_in(self.way, self._settings, handed_over)
        except OutcomeUnknown as error:
            return Sent(state=SendState.UNKNOWN, why=str(error))
        begun = None if outgoing.conversation is not None else written.talk
        return Sent(state=SendState.TAKEN, external_id=written.id, conversation=begun)


def _is_reachable(address: str) -> bool:
    try:
        return is_address(address) and is_address(on_the_wire(address))
    except ValueError:
        return False
