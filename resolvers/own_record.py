"""What of a customer's record is a visitor's own for certain, where machines have taken others for the same person?

A merge that a machine has made is a conclusion. Until a person confirms it, whoever is the customer proves to be none
of those who went into it, and is shown nothing that could have come from them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, Part
from resolvers.kit.context import Context
from resolvers.kit.stored import reader_of

INFERRED_BY = "inferred_by"
"""Where an alias names the merges by which a machine, and no person yet, has concluded that it is the customer."""

# What no merge mixes: when the record was made and changed, not what it says. Everything else may be the others'.
_UNMIXED = frozenset({"_id", "created_at", "created_by", "updated_at", "updated_by", "version", "merged_into"})


def is_inferred(aliases: Iterable[Document] | None) -> bool:
    """Whether any of a customer's aliases is one by a machine's conclusion alone."""
    return any(one.get(INFERRED_BY) for one in aliases or ())


def own_reading(context: Context, cls: type[Any], hidden: frozenset[str]) -> Callable[[Document], Any]:
    """Makes a visitor's customer from its document, of the class, without what is not the visitor's for certain."""
    reader = reader_of(cls)
    whole = reader.reading(hidden)
    mixed = frozenset(step.path[0] for step in reader.steps.values()) - _UNMIXED - {"is_anonymous"}
    alone = reader.reading(hidden | mixed)
    kept = [one.what for one in context.declared.keepings if context.viewer.role in one.may]
    parts = [what for what in kept if isinstance(what, Part)]

    def made(document: Document) -> Any:
        if not is_inferred(document.get("aliases")):
            return whole(document, document=document)
        # Of whom nothing is shown, it is not told either whether there is something.
        own = {name: value for name, value in document.items() if name in _UNMIXED} | {"is_anonymous": True}
        one = alone({**document, "aliases": None, "is_anonymous": True}, document=own)
        one.hidden_fields += [to_camel_case(part.name) for part in parts if document.get(part.name)]
        return one

    return made
