"""What does one slice of the graph declare: what it keeps, and the fields it adds to others?

A hub never imports its spokes. A slice that wants a field on Customer declares it here; the schema is built from
the slices' declarations (kit/graph.py). Inputs, enums and unions to which several slices contribute are *open*: a
hub names them, slices contribute, and each schema builds its own.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.contract.channel import Capability
from adapters.quiet import quiet
from adapters.records import Document, Part, Record
from resolvers.kit.described import description_of, graph_type, told
from resolvers.kit.exported import exported
from resolvers.kit.jobs import Job, JobAt, LineJobs, Offers, Work
from resolvers.kit.keepings import Keeping
from resolvers.kit.roots import Mutation, Query, Subscription
from resolvers.kit.stored import Node, inner, kept
from resolvers.kit.viewer import EVERYONE, STAFF_AND_PARTNERS, Role, Roles

C = TypeVar("C")
F = TypeVar("F", bound=Callable[..., Any])

Match = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenInput:
    """An input object whose fields are conditions that slices contribute; all given ones hold together."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class OpenEnum:
    """An enum whose values come from what slices declare."""

    name: str
    description: str
    values: Callable[["Declared"], Mapping[str, str]]
    """The values with their descriptions, from the declarations."""


@dataclass(frozen=True, slots=True)
class OpenUnion:
    """A union whose member types come from what slices declare."""

    name: str
    description: str
    members: Callable[["Declared"], Sequence[type[Any]]]


Open = OpenInput | OpenEnum | OpenUnion


CUSTOMER_FILTER = OpenInput(
    "CustomerFilter",
    "Which customers a list shows: those that fulfil every condition given. Left out: all. An empty list of things to "
    "choose from sets no condition.",
)


@dataclass(frozen=True, slots=True, repr=False)
class Having:
    """A condition on customers by records that belong to them: at least one that matches.

    An index that begins with what is matched and ends with the customer lets them be counted without being read.
    """

    record: Record
    where: Match


@dataclass(frozen=True, slots=True)
class AddedField:
    """A field that a slice adds to a type declared elsewhere."""

    hub: type[Any]
    function: Callable[..., Any]
    way: str
    """`column`: answers all parents at once. `field`: answers one. `mutation`: one, with refusals as data.
    `reading`: reads the parent, and needs nothing else. `subscription`: answers event by event."""
    may: Roles
    name: str
    """The field's Python name: the function's, where one file has no two of a name."""
    reads: Iterable[str] | None = None
    """Which stored fields of its parents the function reads, as dotted paths; None: nobody said it."""
    is_open: bool = False
    """Whether it needs no sign-in: whoever comes without one is a visitor whom nobody knows."""
    is_administrative: bool = False
    """Whether it is written down who did it or tried to (kit/acts.py)."""
    costs: int = 0
    """Beside its rows, for each of its parents (kit/prices.py)."""


@dataclass(frozen=True, slots=True)
class AddedCondition:
    """A field of an open input, and what it means for the database."""

    to: OpenInput
    function: Callable[..., Match | Having | Awaitable[Match | Having]]


Finder = Callable[..., Awaitable[Mapping[Any, Any]]]
"""Finds things by storage ids: takes the context and the ids, answers what the viewer may see."""

PersonalPaths = Callable[..., Awaitable[frozenset[str]]]
"""Says which paths of a customer's document hold what the administrators made personal; takes the context."""


class Slice:
    """One concept of the graph: what it keeps, and the fields that it adds to others."""

    def __init__(self, name: str, *, unshown: Sequence[Record] = ()) -> None:
        self.name = name
        self.unshown = tuple(unshown)
        """Records that the slice keeps and no type of the graph shows."""
        self.keepings: list[Keeping] = []
        self.types: list[type[Any]] = []
        self.fields: list[AddedField] = []
        self.conditions: list[AddedCondition] = []
        self.fact_readers: list[Callable[..., Any]] = []
        self.also_personal: list[PersonalPaths] = []
        self.finders: dict[str, Finder] = {}
        self.proofs: Finder | None = None
        self.holders: dict[str, Finder] = {}
        self.jobs: list[Job] = []
        self.line_jobs: list[LineJobs] = []

    @dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, told, kept, inner))
    def keeps(
        self,
        what: Record | Part,
        *,
        may: Roles = STAFF_AND_PARTNERS,
        keys: Sequence[str] = (),
        live: Capability | None = None,
    ) -> Callable[[type[C]], type[C]]:
        """Makes the class the graph's type of what is kept; with `keys` it is a federation entity.

        `live`: channels that offer it are asked for such things before a customer's list of them is read.
        """

        def make(cls: type[C]) -> type[C]:
            if keys:
                cls = quiet(strawberry.federation.type(cls, keys=list(keys), description=description_of(cls)))
            else:
                cls = graph_type(cls)
            self.keepings.append(Keeping(what, cls, may, is_entity=bool(keys), live=live))
            return cls

        return make

    def shows(self, cls: type[C]) -> type[C]:
        """Puts a type into the graph that is answered behind an interface alone, and that no field names."""
        self.types.append(cls)
        return cls

    def column(
        self,
        hub: type[Any],
        *,
        may: Roles = STAFF_AND_PARTNERS,
        name: str | None = None,
        reads: Iterable[str] | None = None,
        costs: int = 0,
    ) -> Callable[[F], F]:
        """Adds `fn(parents, info, **arguments) -> list` as a field of the hub: one answer per parent, in order.

        A function that needs no waiting is no coroutine: it finds held records in `info.context.held`. A parameter
        named `page`, annotated Page, stands for the four paging arguments. `reads`: which stored fields of the parents'
        documents it reads beside their id (and a customer's aliases). Beside a column that doesn't say it, a question
        reads the parents' documents whole. `costs`: beside its rows, for each parent, where it goes through many.
        """
        return self._adds(hub, "column", may, name, reads=reads, costs=costs)

    def field(self, hub: type[Any], *, may: Roles = STAFF_AND_PARTNERS) -> Callable[[F], F]:
        """Adds `fn(parent, info, **arguments)` as a field of the hub."""
        return self._adds(hub, "field", may)

    def reading(self, hub: type[Any], *, reads: Iterable[str] | None = None) -> Callable[[F], F]:
        """Adds `fn(parent)` as a field of the hub: read at once from what the parent holds, for whoever sees it."""
        return self._adds(hub, "reading", EVERYONE, reads=reads)

    def query(
        self, *, may: Roles = STAFF_AND_PARTNERS, name: str = "", is_open: bool = False, costs: int = 0
    ) -> Callable[[F], F]:
        """Adds `fn(info, **arguments)` to what can be asked; `costs`: beside its rows, where it goes through many."""
        return self._adds(Query, "field", may, name or None, is_open=is_open, costs=costs)

    def mutation(self, *, may: Roles, is_open: bool = False, is_administrative: bool = False) -> Callable[[F], F]:
        """Adds `fn(info, input) -> Payload | Refusals` to what can be changed; Refused is answered as data.

        `is_administrative`: who does it is written down, as of all that neither agents nor visitors may do.
        """
        is_administrative |= not may & {Role.AGENT, Role.VISITOR}
        return self._adds(Mutation, "mutation", may, is_open=is_open, is_administrative=is_administrative)

    def subscription(self, *, may: Roles) -> Callable[[F], F]:
        """Adds `async def fn(info, **arguments) -> AsyncGenerator[Event, None]` to what can be followed.

        It asks the store itself: what `info.context` bounds and gathers is one answer's, and each event has its own.
        """
        return self._adds(Subscription, "subscription", may)

    def condition(self, to: OpenInput) -> Callable[[F], F]:
        """Adds a condition to an open input: the function's name, its first parameter's type, its docstring.

        It is called as `fn(value, context)` and answers what the customer's document must match, or Having.
        """

        def add(function: F) -> F:
            self.conditions.append(AddedCondition(to, function))
            return function

        return add

    def finds(self, cls: type[Any]) -> Callable[[F], F]:
        """Says how `node` finds things of a type, where reading their documents by id is not enough.

        `async fn(context, keys) -> mapping`; what the viewer may not see is absent.
        """

        def add(function: F) -> F:
            self.finders[cls.__name__] = function
            return function

        return add

    def proves(self, function: F) -> F:
        """Says what is proven of identities: `async fn(context, keys) -> mapping`, of Proof (kit/proofs.py)."""
        self.proofs = function
        return function

    def held_by(self, cls: type[Any]) -> Callable[[F], F]:
        """Says which customers hold things of a type: `async fn(context, keys) -> mapping` of keys to their ids."""

        def add(function: F) -> F:
            self.holders[cls.__name__] = function
            return function

        return add

    def personal(self, function: F) -> F:
        """Says what else of a customer's document is personal now: `async fn(context) -> paths`."""
        self.also_personal.append(function)
        return function

    def facts(self, function: F) -> F:
        """Adds facts that stand in the customer's document: `async fn(customers, context) -> list[list[Fact]]`."""
        self.fact_readers.append(function)
        return function

    def job(self, name: str, *, every_s: float, when: Work | None = None, is_urgent: bool = False) -> Callable[[F], F]:
        """Declares a leased job: `async fn(shift) -> bool`, one step of it; whether more is to do at once.

        A step takes a second or less and may be done again. It is done anew every so many seconds, by one process at a
        time (gateway/work.py). `when`: whether there is anything to do, asked by all; it costs no command. `is_urgent`:
        it is due as soon as that is so.
        """

        def add(function: F) -> F:
            self.jobs.append(Job(name, every_s, function, when, is_urgent))
            return function

        return add

    def job_of_lines(self, begins: str, offers: Offers) -> Callable[[JobAt], JobAt]:
        """Declares a leased job for each channel account that offers the capability: `fn(channel, account) -> Job`.

        Their names are that first word and `channel/account`.
        """

        def add(function: JobAt) -> JobAt:
            self.line_jobs.append(LineJobs(begins, offers, function))
            return function

        return add

    def _adds(self, hub: type[Any], way: str, may: Roles, name: str | None = None, **more: Any) -> Callable[[F], F]:
        def add(function: F) -> F:
            self.fields.append(AddedField(hub, function, way, may, name or function.__name__, **more))
            return function

        return add


class Declared:
    """What a set of slices declares, as everyone who has to know reads it."""

    def __init__(self, slices: Iterable[Slice]) -> None:
        self.slices = tuple(slices)
        self.keepings = [keeping for one in self.slices for keeping in one.keepings]
        parts = tuple(keeping.what for keeping in self.keepings if isinstance(keeping.what, Part))
        kept = [one.what for one in self.keepings if isinstance(one.what, Record)]
        self.records = [replace(one, parts=parts) if one.customer == "_id" else one for one in kept]
        self.types = [cls for one in self.slices for cls in one.types]
        self.unshown = [record for one in self.slices for record in one.unshown]
        self.records += self.unshown
        self.by_type = {one.cls.__name__: one for one in self.keepings}
        self.finders = {name: finder for one in self.slices for name, finder in one.finders.items()}
        self.proofs = next((one.proofs for one in self.slices if one.proofs), None)
        self.holders = {name: finder for one in self.slices for name, finder in one.holders.items()}
        self.also_personal = [function for one in self.slices for function in one.also_personal]
        self.by_name = {one.what.name: one for one in self.keepings}
        self.jobs = {job.name: job for one in self.slices for job in one.jobs}
        self.line_jobs = [job for one in self.slices for job in one.line_jobs]
        if missing := {name for record in self.records for name in record.jobs} - set(self.jobs):
            raise TypeError(f"Records need the jobs {sorted(missing)}, which no slice declares.")

    @cached_property
    def customers(self) -> Record:
        """The record whose documents are the customers themselves."""
        return next(record for record in self.records if record.customer == "_id")

    @cached_property
    def entities(self) -> dict[str, Keeping]:
        """Types to which other subgraphs may refer, by name; each has a finder."""
        return {name: one for name, one in self.by_type.items() if one.is_entity}

    @cached_property
    def on_timeline(self) -> list[Keeping]:
        """What stands in the history pivot."""
        return [one for one in self.keepings if isinstance(one.what, Record) and one.what.timeline]

    @cached_property
    def open_fields(self) -> frozenset[str]:
        """What may be asked and changed without a sign-in, as the graph calls it."""
        return frozenset(to_camel_case(field.name) for one in self.slices for field in one.fields if field.is_open)

    @cached_property
    def live(self) -> dict[str, Capability]:
        """By which capability of a channel things are asked for at the moment of a question, by the record's name."""
        return {one.what.name: one.live for one in self.keepings if one.live}

    @cached_property
    def with_facts(self) -> list[Keeping]:
        """Records that the summary and attributes pivots count."""
        return [one for one in self.keepings if isinstance(one.what, Record) and one.what.facts]

    @cached_property
    def fact_readers(self) -> list[Callable[..., Any]]:
        """Readers of the facts that stand in the customer's own document."""
        return [reader for one in self.slices for reader in one.fact_readers]

    @cached_property
    def nodes(self) -> dict[str, Keeping]:
        """What `node` finds, by type name."""
        kept = self.by_type.items()
        return {name: one for name, one in kept if issubclass(one.cls, Node) and isinstance(one.what, Record)}

    def conditions(self, to: OpenInput) -> dict[str, AddedCondition]:
        """The conditions of an open input by Python name."""
        return {one.function.__name__: one for slice_ in self.slices for one in slice_.conditions if one.to == to}

    async def matching(self, to: OpenInput, given: Any, context: Any) -> tuple[list[Match], list[Having]]:
        """What the conditions that were given demand of the customer's document, and of its records."""
        matches, havings = list[Match](), list[Having]()
        for name, condition in self.conditions(to).items() if given is not None else ():
            value = getattr(given, name)
            # An empty choice sets no condition, as in the filters of a customer's lists.
            if value is None or value == []:
                continue
            demand = condition.function(value, context)
            if inspect.isawaitable(demand):
                demand = await demand
            (havings if isinstance(demand, Having) else matches).append(demand)  # type: ignore[arg-type]
        return matches, havings

    def export(self) -> list[Document]:
        """The declarations as plain data: what is stored, about whom, what is personal, who reads it."""
        shown = [exported(one.what, type_name=one.cls.__name__, read_by=sorted(one.may)) for one in self.keepings]
        return shown + [exported(record, type_name=None, read_by=[]) for record in self.unshown]
