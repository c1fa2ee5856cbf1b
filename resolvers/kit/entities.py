"""How does another subgraph's reference become the entity that it means (Apollo Federation's `_entities`)?"""

from collections.abc import Sequence
from typing import Any, Final

from adapters.records import RecordId
from resolvers.kit.by_id import things_by_id
from resolvers.kit.context import Context
from resolvers.kit.errors import BadUserInput
from resolvers.kit.ids import key_of

# Beside so many errors, each with its place, others wait for the answer to be written.
_MOST_TOLD: Final = 20


async def entities(context: Context, references: Sequence[Any]) -> list[Any]:
    """The entities in the references' order, one load per type; an error stands where a reference is none.

    None stands for what is not there or not the viewer's to see. Raises BadUserInput where there are too many: what a
    page of another subgraph refers to comes at once, since routers do not ask in parts.
    """
    most = context.limits.most_references
    if len(references) > most:
        raise BadUserInput(
            f"`representations` has {len(references)}; at most {most} are found at once. Ask for shorter pages of what "
            "refers to them."
        )
    context.budget.spend(len(references))
    wanted, wrong = [], 0
    for reference in references:
        wanted.append(one := _wanted(context, reference))
        wrong += isinstance(one, BadUserInput)
        if wrong > _MOST_TOLD:
            raise BadUserInput(f"More than {_MOST_TOLD} of `representations` name nothing. The last: {one}")
    by_type: dict[str, list[RecordId]] = {}
    for one in wanted:
        if not isinstance(one, BadUserInput):
            by_type.setdefault(one[0], []).append(one[1])
    found = {name: await things_by_id(context, name, list(dict.fromkeys(keys))) for name, keys in by_type.items()}
    return [one if isinstance(one, BadUserInput) else found[one[0]].get(one[1]) for one in wanted]


def _wanted(context: Context, reference: Any) -> tuple[str, RecordId] | BadUserInput:
    """The type and storage id that the reference names."""
    name = reference.get("__typename") if isinstance(reference, dict) else None
    if not isinstance(name, str) or name not in context.declared.entities:
        return BadUserInput("A representation needs `__typename`, the name of an entity here. Send it as an object.")
    given = reference.get("id")
    key = key_of(given, name) if isinstance(given, str) else None
    if key is None:
        return BadUserInput(f"A representation of {name} needs its `id`, as this gateway answered it, unchanged.")
    return name, key
