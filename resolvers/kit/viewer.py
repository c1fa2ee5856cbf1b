"""Who asks, and in which role?

Whose token this is, the gate finds out (gateway/auth.py); what the role may see and do stands here and beside
the fields.
"""

from dataclasses import dataclass
from enum import StrEnum

from adapters.records import RecordId
from resolvers.kit.described import graph_enum


@graph_enum(
    {
        "ADMINISTRATOR": "Shapes the customer schema and may do everything.",
        "SUPERVISOR": "Leads agents.",
        "AGENT": "Serves customers.",
        "PARTNER": "A program of another company, with an API key and its scopes.",
        "VISITOR": "One customer in a browser, who sees only what is the visitor's own.",
    }
)
class Role(StrEnum):
    """What kind of caller a viewer is."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    PARTNER = "partner"
    VISITOR = "visitor"


Roles = frozenset[Role]

ADMINISTRATORS: Roles = frozenset({Role.ADMINISTRATOR})
STAFF: Roles = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AGENT})
STAFF_AND_PARTNERS: Roles = STAFF | {Role.PARTNER}
EVERYONE: Roles = frozenset(Role)

PERSONAL_SCOPE = "personal"
LOOKUP_SCOPE = "lookup"
VISITORS_SCOPE = "visitors"
CHANNELS_SCOPE = "channels"
SCHEMA_SCOPE = "schema"
SCOPES = {
    PERSONAL_SCOPE: "reads personal values",
    LOOKUP_SCOPE: "asks who stands behind a phone number, an address or another identity",
    VISITORS_SCOPE: "signs visitors in, as a company's backend does for its own pages",
    CHANNELS_SCOPE: "vouches for who writes on a channel, as a backend does that receives the channel's own events",
    SCHEMA_SCOPE: "looks at the schema in the production profile, as a router does that composes subgraphs",
}
"""What a partner may be allowed beyond what every partner reads."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Viewer:
    """Who asks: proven by a token or key."""

    subject: str
    """The token's subject, or the name of the API key."""
    role: Role
    agent_id: RecordId | None = None
    """The agent that the subject is; None for partners and visitors."""
    customer_id: RecordId | None = None
    """The one customer that a visitor is; None for everyone else."""
    scopes: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    """The only fields that a partner's key may ask for, as `Type.field` and `Type.*`; empty: all of them."""
    chat_id: RecordId | None = None
    """The web chat in which a visitor is; None for whoever did not come by one."""
    key_handle: str | None = None
    """The part of the API key that may be shown; None for who came with a token."""

    @property
    def counted_as(self) -> str:
        """By what is counted whatever is bounded for one caller."""
        return f"{self.role.value}/{self.key_handle or self.subject}"

    @property
    def may_see_personal(self) -> bool:
        """Whether personal values are shown: to staff, to visitors about themselves, to partners with the scope."""
        return self.role is not Role.PARTNER or PERSONAL_SCOPE in self.scopes

    @property
    def may_look_up(self) -> bool:
        """Whether identities may be asked for: an oracle for every number and address, and so a right of its own."""
        return self.role is not Role.PARTNER or LOOKUP_SCOPE in self.scopes

    @property
    def may_sign_in_visitors(self) -> bool:
        """Whether tokens for visitors are given: with one, whatever is a customer's own can be read."""
        return self.role is Role.ADMINISTRATOR or (self.role is Role.PARTNER and VISITORS_SCOPE in self.scopes)

    @property
    def may_vouch(self) -> bool:
        """Whether whom the viewer identifies on a channel is proven to be there: the staff only say so."""
        return self.role is Role.PARTNER and CHANNELS_SCOPE in self.scopes

    def may_ask(self, *fields: str) -> bool:
        """Whether a key may ask for each of these fields, written `Type.field`."""
        return not self.fields or all({one, f"{one.partition('.')[0]}.*"} & self.fields for one in fields)

    def may_see_customer(self, customer_id: RecordId | None) -> bool:
        """Whether records of this customer are shown: a visitor sees the visitor's own alone."""
        return self.role is not Role.VISITOR or customer_id == self.customer_id
