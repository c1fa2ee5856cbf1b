"""What of customers counts where this viewer has them compared?

A score moves with every value that goes into it, and who is suggested at all is told by it, too. So what a viewer may
not see is left out on both sides before anything is compared: attributes, and numbers and addresses of a hidden kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.held import of_latest
from adapters.records import Document
from resolvers.attribute_rights import unseen, unseen_kinds
from resolvers.attribute_rules import MatchingRole
from resolvers.attributes import definitions
from resolvers.channels import reach_by
from resolvers.kit.context import Context
from resolvers.kit.viewer import STAFF_AND_PARTNERS, Role, Viewer
from resolvers.matching import Evidence, Reached, Telling, evidence_of, telling

_NAMES = frozenset({MatchingRole.GIVEN_NAME.value, MatchingRole.FAMILY_NAME.value})


@dataclass(frozen=True, slots=True, repr=False)
class Sight:
    """What a viewer is shown of customers, as far as it is compared."""

    known: Sequence[Document]
    """Definitions of the attributes whose values are shown."""
    telling: Sequence[Telling]
    """Those that are compared."""
    kinds: frozenset[str] = frozenset()
    """Kinds of numbers and addresses (`PHONE`, `EMAIL`) that are not."""
    roles: frozenset[str] = frozenset()
    """Roles in matching to which something counts that is not shown."""
    hides_words: bool = False
    """Whether words by which customers are found (`search`) may be of something that is not shown."""

    @property
    def hides_names(self) -> bool:
        """Whether a part of names is not shown: how they sound tells of it."""
        return not _NAMES.isdisjoint(self.roles)

    def document(self, customer: Document) -> Document:
        """A customer's document without contact points of a kind that is not shown."""
        if not self.kinds:
            return customer
        points = [one for one in customer.get("contact_points") or () if one["type"] not in self.kinds]
        return {**customer, "contact_points": points}

    def identities(self, identities: Iterable[Document]) -> list[Document]:
        """Those whose values are shown."""
        return [one for one in identities if reach_by(one["channel"], one["value"]) not in self.kinds]

    def reached(self, identities: Iterable[Document]) -> list[Reached]:
        """The numbers and addresses among identities, as evidence for people, who see how well each is founded."""
        found = ((reach_by(one["channel"], one["value"]), one["value"]) for one in identities)
        return [(kind, value) for kind, value in found if kind and kind not in self.kinds]

    def evidence(self, customer: Document, identities: Iterable[Document]) -> Evidence:
        """What the customer's document and identities say of who that is."""
        return evidence_of(self.document(customer), self.telling, self.reached(identities))

    @property
    def untold(self) -> Document:
        """What a kept pair must match that nothing speaks of which the viewer may not see."""
        return {"reasons.role": {"$nin": sorted(self.roles)}} if self.roles else {}

    def is_told(self, pair: Document) -> bool:
        """Whether nothing speaks of a kept pair which the viewer may not see."""
        return not any(one["role"] in self.roles for one in pair["reasons"])


async def sight_of(context: Context) -> Sight:
    """What the viewer is shown of customers; of visitors, who compare nobody, everything."""
    known, viewer = await definitions(context), context.viewer
    if viewer.role is Role.VISITOR:
        return Sight(tuple(known.values()), telling(known.values()))
    return _sights(known)[viewer.role, viewer.may_see_personal]


@of_latest
def _sights(known: Mapping[str, Document]) -> Mapping[tuple[Role, bool], Sight]:
    viewers = {
        (role, sees): Viewer(subject="", role=role, scopes=frozenset({"personal"} if sees else ()))
        for role in STAFF_AND_PARTNERS
        for sees in (True, False)
    }
    return {key: _sight(known, viewer) for key, viewer in viewers.items()}


def _sight(known: Mapping[str, Document], viewer: Viewer) -> Sight:
    hidden, kinds = unseen(known, viewer), unseen_kinds(known, viewer)
    roles = {str(role) for name in hidden if (role := known[name].get("matching_role"))}
    shown = [one for name, one in known.items() if name not in hidden]
    hides_words = bool(kinds) or any(known[name]["is_searchable"] for name in hidden)
    return Sight(shown, telling(shown), kinds, frozenset(roles | kinds), hides_words)
