"""How does a plan work: level by level, all objects of one place together?

What is only read is there at once. What is asked for is waited for, all of it side by side; when the answers for one
field are there, the level below it goes on, whatever its neighbours still wait for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from graphql import ExecutionResult, GraphQLError
from graphql.pyutils import is_awaitable

from gateway.execution import exact
from gateway.execution.admitting import Odd, admit_list, is_cast, is_odd, object_admission
from gateway.execution.batch import Batch, Spot
from gateway.execution.calling import Calls
from gateway.execution.failing import Failure, Failures
from gateway.execution.plan import AnyExecutor, FieldPlan, Plan, Selection
from gateway.execution.trails import MARK
from gateway.execution.ways import Attribute, Called, Reading, Resolved, TypeName, reader
from resolvers.kit.context import NotAtHand
from resolvers.kit.graph import Graph

# After so many objects others have their turn: some 100 microseconds.
_TURN = 64
# Beyond so many, also what need not wait is answered in turns.
_AT_ONCE = 500
# The same for what was answered for each object and is written down whole, such as a list of its own.
_LISTS_A_TURN = 50

Work = list[Coroutine[Any, Any, None]]
"""What is waited for, and what comes after it."""


class _Over(Exception):
    """The whole answer is null: nothing that is still waited for can change it."""


class Running:
    """One execution of a plan."""

    def __init__(self, plan: Plan, executor: AnyExecutor, graph: Graph) -> None:
        self._plan = plan
        self._executor = executor
        self._calls = Calls(executor, graph)
        self._failures = Failures()
        # The moment of what is done just now, and the latest that there was.
        self._moment = self._latest = 0
        self._is_over = False

    async def result(self) -> ExecutionResult:
        """The answer, as graphql-core gives it."""
        root = Batch(self._plan.root, [self._executor.root_value])
        errors: list[GraphQLError] = []
        is_null = False
        stretches: list[Sequence[FieldPlan]] = [root.selection.asked]
        if self._plan.is_serial:
            # Root fields follow one another; what comes after a null that took everything is not begun.
            stretches = [[one] for one in root.selection.asked] or [[]]
        for n, fields in enumerate(stretches):
            if is_null:
                break
            with suppress(_Over):
                await self._stretch(root, fields, is_first=n == 0)
            more, is_null = self._failures.settle()
            self._failures.found.clear()
            errors += more
        return ExecutionResult(None if is_null else root.answers[0], errors or None)

    async def _stretch(self, root: Batch, fields: Sequence[FieldPlan], *, is_first: bool) -> None:
        work: Work = []
        if is_first:
            root.outs = self._made(root, root.sources, 0, work)
        for field in fields:
            self._ask(root, field, work)
        await self.together(work)

    async def together(self, work: Work) -> None:
        """Everything side by side; where one of them breaks off, all do."""
        if self._is_over:
            self._executor.settle_in_background(list(work))
            raise _Over
        if not work:
            return
        # The first needs no task of its own, and still begins first.
        first, *others = work
        if not others:
            await first
            return
        try:
            async with asyncio.TaskGroup() as group:
                for one in others:
                    group.create_task(one)
                await self._begun_by_all(first)
        except* _Over:
            self._is_over = True
        if self._is_over:
            raise _Over

    async def _begun_by_all(self, first: Coroutine[Any, Any, None]) -> None:
        try:
            await first
        except _Over:
            # graphql-core has called and begun all of them by now; what they gather begins a turn later.
            for _ in range(2):
                await asyncio.sleep(0)
            raise

    # A level

    def _begin(self, batch: Batch, work: Work) -> None:
        """Writes what is only read of the objects, and asks for the rest."""
        if len(batch.sources) > _TURN:
            work.append(self._begin_in_turns(batch, self._moment))
            return
        batch.outs = self._made(batch, batch.sources, 0, work)
        batch.show()
        for field in batch.selection.asked:
            self._ask(batch, field, work)

    async def _begin_in_turns(self, batch: Batch, moment: int) -> None:
        work: Work = []
        outs: list[dict[str, Any]] = []
        self._moment = moment
        for start in range(0, len(batch.sources), _TURN):
            outs += self._made(batch, batch.sources[start : start + _TURN], start, work)
            await self._turn(moment)
        batch.outs = outs
        batch.show()
        for field in batch.selection.asked:
            self._ask(batch, field, work)
        await self.together(work)

    def _made(self, batch: Batch, sources: Sequence[Any], start: int, work: Work) -> list[dict[str, Any]]:
        make = batch.selection.make
        try:
            return [make(source) for source in sources]
        except Exception:  # noqa: BLE001  one of them is odd; each is looked at alone
            return [self._made_alone(batch, start + n, source, work) for n, source in enumerate(sources)]

    def _made_alone(self, batch: Batch, number: int, source: Any, work: Work) -> dict[str, Any]:
        selection = batch.selection
        try:
            return selection.make(source)
        except Exception:  # noqa: BLE001  whatever it was, the exact way meets it again and says it right
            out: dict[str, Any] = {one.key: _typename(one) for one in selection.fields}
            if selection.is_marked:
                out[MARK] = source
        for field in selection.made.read if selection.made else ():
            (value,) = _all_read(field, [source])
            self._complete_exactly(batch, number, field, value, out, work)
        return out

    # One field of a level

    def _ask(self, batch: Batch, field: FieldPlan, work: Work) -> None:
        if not batch.sources:
            return
        way = field.way
        if isinstance(way, Called) and way.is_column:
            is_short = way.way.is_immediate and len(batch.sources) <= _AT_ONCE
            if not (is_short and self._asked_at_once(batch, field, way, work)):
                work.append(self._ask_column(batch, field, way))
            return
        match way:
            case Attribute() | Reading():
                self._take(batch, field, _all_read(field, batch.sources), work)
                return
            case Called():
                values = [self._call(batch, n, field, way) for n in range(len(batch.sources))]
            case Resolved():
                values = [self._resolve(batch, n, field, way) for n in range(len(batch.sources))]
            case _:
                raise TypeError(f"{field.key} is no field that is asked for.")
        if any(map(is_awaitable, values)):
            work.append(self._ask_each(batch, field, values))
        else:
            self._take(batch, field, values, work)

    def _asked_at_once(self, batch: Batch, field: FieldPlan, way: Called, work: Work) -> bool:
        """Whether the column could be answered without waiting."""
        values: Sequence[Any]
        try:
            info = self._calls.info(field, way, batch.path(0, field))
            values = way.way.now(list(batch.sources), info, self._calls.arguments(field, way, info))
        except NotAtHand:
            return False
        except Exception as error:  # noqa: BLE001  it is the field's error, for every object
            values = [error] * len(batch.sources)
        # graphql-core gathers a column's parents first: what only reads them has happened by then.
        before = self._moment
        self._begin_moment()
        self._take(batch, field, values, work)
        self._moment = before
        return True

    async def _ask_column(self, batch: Batch, field: FieldPlan, way: Called) -> None:
        values: Sequence[Any]
        try:
            info = self._calls.info(field, way, batch.path(0, field))
            info.context.budget.batches.append(len(batch.sources))
            arguments, watching = self._calls.arguments(field, way, info), info.context.watching
            if watching is None:
                values = await way.way.all(list(batch.sources), info, arguments)
            else:
                with watching.load("column", f"{field.parent_type.name}.{info.field_name}", len(batch.sources)):
                    values = await way.way.all(list(batch.sources), info, arguments)
        except Exception as error:  # noqa: BLE001  it is the field's error, for every object
            values = [error] * len(batch.sources)
        await self._go_on(batch, field, values)

    async def _ask_each(self, batch: Batch, field: FieldPlan, values: list[Any]) -> None:
        waiting = [n for n, value in enumerate(values) if is_awaitable(value)]
        if len(waiting) == 1:
            values[waiting[0]] = await _settled(values[waiting[0]])
        else:
            found = await asyncio.gather(*(values[n] for n in waiting), return_exceptions=True)
            for n, value in zip(waiting, found, strict=True):
                if isinstance(value, BaseException) and not isinstance(value, Exception):
                    raise value
                values[n] = value
        await self._go_on(batch, field, values)

    async def _go_on(self, batch: Batch, field: FieldPlan, values: Sequence[Any]) -> None:
        moment = self._begin_moment()
        work: Work = []
        if field.finish is None or len(values) <= _LISTS_A_TURN:
            self._take(batch, field, values, work)
        else:
            for start in range(0, len(values), _LISTS_A_TURN):
                if start:
                    await self._turn(moment)
                self._take(batch, field, values[start : start + _LISTS_A_TURN], work, start)
        await self.together(work)

    def _begin_moment(self) -> int:
        self._latest += 1
        self._moment = self._latest
        return self._moment

    async def _turn(self, moment: int) -> None:
        """Lets others have their turn; what follows happens at the same moment as what went before."""
        await asyncio.sleep(0)
        self._moment = moment

    def _call(self, batch: Batch, number: int, field: FieldPlan, way: Called) -> Any:
        try:
            info = self._calls.info(field, way, batch.path(number, field))
            return way.way.one(batch.sources[number], info, self._calls.arguments(field, way, info))
        except Exception as error:  # noqa: BLE001  it is the field's error
            return error

    def _resolve(self, batch: Batch, number: int, field: FieldPlan, way: Resolved) -> Any:
        try:
            info = self._calls.raw_info(field, batch.path(number, field))
            return way.resolve(batch.sources[number], info, **self._calls.given(field))
        except Exception as error:  # noqa: BLE001  it is the field's error
            return error

    # The values of a field

    def _take(self, batch: Batch, field: FieldPlan, values: Sequence[Any], work: Work, start: int = 0) -> None:
        """Shows what was answered, for the objects from that number on, and begins the level below it."""
        if field.finish is None:
            self._take_down(batch, field, values, work)
            return
        finish, key, answers = field.finish, field.key, batch.answers
        for number, value in enumerate(values, start):
            out = answers[number]
            try:
                out[key] = finish(value)
            except Exception:  # noqa: BLE001  whatever it was, the exact way meets it again and says it right
                self._complete_exactly(batch, number, field, value, out, work)

    def _take_down(self, batch: Batch, field: FieldPlan, values: Sequence[Any], work: Work) -> None:
        below = _Below(batch, field)
        is_list, shape = field.shape.is_list, field.shape
        for number, (out, value) in enumerate(zip(batch.answers, values, strict=True)):
            if value is None and shape.is_nullable:
                continue
            try:
                if shape.is_deeper:
                    raise Odd  # noqa: TRY301  lists of lists of objects are too rare to be planned
                items = (value if value.__class__ is list else admit_list(value)) if is_list else (value,)
                selections = below.selections(items)
            except Exception:  # noqa: BLE001  whatever it was, the exact way meets it again and says it right
                self._complete_exactly(batch, number, field, value, out, work)
                continue
            if is_list:
                out[field.key] = [None] * len(items)
            below.add(number, items, selections)
        for one in below.batches.values():
            self._begin(one, work)

    def _complete_exactly(
        self, batch: Batch, number: int, field: FieldPlan, value: Any, out: dict[str, Any], work: Work
    ) -> None:
        completed = exact.complete(self._executor, field, batch.path(number, field), value)
        if isinstance(completed, exact.Completed):
            self._show(batch, number, field, completed, out)
            return

        async def later() -> None:
            found = await completed
            self._begin_moment()
            self._show(batch, number, field, found, out)
            if self._is_over:
                raise _Over

        work.append(later())

    def _show(
        self, batch: Batch, number: int, field: FieldPlan, completed: exact.Completed, out: dict[str, Any]
    ) -> None:
        out[field.key] = completed.value
        if completed.told or completed.climbing:
            spot = Spot(batch, number)
            self._failures.found.append(Failure(self._moment, spot, field.place, completed.told, completed.climbing))
            self._is_over = self._is_over or (completed.climbing is not None and spot.is_all())


class _Below:
    """The objects that stand below a field, gathered by what is asked of them."""

    def __init__(self, batch: Batch, field: FieldPlan) -> None:
        self._batch, self._field = batch, field
        self.batches: dict[Selection, Batch] = {}
        # Of a type that is neither interface nor union, nearly every object is of one class and asked the same.
        self._usual = field.usual
        self._selection = field.below(field.named) if self._usual and field.below else None

    def selections(self, items: Sequence[Any]) -> Sequence[Selection | None]:
        """What is asked of each object; None for a null that may stand in the list. Raises Odd."""
        usual, straight, field = self._usual, self._selection, self._field
        return [straight if one.__class__ is usual else _selection(field, one) for one in items]

    def add(self, number: int, items: Sequence[Any], selections: Sequence[Selection | None]) -> None:
        """Takes in what the parent of this number holds."""
        is_list = self._field.shape.is_list
        for n, (item, selection) in enumerate(zip(items, selections, strict=True)):
            if selection is None:
                continue
            one = self.batches.get(selection)
            if one is None:
                one = self.batches[selection] = Batch(selection, [], self._batch, self._field, [])
            one.sources.append(item)
            one.origins.append((number, n if is_list else None))  # type: ignore[union-attr]


async def _settled(value: Awaitable[Any]) -> Any:
    """What is there later, or the exception that it raises."""
    try:
        return await value
    except Exception as error:  # noqa: BLE001  it is the field's error
        return error


def _typename(field: FieldPlan) -> str | None:
    return field.parent_type.name if isinstance(field.way, TypeName) else None


def _all_read(field: FieldPlan, sources: Sequence[Any]) -> Sequence[Any]:
    way = field.way
    if not isinstance(way, Attribute | Reading):
        raise TypeError(f"{field.key} is not read from its parent.")
    read = reader(way)
    try:
        return [read(source) for source in sources]
    except Exception:  # noqa: BLE001  reading has no effect: whose error it is shows when each is read again
        return [_read(read, source) for source in sources]


def _read(read: Callable[[Any], Any], source: Any) -> Any:
    try:
        return read(source)
    except Exception as error:  # noqa: BLE001  it is the field's error
        return error


def _selection(field: FieldPlan, value: Any) -> Selection | None:
    """What is asked of the value below the field; None for a null that may stand in the list. Raises Odd."""
    if value is None and field.shape.is_list and field.shape.has_nulls:
        return None
    below = field.below
    if below is None:
        raise Odd
    if field.kinds is None:
        if value.__class__ is not field.usual:
            object_admission(field.named)(value)
        return below(field.named)
    kind = field.kinds.get(value.__class__)
    if kind is None or is_cast(value) or is_odd(value):
        raise Odd
    return below(kind)
