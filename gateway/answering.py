"""What is the answer to a question: read, checked, executed, and nothing unforeseen told.

Knows nothing of HTTP. A question that was read and found valid is kept, because reading and checking cost more than
half of a short answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final, TypeVar

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
)
from graphql.language import DocumentNode
from graphql.validation import specified_rules
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.schema import validate_document

from gateway import telling
from gateway.execution import Documents, Executed, Following, Known, Plans
from gateway.ledger import Ledger, hash_of_question
from gateway.places import Places
from gateway.telemetry import Trace, current_trace
from gateway.telling import Told
from gateway.touching import beyond as fields_beyond
from gateway.touching import touched_by_variables, touched_fields
from resolvers.kit.context import Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.graph import Graph
from resolvers.kit.sources import plain_source, stored_source
from resolvers.kit.viewer import Role, Viewer

# What graphql-core may spend on comparing fields of the same name, pair by pair, before it gives a question up; it
# reads this attribute for each question. Its own 500,000 hold the loop for 1.5 s; these 20,000 do for 0.05 s, and let
# the same object be asked for 80 times in one selection, which no panel's fragments do.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 20_000
T = TypeVar("T")

# How the log says it.
_FOLLOWED: Final = "subscription"
# graphql-core has no types for the two, only these words.
_TOO_MANY_TOKENS: Final = "Syntax Error: Document contains more than"
_TOO_COSTLY: Final = "Validation aborted."
# A question of a hundred fields that are all beyond a key is told as well by the first of them.
_MOST_NAMED: Final = 20
_CHANGED: Final = " What the mutation had changed by then is kept: read before you send it again."
_REPETITIVE: Final = (
    "The question takes too long to check: it repeats the same fields too often, or nests fragments too deeply. Write "
    "each field once in a selection, or ask in several questions."
)


class Fate(IntEnum):
    """How far a question came; the value is the HTTP status of an answer without data (GraphQL over HTTP, 6.4.2)."""

    ANSWERED = 200
    ILL_FORMED = 400
    BEYOND_KEY = 403
    UNFORESEEN = 500
    GAVE_UP = 503


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Question:
    """What is asked, as it came in."""

    text: str
    """Empty where a document is named instead."""
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    document: str | None = None
    """The name of the document whose text is meant (gateway/trusted.py)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question that was read, checked and may be executed."""

    known: Known
    operation: OperationDefinitionNode

    @property
    def is_mutation(self) -> bool:
        """Whether it changes anything."""
        return self.operation.operation is OperationType.MUTATION

    @property
    def is_subscription(self) -> bool:
        """Whether it is followed: answered with each event."""
        return self.operation.operation is OperationType.SUBSCRIPTION

    @property
    def name(self) -> str | None:
        """What the operation is called."""
        return self.operation.name.value if self.operation.name else None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A GraphQL response, and how far the question came."""

    fate: Fate
    body: dict[str, Any]


class NotAsked(Exception):
    """The question is not executed: it does not parse, is not valid, is not trusted, or names no operation."""

    def __init__(self, errors: list[Told], fate: Fate = Fate.ILL_FORMED) -> None:
        super().__init__(errors[0]["message"])
        self.code: str = errors[0]["extensions"]["code"]
        self.answer = Answer(fate, {"errors": errors})


class Answering:
    """Answers questions about one graph."""

    def __init__(
        self,
        graph: Graph,
        *,
        execution_s: float,
        question_tokens: int,
        long_at_once: int,
        plans: Plans | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._graph = graph
        self._ledger = ledger
        self.plans = plans or Plans(graph)
        # Strawberry has no public name for the schema beneath it.
        self._schema = graph._schema  # noqa: SLF001
        self._execution_s = execution_s
        self._question_tokens = question_tokens
        self._documents = Documents()
        self._places = Places(long_at_once)

    def prepare(self, question: Question, *, is_kept: bool = True) -> Prepared:
        """The question ready to execute, and kept at hand for the next time; raises NotAsked."""
        known = self._documents.get(question.text)
        if known is None:
            document = self._checked(question.text)
            known = self._documents.add(question.text, document) if is_kept else Known(document, len(question.text))
        return Prepared(known, _operation(known.document, question.operation_name))

    def is_open(self, prepared: Prepared) -> bool:
        """Whether it needs no sign-in: a query or mutation with nothing else at its root than what is open."""
        roots = prepared.operation.selection_set.selections
        names = {one.name.value if isinstance(one, FieldNode) else None for one in roots}
        return not prepared.is_subscription and names <= self._graph.declared.open_fields

    async def answer(self, prepared: Prepared, question: Question, context: Context) -> Answer:
        """The answer; takes `execution_s` at most and says so where that was too short."""
        trace = _name(prepared)
        if beyond := self._beyond(prepared, question, context.viewer):
            return Answer(Fate.BEYOND_KEY, {"errors": [_told_beyond(beyond, context.viewer)]})
        executed = await self._patiently(prepared, self._execute(prepared, question, context))
        if isinstance(executed, Answer):
            return executed
        self._documents.weigh(question.text)
        if trace:
            trace.execution = executed.way
        return await self._given(prepared, executed, context)

    async def answers(
        self, prepared: Prepared, question: Question, fresh: Callable[[], Awaitable[Context]]
    ) -> AsyncGenerator[Answer, None]:
        """The answers to a subscription, one for each event, executed when it is asked for; ends when the events do.

        `fresh` gives each of them a context of its own; what it raises ends them.
        """
        trace = _name(prepared)
        if trace:
            trace.execution = _FOLLOWED
        context = await fresh()
        if beyond := self._beyond(prepared, question, context.viewer):
            yield Answer(Fate.BEYOND_KEY, {"errors": [_told_beyond(beyond, context.viewer)]})
            return
        following = await self._patiently(prepared, self._begun(prepared, question, context))
        if isinstance(following, Answer):
            yield following
            return
        async with aclosing(following.events) as events:
            while True:
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001  whatever it is, it is told as a field's error is
                    errors = telling.told_of_execution([following.broken(error)])
                    yield Answer(Fate.ANSWERED, {"errors": errors, "data": None})
                    return
                yield await self._to_event(prepared, following, event, await fresh())

    async def _begun(self, prepared: Prepared, question: Question, context: Context) -> Following | Answer:
        known, variables = prepared.known, question.variables
        found = await self.plans.follow(known, context=context, variables=variables, operation=prepared.name)
        return found if isinstance(found, Following) else _answer_of(found)

    async def _to_event(self, prepared: Prepared, following: Following, event: Any, context: Context) -> Answer:
        async def execute() -> Executed:
            return Executed(await following.answer(event, context), _FOLLOWED)

        executed = await self._patiently(prepared, execute())
        return executed if isinstance(executed, Answer) else await self._given(prepared, executed, context)

    async def _given(self, prepared: Prepared, executed: Executed, context: Context) -> Answer:
        """The answer as it leaves, written down where it shows whose personal data it holds."""
        if self._ledger is not None:
            try:
                await self._ledger.keep(context, prepared.name, partial(_hash_of, prepared.known))
            except Unavailable as error:
                return Answer(Fate.GAVE_UP, {"errors": [self._withheld(prepared, error)]})
        answer = _answer_of(executed.result)
        extensions = self._extensions(executed, context)
        if extensions:
            answer.body["extensions"] = extensions
        return answer

    def _extensions(self, executed: Executed, context: Context) -> dict[str, Any]:
        """What stands beside the data: how it was executed where that is shown, and who was asked live for it."""
        extensions: dict[str, Any] = {"execution": executed.way} if self.plans.are_shown else {}
        live = context.live
        if live is not None and context.viewer.may_ask("Customer.sources") and (told := live.told()):
            extensions["sources"] = [plain_source(one) for one in (stored_source(context.clock()), *told)]
        return extensions

    async def _patiently(self, prepared: Prepared, work: Coroutine[Any, Any, T]) -> T | Answer:
        """What came of it, or the answer that says why nothing did."""
        try:
            async with asyncio.timeout(self._execution_s) as patience:
                return await work
        except TimeoutError as error:
            if not patience.expired():
                return Answer(Fate.UNFORESEEN, {"errors": [telling.told_unforeseen(error)]})
            return Answer(Fate.GAVE_UP, {"errors": [self._too_slow(prepared)]})
        except RecursionError:
            return Answer(Fate.ILL_FORMED, {"errors": [_too_deep("variables")]})
        except Exception as error:  # noqa: BLE001  whatever it is, it is told by reference and logged whole
            return Answer(Fate.UNFORESEEN, {"errors": [telling.told_unforeseen(error)]})

    def _beyond(self, prepared: Prepared, question: Question, viewer: Viewer) -> list[str]:
        """The fields that the question touches and the viewer's key may not ask for."""
        if not viewer.fields:
            return []
        operation, known, name = prepared.operation, prepared.known.touched, prepared.name
        if name not in known:
            known[name] = touched_fields(self._schema, prepared.known.document, operation)
        given = touched_by_variables(self._schema, operation, question.variables)
        return fields_beyond({*known[name], *given}, viewer.fields)

    async def _execute(self, prepared: Prepared, question: Question, context: Context) -> Executed:
        known, variables = prepared.known, question.variables
        async with self._places.take(known):
            try:
                return await self.plans.execute(known, context=context, variables=variables, operation=prepared.name)
            finally:
                # Also of what was given up, which was longer still.
                known.loaded(context.budget.rows)

    def _checked(self, text: str) -> DocumentNode:
        try:
            document = parse(text, max_tokens=self._question_tokens)
            errors = validate_document(self._schema, document, tuple(specified_rules))
        except GraphQLSyntaxError as error:
            if error.message.startswith(_TOO_MANY_TOKENS):
                raise NotAsked([self._too_long()]) from error
            raise NotAsked(telling.told_of_question([error], telling.PARSE_FAILED)) from error
        except RecursionError as error:
            raise NotAsked([_too_deep("question")]) from error
        except (GraphQLError, ValueError) as error:
            # Python refuses to read integers of more than 4,300 digits.
            message = f"The question cannot be read: {error}"
            raise NotAsked([telling.told(message, telling.PARSE_FAILED)]) from error
        if errors and errors[-1].message == _TOO_COSTLY:
            raise NotAsked([telling.told(_REPETITIVE, telling.LIMIT_EXCEEDED)])
        if errors:
            raise NotAsked(telling.told_of_question(errors, telling.VALIDATION_FAILED))
        return document

    def _too_long(self) -> Told:
        return telling.told(
            f"The question has more than {self._question_tokens} words, numbers and signs; no more are read. Send "
            "values as variables, write repeated fields as a fragment, or ask in several questions.",
            telling.LIMIT_EXCEEDED,
        )

    def _too_slow(self, prepared: Prepared) -> Told:
        return telling.told(
            f"The answer took longer than {self._execution_s:g} seconds and was given up. Ask for fewer rows or fields."
            + (_CHANGED if prepared.is_mutation else ""),
            telling.LIMIT_EXCEEDED,
        )

    def _withheld(self, prepared: Prepared, error: Unavailable) -> Told:
        return telling.told(error.message + (_CHANGED if prepared.is_mutation else ""), error.code)


def _name(prepared: Prepared) -> Trace | None:
    """The request as it is accounted for, with the operation's name."""
    if trace := current_trace():
        # A GraphQL name: letters, digits, underscores; cut, because a name may have any length.
        trace.operation = (prepared.name or prepared.operation.operation.value)[:64]
    return trace


def _hash_of(known: Known) -> str:
    if known.question_hash is None:
        known.question_hash = hash_of_question(known.document)
    return known.question_hash


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


def _answer_of(result: ExecutionResult) -> Answer:
    errors = result.errors or []
    # Errors of fields have a path; those without one came before the first field: variables that do not fit.
    if result.data is None and errors and all(error.path is None for error in errors):
        return Answer(Fate.ILL_FORMED, {"errors": telling.told_of_question(errors, telling.BAD_USER_INPUT)})
    # GraphQL specification, 7.1: errors first, so that who reads a log sees them.
    body: dict[str, Any] = {"errors": telling.told_of_execution(errors)} if errors else {}
    return Answer(Fate.ANSWERED, body | {"data": result.data})


def _told_beyond(fields: list[str], viewer: Viewer) -> Told:
    more = f" and {len(fields) - _MOST_NAMED} more" if len(fields) > _MOST_NAMED else ""
    if viewer.role is Role.VISITOR:
        return telling.told(
            f"A chat opens nothing but itself, and not: {', '.join(fields[:_MOST_NAMED])}{more}. Leave them out; whom "
            "the company has signed in (`identifyVisitor`) may ask for the customer's own.",
            telling.FORBIDDEN,
        )
    return telling.told(
        f"The key is limited to fields, and these are not among them: {', '.join(fields[:_MOST_NAMED])}{more}. Leave "
        "them out, or ask whoever runs this gateway for a key that has them.",
        telling.FORBIDDEN,
    )


def _too_deep(what: str) -> Told:
    return telling.told(f"The {what} cannot be read: it is nested too deeply. Nest less.", telling.PARSE_FAILED)
