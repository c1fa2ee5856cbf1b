"""How does a channel account take in the visitors of a web site, and whom does the company say that they are?

Such a channel has no vendor: its visitors are asked and answered here, through the graph (resolvers/webchat/).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from adapters.contract.records import Who
from adapters.quiet import quiet

VISITOR: Final = "v_"
"""With this begins how a browser's visitor is called on the channel account."""
USER: Final = "u_"
"""With this, how somebody is whom the company has signed in; behind it stands the company's own id of the person."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who a visitor is, as the company has signed it."""

    statement: str
    """The statement's own id: whoever shows it first is the one of whom it tells."""
    user: str = field(repr=False)
    """The company's own id of the person, the same on every device."""
    expires_at: datetime
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    is_email_verified: bool = False
    """Whether the company has made sure that the address is the person's."""
    accounts: tuple[Who, ...] = field(default=(), repr=False)
    """The person's accounts on other channels, as the company knows them: as the number among its shop's customers."""


class NotBelieved(Exception):
    """A statement proves nobody; the message says why and what to do, and quotes nothing of it."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTerms:
    """On which terms visitors chat."""

    greeting: str | None
    """What the company says before anybody wrote."""
    shows_agents: bool
    """Whether visitors are told by name who serves them."""
    token_minutes: int
    """How long a visitor's token is good."""
    resume_days: int
    """For how long after the last time a browser finds its chat again."""
    starts_per_minute: int
    """Chats that one address may begin within a minute, and resume as often."""
    starts_per_minute_of_site: int
    """Chats that everybody together may begin within a minute."""
    messages_per_minute: int
    """Messages that one visitor may write within a minute."""
    longest_text: int
    """Characters of a visitor's message."""
    most_files: int
    """Files that one message may name."""


@runtime_checkable
class TakesVisitors(Protocol):
    """A channel on which visitors of a web site chat. All three only compute."""

    @property
    def origins(self) -> frozenset[str]:
        """The pages from which they may: scheme, host and port, as browsers send them."""

    @property
    def terms(self) -> ChatTerms:
        """On which terms."""

    def signed(self, token: str, now: datetime) -> Signed:
        """Whom a statement that the company has signed proves; raises NotBelieved."""
