"""What may a question cost: at most how many rows does it read, as far as its text and variables tell?

One for each row of a list and for each object beside them; what stands in a row itself, numbers and words, is free. A
list has as many rows as are asked for, lists in lists multiply. One, too, for each entry of a list that an argument
hands over, once for the whole list that is filtered by it. How long the lists are may come as variables: so the
cost of a document is a sum of products, worked out once, and put into numbers for each request. Where the database goes
through many to answer a field, as to count them, that costs beside its rows (resolvers/kit/prices.py).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from gateway.sizing.conditions import Prices, filters_of, given, variable_as, variable_of, written
from gateway.sizing.entries import Wide, entries_of, handed_over, wide_variables
from resolvers.kit.prices import COUNTING_ALL, COUNTING_ONE, price_of

Terms = Mapping[tuple[str, ...], int]
"""How often, by the names of the variables whose lengths it is to be multiplied with."""

WRITING: Final = 10
"""What a mutation costs beside what it answers: it writes several things, and what it changes is read before."""
ASSUMED: Final = 3
"""Of a list whose length nobody can ask for: labels, contact points, the lines of an order."""

_PAGE_SIZES: Final = ("first", "last")
# Stands for the length of the page that a connection's rows are of, where they are looked at without it.
_OF_PAGE: Final = "@page"
# Stands before the name of a variable in whose lists entries are counted; no name has that letter.
_HANDED: Final = "@handed"
# Stands for what it costs to count a list, where its `totalCount` is looked at without it.
_COUNTED: Final = "@counted"
# Stands beside what is no row.
_BEYOND: Final = "@beyond"
_TOTAL: Final = "totalCount"
# What a connection holds of its page.
_ROWS: Final = frozenset({"edges", "nodes"})
# It wraps the row that was counted already, or says how the page lies; by the endings of the types whose they are.
_FREE: Final = {"node": "Edge", "pageInfo": "Connection"}


@dataclass(frozen=True, slots=True, repr=False)
class Cost:
    """What one operation of a document costs."""

    terms: Terms
    defaults: Mapping[str, int]
    """Of the variables that say how long a list is, how long it is where nothing is said."""
    handed: Mapping[str, int]
    """How often each variable that may hold lists is handed over; the entries that stand in the text itself."""
    wide: Mapping[str, Wide]
    """The variables that may hold lists."""


@dataclass(frozen=True, slots=True)
class _Field:
    """What is known of a field whose type has fields, or that costs something all the same."""

    below: str
    is_list: bool
    is_connection: bool
    is_free: bool
    sizes: tuple[str, ...]
    """The arguments that say how long the list is, or that name each of its rows."""
    is_named: bool
    """Whether they name each row."""
    costs: int
    """Beside its rows."""
    counting: int
    """What it costs to count it, beside its filters."""
    filters: Mapping[str, tuple[str, Prices]]


class Costs:
    """Works costs out, of documents for one schema; `page_size` where no number is named, `largest` the most.

    `enough`: entries of lists are counted so far.
    """

    def __init__(self, schema: GraphQLSchema, *, page_size: int, largest: int, enough: int) -> None:
        self._schema = schema
        self.enough = enough
        self.page_size = page_size
        self.largest = largest
        self._fields: dict[tuple[str, str], _Field | None] = {}
        self.prices: dict[str, Prices] = {}
        """What conditions cost, by the type of their filter, of those that were met."""

    def of(self, document: DocumentNode, operation: OperationDefinitionNode) -> Cost:
        """The cost of an operation, also of one that is not valid: what the schema does not know costs nothing."""
        return _Costing(self, document, wide_variables(self._schema, operation)).of(operation)

    def root(self, kind: OperationType) -> str:
        """The name of the type at which such operations begin."""
        root = self._schema.get_root_type(kind)
        return root.name if root else ""

    def field(self, owner: str, name: str) -> _Field | None:
        """What is known of a field; None of one that costs nothing, and of one that there is not."""
        key = (owner, name)
        if key not in self._fields:
            kind = self._schema.type_map.get(owner)
            found = kind.fields.get(name) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else None
            if found is None:
                # Kept are those that there are, so that nobody fills the memory with others.
                return None
            self._fields[key] = self._known(owner, name, found)
        return self._fields[key]

    def arguments(self, owner: str, name: str) -> Mapping[str, GraphQLArgument]:
        """The arguments of a field; none of one that there is not."""
        kind = self._schema.type_map.get(owner)
        found = kind.fields.get(name) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else None
        return found.args if found else {}

    def _known(self, owner: str, name: str, found: GraphQLField) -> _Field | None:
        named, costs = get_named_type(found.type), price_of(found)
        if is_leaf_type(named) and not costs:
            return None
        is_list = is_list_type(get_nullable_type(found.type))
        sizes: tuple[str, ...] = tuple(one for one in _PAGE_SIZES if one in found.args)
        is_named = is_list and not sizes
        if is_named:
            # Whoever has to name each row asks for as many.
            required = (key for key, one in found.args.items() if is_required_argument(one))
            sizes = tuple(key for key in required if is_list_type(get_nullable_type(found.args[key].type)))
        filters = filters_of(found)
        self.prices |= dict(filters.values())
        return _Field(
            below=named.name,
            is_list=is_list,
            is_connection=bool(sizes) and not is_list,
            is_free=is_leaf_type(named) or (name in _FREE and owner.endswith(_FREE[name])),
            sizes=sizes,
            is_named=is_named,
            costs=costs,
            counting=COUNTING_ALL if owner == self.root(OperationType.QUERY) else COUNTING_ONE,
            filters=filters,
        )

    def length(self, field: _Field, node: FieldNode) -> int | str:
        """How long the field's list is: a number, or the name of a variable."""
        given = {one.name.value: one.value for one in node.arguments or ()}
        values = [given[name] for name in field.sizes if name in given]
        # Two of them are not answered; which of them counts shall be nobody's choice until then.
        said = [size for one in values if (size := self._said(one, is_list=field.is_named)) is not None]
        named = [one.name.value for one in values if isinstance(one, VariableNode)]
        if named and (said or len(named) > 1):
            return self.largest
        if named:
            return named[0]
        return max(said) if said else self.page_size if set(field.sizes) & set(_PAGE_SIZES) else ASSUMED

    def _said(self, value: ValueNode | None, *, is_list: bool) -> int | None:
        match value:
            case None | NullValueNode() | VariableNode():
                return None
            case ListValueNode():
                return len(value.values)
            case IntValueNode() if not is_list:
                # No list is longer than a page may be, whatever number stands there; Python reads no longer ones.
                return self.bounded(int(value.value[:9]))
        # What is no list stands for a list of it alone (GraphQL specification, 3.11).
        return 1 if is_list else None

    def bounded(self, size: int) -> int:
        """A page's length, as far as there may be such a page."""
        return max(0, min(size, self.largest))

    def default(self, value: ValueNode | None, *, is_list: bool) -> int:
        """How long a list is whose variable says nothing; `is_list`: whether that holds the list itself."""
        said = self._said(value, is_list=is_list)
        return self.page_size if said is None else said


class _Costing:
    """The walk through one document: once through each fragment."""

    def __init__(self, costs: Costs, document: DocumentNode, wide: Mapping[str, Wide]) -> None:
        self._costs = costs
        self._wide = wide
        found = (one for one in document.definitions if isinstance(one, FragmentDefinitionNode))
        self._fragments = {one.name.value: one for one in found}
        self._known: dict[str, Terms] = {}

    def of(self, operation: OperationDefinitionNode) -> Cost:
        """The cost of one operation of the document."""
        selected = self._selection(operation.selection_set, self._costs.root(operation.operation))
        terms = _in_place(_COUNTED, selected, Counter({(): COUNTING_ONE}))
        if operation.operation is OperationType.MUTATION:
            terms[()] += WRITING
        handed = {names[1]: terms.pop(names) for names in list(terms) if _is_handed(names)}
        named = {name for names in terms for name in names}
        variables = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}
        defaults = {name: self._default(name, variables) for name in named}
        return Cost(terms, defaults, handed, self._wide)

    def _default(self, name: str, variables: Mapping[str, ValueNode | None]) -> int:
        if name == _BEYOND:
            return 1
        if filtering := variable_of(name):
            kind, variable = filtering
            return written(variables.get(variable), self._costs.prices[kind])
        return self._costs.default(variables.get(name), is_list=name in self._wide)

    def _selection(self, selections: SelectionSetNode, owner: str) -> Terms:
        terms: Counter[tuple[str, ...]] = Counter()
        for one in selections.selections:
            if isinstance(one, FieldNode):
                terms.update(self._field(one, owner))
            elif isinstance(one, FragmentSpreadNode):
                terms.update(self._fragment(one.name.value))
            elif isinstance(one, InlineFragmentNode):
                meant = one.type_condition.name.value if one.type_condition else owner
                terms.update(self._selection(one.selection_set, meant))
        return terms

    def _fragment(self, name: str) -> Terms:
        if name not in self._known:
            self._known[name] = {}
            if found := self._fragments.get(name):
                self._known[name] = self._selection(found.selection_set, found.type_condition.name.value)
        return self._known[name]

    def _field(self, node: FieldNode, owner: str) -> Terms:
        field = self._costs.field(owner, node.name.value)
        handed: Counter[tuple[str, ...]] = Counter()
        but = field.sizes if field and field.is_named else ()
        if node.arguments:
            known = self._costs.arguments(owner, node.name.value)
            for name, count in handed_over(node, self._wide, known, but=but):
                handed[_HANDED, name] += count
        if node.name.value == _TOTAL and owner.endswith("Connection"):
            handed[_COUNTED,] += 1
        return handed if field is None else handed + self._rows(node, field)

    def _rows(self, node: FieldNode, field: _Field) -> Counter[tuple[str, ...]]:
        terms = Counter(self._selection(node.selection_set, field.below) if node.selection_set else {})
        if not field.is_free:
            terms[()] += 1
        if node.name.value in _ROWS and field.is_list and not field.sizes:
            return Counter(dict(_times(terms, _OF_PAGE)))
        filtering = _filtering(node, field)
        if field.is_connection:
            counting = filtering + Counter({(_BEYOND,) if field.counting > COUNTING_ONE else (): field.counting})
            terms = _paged(_in_place(_COUNTED, terms, counting), self._costs.length(field, node))
        elif field.is_list:
            terms = Counter(dict(_times(terms, self._costs.length(field, node))))
        return terms + filtering + Counter({(_BEYOND,): field.costs})


def _filtering(node: FieldNode, field: _Field) -> Counter[tuple[str, ...]]:
    """What it costs to filter the list once."""
    found: Counter[tuple[str, ...]] = Counter()
    for one in node.arguments or () if field.filters else ():
        if one.name.value not in field.filters:
            continue
        kind, prices = field.filters[one.name.value]
        if isinstance(one.value, VariableNode):
            found[tuple(sorted((_BEYOND, variable_as(kind, one.value.name.value))))] += 1
        else:
            found[_BEYOND,] += written(one.value, prices)
    return found


def _in_place(of: str, terms: Terms, meant: Terms) -> Counter[tuple[str, ...]]:
    """The terms with what is meant in the place of what stands for it."""
    found: Counter[tuple[str, ...]] = Counter()
    for names, count in terms.items():
        if of not in names:
            found[names] += count
            continue
        others = [one for one in names if one != of]
        for more, times in meant.items():
            found[tuple(sorted((*others, *more)))] += count * times
    return found


def _is_handed(names: tuple[str, ...]) -> bool:
    return bool(names) and names[0] == _HANDED


def _times(terms: Terms, size: int | str) -> Iterator[tuple[tuple[str, ...], int]]:
    for names, count in terms.items():
        if _is_handed(names):
            # What many are filtered by is read once.
            yield names, count
        else:
            yield (names, count * size) if isinstance(size, int) else (tuple(sorted((*names, size))), count)


def _paged(terms: Terms, size: int | str) -> Counter[tuple[str, ...]]:
    """The terms of a list with the length of its page in its place."""
    found: Counter[tuple[str, ...]] = Counter()
    for names, count in terms.items():
        if _OF_PAGE in names:
            others = {tuple(one for one in names if one != _OF_PAGE): count}
            found.update(dict(_times(others, size)))
        else:
            found[names] += count
    return found


class Size(NamedTuple):
    """The cost in numbers, with what the variables say."""

    cost: int
    entries: int
    """How much of it are entries of arguments' lists."""
    beyond: int
    """How much of it is beside all rows: for what the database goes through to answer."""


def size_of(cost: Cost, variables: Mapping[str, Any] | None, costs: Costs) -> Size:
    """The cost in numbers, with what the variables say."""
    entries = entries_of(cost.handed, cost.wide, variables or {}, enough=costs.enough) if cost.handed else 0
    whole, beyond = _sums_of(cost, variables, costs)
    return Size(entries + whole, entries, beyond)


def _sums_of(cost: Cost, variables: Mapping[str, Any] | None, costs: Costs) -> tuple[int, int]:
    if len(cost.terms) == 1 and () in cost.terms:
        return cost.terms[()], 0
    sizes = {name: _value(name, cost, variables or {}, costs) for name in cost.defaults}
    whole = beyond = 0
    for names, count in cost.terms.items():
        for name in names:
            count *= sizes[name]  # noqa: PLW2901  the product is the count
        whole += count
        beyond += count if _BEYOND in names else 0
    return whole, beyond


def _value(name: str, cost: Cost, variables: Mapping[str, Any], costs: Costs) -> int:
    if filtering := variable_of(name):
        kind, variable = filtering
        return given(variables[variable], costs.prices[kind]) if variable in variables else cost.defaults[name]
    return cost.defaults[name] if name == _BEYOND else _length(name, cost, variables, costs)


def _length(name: str, cost: Cost, variables: Mapping[str, Any], costs: Costs) -> int:
    if name not in variables:
        return cost.defaults[name]
    match variables[name]:
        case list() as several:
            return len(several)
        case None:
            # Said to be nothing: then a page has its usual length, whatever the document's default is.
            return costs.page_size
        case _ if name in cost.wide:
            return 1
        case int() | float() as size:
            # 100.0 is taken as 100 (GraphQL specification, 3.5.1), and so is what JSON makes of it.
            return costs.bounded(int(size))
        case _:
            # No number: who coerces the variables says so, or makes one of it.
            return costs.largest
