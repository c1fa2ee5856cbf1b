"""What is the answer to a question: read, checked, executed, and nothing unforeseen told.

Knows nothing of HTTP. A question that was read and found valid is kept, because reading and checking cost more than
half of a short answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from functools import partial
from typing import Any, Final, TypeVar

from graphql import ExecutionResult, FieldNode

from gateway import telling
from gateway.acts import note_forbidden
from gateway.ahead import made_ahead
from gateway.cooling import Cooling
from gateway.dialects import Dialect
from gateway.execution import Executed, Following, Known, Parted, Plans
from gateway.exploring import Exploring
from gateway.ledger import Ledger, hash_of_question
from gateway.limit_settings import LimitSettings
from gateway.limits import whose
from gateway.places import Places
from gateway.preparing import Prepared, Preparing, too_deep
from gateway.questions import Answer, Fate, Question
from gateway.silence import note_silence
from gateway.telling import Told
from gateway.touching import beyond as fields_beyond
from gateway.touching import touched_by_variables, touched_fields
from gateway.traces import Trace, current_trace
from resolvers.kit.context import Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.graph import Graph
from resolvers.kit.sources import plain_source, stored_source
from resolvers.kit.viewer import Role, Viewer
from resolvers.kit.watching import event_of

T = TypeVar("T")

# How the log says it.
_FOLLOWED: Final = "subscription"
# A question of a hundred fields that are all beyond a key is told as well by the first of them.
_MOST_NAMED: Final = 20
_CHANGED: Final = " What the mutation had changed by then is kept: read before you send it again."


class Answering:
    """Answers questions about one graph."""

    def __init__(
        self,
        graph: Graph,
        settings: LimitSettings,
        *,
        plans: Plans | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._graph = graph
        self._ledger = ledger
        self.plans = plans or Plans(graph)
        # Strawberry has no public name for the schema beneath it.
        self._schema = graph._schema  # noqa: SLF001
        self._settings = settings
        self.preparing = Preparing(graph, settings)
        self.cooling = Cooling(settings.new_questions_ms_per_s)
        self.exploring = Exploring(settings)
        self._places = Places(settings.long_at_once)

    def prepare(self, question: Question, viewer: Viewer, *, of_address: str | None = None) -> Prepared:
        """The question ready to execute; raises NotAsked, and TooOften where the viewer has to wait for that.

        `of_address`: that of somebody who has not signed in, and begins with what is open or not at all.
        """
        has_hints = self.exploring.may(viewer)
        only = None if of_address is None else self._graph.declared.open_fields
        is_known = self.preparing.is_known(question, has_hints=has_hints if only is None else None)
        with self.cooling.looked_at(whose(viewer, of_address), is_known=is_known):
            return self.preparing.prepare(question, only=only, has_hints=has_hints)

    def is_open(self, prepared: Prepared) -> bool:
        """Whether it needs no sign-in: a query or mutation with nothing else at its root than what is open."""
        roots = prepared.operation.selection_set.selections
        names = {one.name.value if isinstance(one, FieldNode) else None for one in roots}
        return not prepared.is_subscription and names <= self._graph.declared.open_fields

    def told_cost(self, prepared: Prepared, viewer: Viewer) -> Answer:
        """What the question would cost, in the place where its answer would say so; or why its variables do not fit."""
        # Clients take no answer without data for one.
        told = Answer(Fate.ANSWERED, {"data": None, "extensions": {"cost": self._cost(prepared)}})
        return self.unfit(prepared, viewer) or told

    def unfit(self, prepared: Prepared, viewer: Viewer) -> Answer | None:
        """What is answered where the variables do not fit, found without executing anything; None where they do."""
        known, variables = prepared.known, prepared.question.variables
        executor = self.plans.executor(known, context=None, variables=variables, operation=prepared.name)
        if not isinstance(executor, list):
            return None
        return self.exploring.shown(_answer_of(ExecutionResult(None, executor)), viewer)

    def _cost(self, prepared: Prepared) -> dict[str, int]:
        return {"asked": prepared.cost, "most": self._settings.question_cost}

    async def answer(self, prepared: Prepared, context: Context) -> Answer:
        """The answer; takes `execution_s` at most and says so where that was too short."""
        trace = _name(prepared, context)
        if refused := await self._refused(prepared, context):
            return refused
        executed = await self._patiently(prepared, self._execute(prepared, context))
        if isinstance(executed, Answer):
            return executed
        self.preparing.documents.weigh(prepared.question.text)
        if trace:
            trace.execution = executed.way
        return await self._given(prepared, executed, context)

    async def answers(
        self, prepared: Prepared, fresh: Callable[[], Awaitable[Context]]
    ) -> AsyncGenerator[Answer, None]:
        """The answers to a subscription, one for each event, executed when it is asked for; ends when the events do.

        `fresh` gives each of them a context of its own; what it raises ends them.
        """
        context = await fresh()
        if trace := _name(prepared, context):
            trace.execution = _FOLLOWED
        if refused := await self._refused(prepared, context):
            yield refused
            return
        following = await self._patiently(prepared, self._begun(prepared, context))
        if isinstance(following, Answer):
            yield following
            return
        data: dict[str, Any] = {}
        async with aclosing(following.events) as events:
            while True:
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001  whatever it is, it is told as a field's error is
                    errors = telling.told_of_execution([following.broken(error)])
                    # What broke before the first event could not be followed at all: that has no data.
                    yield self.exploring.shown(Answer(Fate.ANSWERED, {"errors": errors, **data}), context.viewer)
                    return
                data = {"data": None}
                yield await self._to_event(prepared, following, event, await fresh())

    async def answer_in_parts(
        self, prepared: Prepared, context: Context, dialect: Dialect
    ) -> AsyncGenerator[Answer, None]:
        """The answer part by part, each to be written out before the next is asked for; `execution_s` for all of them.

        Of one part where nothing comes later, and where it has to be written down first who was shown what.
        """
        if self._ledger is not None and self._ledger.keeping == "strict":
            yield await self.answer(prepared, context)
            return
        trace = _name(prepared, context)
        if refused := await self._refused(prepared, context):
            yield refused
            return
        async with aclosing(made_ahead(self._made_in_parts(prepared, context))) as made:
            begun = await anext(made)
            if trace:
                trace.execution = begun.way if isinstance(begun, Executed) else "in parts"
            if isinstance(begun, Parted):
                async with aclosing(self._parts(prepared, begun, made, context, dialect)) as parts:
                    async for part in parts:
                        yield part
            else:
                yield begun if isinstance(begun, Answer) else await self._given(prepared, begun, context)

    async def _made_in_parts(self, prepared: Prepared, context: Context) -> AsyncGenerator[Any, None]:
        """The answer begun, then its later results; raises TimeoutError where those are not there in time."""
        until = self._until()
        async with AsyncExitStack() as held:
            begun = await self._patiently(prepared, self._begun_in_parts(prepared, context, held), until=until)
            yield begun
            if isinstance(begun, Parted):
                async with asyncio.timeout_at(until), aclosing(begun.results) as results:
                    async for one in results:
                        yield one

    async def _begun_in_parts(self, prepared: Prepared, context: Context, held: AsyncExitStack) -> Parted | Executed:
        """The answer begun; its place is held until the last part is made."""
        known, variables = prepared.known, prepared.question.variables
        await held.enter_async_context(self._place(prepared, context))
        return await self.plans.execute_in_parts(known, context=context, variables=variables, operation=prepared.name)

    async def _parts(
        self, prepared: Prepared, parted: Parted, made: AsyncGenerator[Any, None], context: Context, dialect: Dialect
    ) -> AsyncGenerator[Answer, None]:
        extensions = self._extensions(prepared, Executed(ExecutionResult(), "in parts"), context)
        later = parted.later(made)

        def part(body: dict[str, Any]) -> Answer:
            return self.exploring.shown(Answer(Fate.ANSWERED, body), context.viewer)

        try:
            yield part(dialect.first(parted) | {"extensions": extensions})
            while True:
                try:
                    arrived = await anext(later, None)
                except TimeoutError:
                    yield part(dialect.broken(parted, self._too_slow(prepared)))
                    return
                except Exception as error:  # noqa: BLE001  told by reference and logged whole, as everywhere
                    yield part(dialect.broken(parted, telling.told_unforeseen(error)))
                    return
                if arrived is None:
                    return
                yield part(dialect.later(arrived, parted))
        finally:
            await later.aclose()
            await made.aclose()
            await parted.close()
            # What was sent was shown, also where the reader has left.
            await parted.note(context)
            if self._ledger is not None:
                await self._ledger.keep(context, prepared.name, partial(_hash_of, prepared.known))
            prepared.known.loaded(context.budget.rows, prepared.rows)

    async def _begun(self, prepared: Prepared, context: Context) -> Following | Answer:
        known, variables = prepared.known, prepared.question.variables
        found = await self.plans.follow(known, context=context, variables=variables, operation=prepared.name)
        if isinstance(found, Following):
            return found
        answer = self.exploring.shown(_answer_of(found), context.viewer)
        # GraphQL specification, 6.2.3.1: where nothing can be followed the whole request is in error, and has no data.
        answer.body.pop("data", None)
        return answer

    async def _to_event(self, prepared: Prepared, following: Following, event: Any, context: Context) -> Answer:
        async def execute() -> Executed:
            async with self._place(prepared, context):
                return Executed(await following.answer(event, context), _FOLLOWED)

        with event_of(context.watching):
            executed = await self._patiently(prepared, execute())
            return executed if isinstance(executed, Answer) else await self._given(prepared, executed, context)

    async def _given(self, prepared: Prepared, executed: Executed, context: Context) -> Answer:
        """The answer as it leaves, written down where it shows whose personal data it holds."""
        if self._ledger is not None:
            try:
                await self._ledger.keep(context, prepared.name, partial(_hash_of, prepared.known))
            except Unavailable as error:
                return Answer(Fate.GAVE_UP, {"errors": [self._withheld(prepared, error)]})
        answer = self.exploring.shown(_answer_of(executed.result), context.viewer)
        if extensions := self._extensions(prepared, executed, context):
            answer.body["extensions"] = extensions
        return answer

    def _extensions(self, prepared: Prepared, executed: Executed, context: Context) -> dict[str, Any]:
        """What stands beside the data: what it cost, how it was executed where that is shown, who was asked for it."""
        extensions: dict[str, Any] = {}
        if not prepared.is_subscription:  # whose would be the same with each event
            extensions["cost"] = self._cost(prepared)
        if self.plans.are_shown:
            extensions["execution"] = executed.way
        live = context.live
        if live is not None and context.viewer.may_ask("Customer.sources") and (told := live.told()):
            extensions["sources"] = [plain_source(one) for one in (stored_source(context.clock()), *told)]
        return extensions

    def _until(self) -> float:
        return asyncio.get_running_loop().time() + self._settings.execution_s

    async def _patiently(self, prepared: Prepared, work: Awaitable[T], *, until: float | None = None) -> T | Answer:
        """What came of it, or the answer that says why nothing did: `until` then, or `execution_s` from now."""
        try:
            async with asyncio.timeout_at(self._until() if until is None else until) as patience:
                return await work
        except TimeoutError as error:
            if not patience.expired():
                return Answer(Fate.UNFORESEEN, {"errors": [telling.told_unforeseen(error)]})
            return Answer(Fate.GAVE_UP, {"errors": [self._too_slow(prepared)]})
        except RecursionError:
            return Answer(Fate.ILL_FORMED, {"errors": [too_deep("variables")]})
        except Exception as error:  # noqa: BLE001  whatever it is, it is told by reference and logged whole
            return Answer(Fate.UNFORESEEN, {"errors": [telling.told_unforeseen(error)]})

    async def _refused(self, prepared: Prepared, context: Context) -> Answer | None:
        """What is answered to who may not ask this at all; None to everybody else."""
        viewer = context.viewer
        try:
            beyond = self._beyond(prepared, viewer)
        except RecursionError:
            return Answer(Fate.ILL_FORMED, {"errors": [too_deep("variables")]})
        if beyond:
            if prepared.is_mutation:
                await note_forbidden(context, prepared.known.touched[prepared.name])
            return Answer(Fate.BEYOND_KEY, {"errors": [_told_beyond(beyond, viewer)]})
        return self.exploring.refused(viewer, prepared.known)

    def _beyond(self, prepared: Prepared, viewer: Viewer) -> list[str]:
        """The fields that the question touches and the viewer's key may not ask for."""
        if not viewer.fields:
            return []
        operation, known, name = prepared.operation, prepared.known.touched, prepared.name
        if name not in known:
            known[name] = touched_fields(self._schema, prepared.known.document, operation)
        given = touched_by_variables(self._schema, operation, prepared.question.variables)
        return fields_beyond({*known[name], *given}, viewer.fields)

    async def _execute(self, prepared: Prepared, context: Context) -> Executed:
        known, variables = prepared.known, prepared.question.variables
        async with self._place(prepared, context):
            try:
                return await self.plans.execute(known, context=context, variables=variables, operation=prepared.name)
            finally:
                # Also of what was given up, which was longer still.
                known.loaded(context.budget.rows, prepared.rows)

    def _place(self, prepared: Prepared, context: Context) -> AbstractAsyncContextManager[None]:
        """The block in which the question is executed, among others that are long."""
        caller = whose(context.viewer)
        return self._places.take(prepared.known, prepared.rows, beyond=prepared.beyond, caller=caller)

    def _too_slow(self, prepared: Prepared) -> Told:
        note_silence(self._settings.execution_s)
        return telling.told(
            f"The answer took longer than {self._settings.execution_s:g} seconds and was given up. Ask for fewer rows "
            "or fields." + (_CHANGED if prepared.is_mutation else ""),
            telling.LIMIT_EXCEEDED,
        )

    def _withheld(self, prepared: Prepared, error: Unavailable) -> Told:
        return telling.told(error.message + (_CHANGED if prepared.is_mutation else ""), error.code)


def _name(prepared: Prepared, context: Context) -> Trace | None:
    """The request as it is accounted for, with the operation's name."""
    if trace := current_trace():
        # A GraphQL name: letters, digits, underscores; cut, because a name may have any length.
        trace.operation = (prepared.name or prepared.operation.operation.value)[:64]
        trace.kind, trace.cost = prepared.operation.operation.value, prepared.cost
        trace.role = context.viewer.role.value
        trace.batches = context.budget.batches
    return trace


def _hash_of(known: Known) -> str:
    if known.question_hash is None:
        known.question_hash = hash_of_question(known.document)
    return known.question_hash


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
