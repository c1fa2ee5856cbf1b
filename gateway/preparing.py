"""How does a text become a question that may be executed: read, measured, checked, and kept at hand?

In this order: what is too large is refused before checking it could take long. Reading and checking cost more than half
of a short answer, so that what was found valid is kept.
"""

from collections import OrderedDict
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)
from graphql.language import DocumentNode
from graphql.validation import specified_rules
from graphql.validation.rules import overlapping_fields_can_be_merged

from gateway import telling
from gateway.execution import Documents, Known, known_as
from gateway.limit_settings import LimitSettings
from gateway.questions import Answer, Fate, NotAsked, Question
from gateway.sizing import Bounds, Costs, size_of
from gateway.telling import Told
from resolvers.kit.graph import Graph

# What graphql-core may spend on comparing fields of the same name, pair by pair, before it gives a question up; it
# reads this attribute for each question. Its own 500,000 hold the loop for 1.5 s; these 20,000 do for 0.05 s, and let
# the same object be asked for 80 times in one selection, which no panel's fragments do.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 20_000
# graphql-core has no types for the two, only these words.
_TOO_MANY_TOKENS: Final = "Syntax Error: Document contains more than"
_TOO_COSTLY: Final = "Validation aborted."
# 4 MiB at most, with what is said of them.
_MOST_REFUSED: Final = 500
_LONGEST_REFUSED: Final = 4096
_NOT_OPEN: Final = "That needs a sign-in."
_TOO_MANY_DIGITS: Final = "The question cannot be read: a number in it has thousands of digits. Send a shorter one."
_REPETITIVE: Final = (
    "The question takes too long to check: it repeats the same fields too often, or nests fragments too deeply. Write "
    "each field once in a selection, or ask in several questions."
)


@dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """A question that was read, checked and may be executed."""

    question: Question
    known: Known
    operation: OperationDefinitionNode
    cost: int
    """At most so many rows does it read, as far as its text and variables tell, with what else it costs."""
    beyond: int = 0
    """How much of the cost is beside all rows."""

    @property
    def rows(self) -> int:
        """At most so many rows does it read."""
        return self.cost - self.beyond

    @property
    def is_mutation(self) -> bool:
        """Whether it changes anything."""
        return self.operation.operation is OperationType.MUTATION

    @property
    def is_subscription(self) -> bool:
        """Whether it is followed: answered with each event."""
        return self.operation.operation is OperationType.SUBSCRIPTION

    @property
    def may_come_in_parts(self) -> bool:
        """Whether parts of its answer may come later."""
        return self.known.in_parts is not None and not self.is_subscription

    @property
    def name(self) -> str | None:
        """What the operation is called."""
        return self.operation.name.value if self.operation.name else None


class Preparing:
    """Prepares questions about one graph, as far as the limits allow."""

    def __init__(self, graph: Graph, settings: LimitSettings) -> None:
        # Strawberry has no public name for the schema beneath it.
        self._schema = graph._schema  # noqa: SLF001
        self._question_tokens = settings.question_tokens
        self._bounds = Bounds(settings)
        self._costs = Costs(
            self._schema,
            page_size=settings.page_size,
            largest=settings.largest_page,
            enough=settings.question_entries,
        )
        self.documents = Documents()
        self._refused = _Refused()

    def is_known(self, question: Question, *, has_hints: bool | None) -> bool:
        """Whether its text was found valid before, or refused with hints or without, and that is at hand.

        `has_hints` is None of strangers, of whom no refusal is kept.
        """
        if self.documents.get(question.text) is not None:
            return True
        return has_hints is not None and self._refused.knows(question.text, has_hints)

    def prepare(self, question: Question, *, only: AbstractSet[str] | None = None, has_hints: bool = True) -> Prepared:
        """The question ready to execute, and kept at hand for the next time; raises NotAsked.

        `only`: the fields with which it may begin, of somebody who has not signed in; then it is not kept. `has_hints`:
        whether errors may name what is probably meant.
        """
        known = self.documents.get(question.text)
        if known is None and only is None:
            known = self.documents.add(question.text, self._looked_at(question.text, has_hints=has_hints))
        elif known is None:
            # Strangers choose nothing that is kept.
            known = known_as(question.text, self._checked(question.text, only=only, has_hints=has_hints))
        return self._measured(known, question)

    def _looked_at(self, text: str, *, has_hints: bool) -> DocumentNode:
        """The document, checked; what is no good is refused again without looking. Raises NotAsked."""
        self._refused.refuse(text, has_hints)
        try:
            return self._checked(text, only=None, has_hints=has_hints)
        except NotAsked as reason:
            self._refused.keep(text, has_hints, reason.answer)
            raise

    def _measured(self, known: Known, question: Question) -> Prepared:
        """The operation that is meant, with its cost; raises NotAsked where that or its lists are too large."""
        operation = _operation(known.document, question.operation_name)
        name = operation.name.value if operation.name else None
        if name not in known.costs:
            known.costs[name] = self._costs.of(known.document, operation)
        size = size_of(known.costs[name], question.variables, self._costs)
        if told := self._bounds.beyond_entries(size.entries) or self._bounds.beyond_cost(size.cost):
            raise NotAsked([told])
        return Prepared(question=question, known=known, operation=operation, cost=size.cost, beyond=size.beyond)

    def _checked(self, text: str, *, only: AbstractSet[str] | None, has_hints: bool) -> DocumentNode:
        try:
            document = parse(text, max_tokens=self._question_tokens)
            if beyond := self._bounds.check(document):
                raise NotAsked(beyond)
            if only is not None and not _begins_with(document, only):
                raise NotAsked([telling.told(_NOT_OPEN, telling.FORBIDDEN)], Fate.BEYOND_KEY)
            errors = self._errors(document, has_hints=has_hints)
        except GraphQLSyntaxError as error:
            if error.message.startswith(_TOO_MANY_TOKENS):
                raise NotAsked([self._too_long()]) from error
            raise NotAsked(telling.told_of_question([error], telling.PARSE_FAILED)) from error
        except RecursionError as error:
            raise NotAsked([too_deep("question")]) from error
        except ValueError as error:
            # Python refuses to read integers of more than 4,300 digits.
            raise NotAsked([telling.told(_TOO_MANY_DIGITS, telling.PARSE_FAILED)]) from error
        except GraphQLError as error:
            message = f"The question cannot be read: {error}"
            raise NotAsked([telling.told(message, telling.PARSE_FAILED)]) from error
        if errors and errors[-1].message == _TOO_COSTLY:
            raise NotAsked([telling.told(_REPETITIVE, telling.LIMIT_EXCEEDED)])
        if errors:
            raise NotAsked(telling.told_of_question(errors, telling.VALIDATION_FAILED))
        return document

    def _errors(self, document: DocumentNode, *, has_hints: bool) -> list[GraphQLError]:
        """What is wrong with a document, the first few; the very first with a hint at what may be meant.

        A hint compares what was written with every name there is: of a hundred slips that takes seconds.
        """
        rules = tuple(specified_rules)
        errors = validate(self._schema, document, rules, max_errors=telling.MOST_TOLD, hide_suggestions=True)
        if errors and has_hints and errors[-1].message != _TOO_COSTLY:
            errors[:1] = validate(self._schema, document, rules, max_errors=1)[:1]
        return errors

    def _too_long(self) -> Told:
        return telling.told(
            f"The question has more than {self._question_tokens} words, numbers and signs; no more are read. Send "
            "values as variables, write repeated fields as a fragment, or ask in several questions.",
            telling.LIMIT_EXCEEDED,
        )


class _Refused:
    """Why texts were refused that come again, as those of an outdated client do."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, bool], Answer] = OrderedDict()

    def knows(self, text: str, has_hints: bool) -> bool:
        """Whether it was refused, and why is at hand."""
        return (text, has_hints) in self._kept

    def refuse(self, text: str, has_hints: bool) -> None:
        """Raises NotAsked for a text that was refused before."""
        kept = self._kept.get((text, has_hints))
        if kept is not None:
            self._kept.move_to_end((text, has_hints))
            raise NotAsked(deepcopy(kept.body["errors"]), kept.fate)

    def keep(self, text: str, has_hints: bool, answer: Answer) -> None:
        """Keeps why it is refused, unless the text is long."""
        if len(text) <= _LONGEST_REFUSED:
            self._kept[text, has_hints] = deepcopy(answer)
            if len(self._kept) > _MOST_REFUSED:
                self._kept.popitem(last=False)


def _begins_with(document: DocumentNode, only: AbstractSet[str]) -> bool:
    """Whether each operation has nothing else at its root than these fields."""
    operations = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    roots = (one for operation in operations for one in operation.selection_set.selections)
    return all(isinstance(one, FieldNode) and one.name.value in only for one in roots)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is meant (GraphQL specification, 6.1: GetOperation)."""
    operation = get_operation_ast(document, name or None)
    if operation is not None:
        return operation
    there = [one.name.value for one in document.definitions if isinstance(one, OperationDefinitionNode) and one.name]
    names = ", ".join(there[:10]) or "none with a name"
    if name:
        message = f"There is no operation {name[:64]!r} in the document. There is: {names}."
    elif there:
        message = f"The document holds several operations. Say in `operationName` which of them is meant: {names}."
    else:
        message = "The document holds no operation. Write a query or a mutation."
    raise NotAsked([telling.told(message, telling.OPERATION_UNKNOWN)])


def too_deep(what: str) -> Told:
    """What is said of a question or its variables, inside which there is too much inside one another to be read."""
    return telling.told(f"The {what} cannot be read: it is nested too deeply. Nest less.", telling.PARSE_FAILED)
