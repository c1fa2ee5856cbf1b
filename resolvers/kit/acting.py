"""How is an administrative act done so that it is written down, whatever becomes of it?"""

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from resolvers.kit.acts import Act, ActOutcome
from resolvers.kit.context import Context
from resolvers.kit.errors import Refusal, TellableError
from resolvers.kit.ids import global_id, split_id
from resolvers.kit.slice import Declared
from resolvers.kit.stored import Node


async def written_down(context: Context, name: str, given: Any, work: Callable[[], Awaitable[Any]]) -> Any:
    """What the work answers; written down before and after it, with the ids that it was given and that it answers."""
    if context.acts is None:
        return await work()
    act = Act(name)
    act.concerns(*ids_in(given, context.declared))
    key = await context.acts.begin(act, context.viewer)
    try:
        answer = await work()
    except TellableError as error:
        act.outcome, act.code = ActOutcome.REFUSED, error.code
        raise
    except Exception:
        act.outcome = ActOutcome.FAILED
        raise
    else:
        act.outcome = ActOutcome.DONE
        if isinstance(answer, Refusal):
            act.outcome, act.code = ActOutcome.REFUSED, answer.code
        act.concerns(*ids_in(answer, context.declared))
        return answer
    finally:
        # Whoever gave it up does not wait, and nobody knows whether it was done.
        if act.outcome is not ActOutcome.UNKNOWN:
            await context.acts.end(key, act, context.viewer)


def ids_in(value: Any, declared: Declared) -> Iterator[str]:
    """The ids of things of this graph that an input or a payload names; no other text of it."""
    match value:
        case str():
            found = split_id(value)
            # Only of types that there are: what else looks like an id may spell anything.
            if found and found[0] in declared.by_type:
                yield value
        case Node():
            yield global_id(type(value).__name__, value.key)
        case dict():
            for one in value.values():
                yield from ids_in(one, declared)
        case list():
            for one in value:
                yield from ids_in(one, declared)
        case _ if dataclasses.is_dataclass(value):
            for one in dataclasses.fields(value):
                yield from ids_in(getattr(value, one.name), declared)
