"""Who asks in these tests: every kind of viewer, and how each of them asks the same question."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from graphql import ExecutionResult, parse, specified_rules
from strawberry.schema.schema import validate_document

from gateway.execution import Known, Plans
from resolvers.kit.context import Context
from resolvers.kit.viewer import LOOKUP_SCOPE, PERSONAL_SCOPE, STAFF, VISITORS_SCOPE, Role, Viewer
from tests.conftest import Asking
from tests.makers import Made
from tests.rights.outside import AskedBefore


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of viewer: a role, with what a partner is allowed beside it."""

    name: str
    role: Role
    scopes: frozenset[str] = frozenset()
    is_stranger: bool = False
    """Whether it is another customer's visitor, to whom nothing of the first one is shown."""

    @property
    def sees_personal(self) -> bool:
        """Whether personal values are this kind's to see, as DESIGN.md section 4 says and not as the code does."""
        return self.role is not Role.PARTNER or PERSONAL_SCOPE in self.scopes

    @property
    def looks_up(self) -> bool:
        """Whether this kind may ask who stands behind a number, an address or an identifier."""
        return self.role is not Role.PARTNER or LOOKUP_SCOPE in self.scopes


KINDS = (
    Kind("administrator", Role.ADMINISTRATOR),
    Kind("supervisor", Role.SUPERVISOR),
    Kind("agent", Role.AGENT),
    Kind("partner", Role.PARTNER),
    Kind("partner+personal", Role.PARTNER, frozenset({PERSONAL_SCOPE})),
    Kind("partner+lookup", Role.PARTNER, frozenset({LOOKUP_SCOPE})),
    Kind("partner+visitors", Role.PARTNER, frozenset({VISITORS_SCOPE})),
    Kind("visitor", Role.VISITOR),
)
"""Of the visitors it is the one whose things are asked for."""

STRANGER = Kind("another visitor", Role.VISITOR, is_stranger=True)


@dataclass
class Asker:
    """Asks as each kind of viewer; a text is read, checked and compiled once for all of them."""

    ask: Asking
    own: Made
    """The customer that the visitor is."""
    other: Made
    """The customer that the stranger is."""
    known: dict[str, Known] = field(default_factory=dict)

    @cached_property
    def ways(self) -> dict[str, Plans]:
        """The two ways in which questions are answered."""
        graph = self.ask.graph
        return {"planned": Plans(graph, compile_at=1), "graphql-core": Plans(graph, is_on=False)}

    def context(self, kind: Kind) -> Context:
        """What the resolvers are handed for a question of this kind of viewer."""
        customer = None
        if kind.role is Role.VISITOR:
            customer = (self.other if kind.is_stranger else self.own).key
        viewer = Viewer(
            subject=f"zqxsjwkh{kind.role.value}" if kind.role in STAFF else kind.name,
            role=kind.role,
            agent_id=self.ask.agent_id if kind.role in STAFF else None,
            customer_id=customer,
            # Each of the two has a chat under the same id (world.py).
            chat_id=customer,
            scopes=kind.scopes,
        )
        return replace(
            self.ask.context(),
            viewer=viewer,
            live=AskedBefore(),
            sign_visitor=lambda key, _for_s: f"token of {key}",
            sign_chat=lambda key, _chat, _for_s, _is_proven: f"token of {key}",
            sign_export=lambda key, _at: f"/exports/{key}",
        )

    async def __call__(
        self, text: str, kind: Kind, variables: Mapping[str, Any] | None = None, *, way: str = "planned"
    ) -> ExecutionResult:
        """The answer to a question that must be a valid one."""
        executed = await self.ways[way].execute(self._known(text), context=self.context(kind), variables=variables)
        return executed.result

    def _known(self, text: str) -> Known:
        known = self.known.get(text)
        if known is None:
            document = parse(text)
            errors = validate_document(self.ask.graph._schema, document, tuple(specified_rules))
            assert not errors, f"{errors[0].message}\n{text}"
            known = self.known[text] = Known(document)
        return known
