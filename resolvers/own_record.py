"""What of a customer's record is a visitor's own for certain?

A merge that a machine has made is a conclusion. Until a person confirms it, whoever is the customer proves to be none
of those who went into it, and is shown nothing that could have come from them. Nor is shown what was seen where
somebody else may be who is said to be the customer.
"""

from collections.abc import Callable, Iterable
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, Part
from resolvers.kit.context import Context
from resolvers.kit.proofs import Proof
from resolvers.kit.stored import reader_of
from resolvers.shown_names import SHOWN_AS

SAID_BY = "said_by"
"""Where a profile or an entry point names who of the staff or of the partners said so: it is not the channel's word."""

INFERRED_BY = "inferred_by"
"""Where an alias names the merges by which a machine, and no person yet, has concluded that it is the customer."""

# What no merge mixes: when the record was made and changed, not what it says. Everything else may be the others'.
_UNMIXED = frozenset({"_id", "created_at", "created_by", "updated_at", "updated_by", "version", "merged_into"})


def is_inferred(aliases: Iterable[Document] | None) -> bool:
    """Whether any of a customer's aliases is one by a machine's conclusion alone."""
    return any(one.get(INFERRED_BY) for one in aliases or ())


def own_reading(context: Context, cls: type[Any], hidden: frozenset[str], proof: Proof) -> Callable[[Document], Any]:
    """Makes a visitor's customer from its document, of the class, without what is not the visitor's for certain."""
    reader = reader_of(cls)
    mixed = frozenset(step.path[0] for step in reader.steps.values()) - _UNMIXED - {"is_anonymous"}
    kept = [one.what for one in context.declared.keepings if context.viewer.role in one.may]
    parts = [what.name for what in kept if isinstance(what, Part)]

    def alone(document: Document) -> Any:
        """Of whom nothing is shown, it is not told either whether there is something."""
        own = {name: value for name, value in document.items() if name in _UNMIXED} | {"is_anonymous": True}
        one = reader.read({**document, "aliases": None, "is_anonymous": True}, hidden | mixed, document=own)
        one.hidden_fields += [to_camel_case(name) for name in parts if document.get(name)]
        return one

    def proven(document: Document) -> Any:
        """Without what was seen on the channel accounts where others may speak as the customer."""
        own = {**document, **_undoubted(document, parts, proof)}
        one = reader.read(document, hidden | _doubted(document, proof), document=own)
        one.hidden_fields += [to_camel_case(name) for name in parts if own.get(name) != document.get(name)]
        return one

    def made(document: Document) -> Any:
        if is_inferred(document.get("aliases")):
            return alone(document)
        if proof.doubted:
            return proven(document)
        return reader.read(document, hidden | _hearsay(document), document=document)

    return made


def _hearsay(document: Document) -> frozenset[str]:
    """The fields that others than the channel have said."""
    came_in = document.get("entry_point") or {}
    return frozenset({"entry_point"} if came_in.get(SAID_BY) or came_in.get("observed_by") else ())


def _is_doubted(seen: Document, proof: Proof) -> bool:
    channel, _, account = (seen.get("observed_from") or "").partition("/")
    return (channel, account) in proof.doubted


def _undoubted(document: Document, parts: Iterable[str], proof: Proof) -> dict[str, Any]:
    """The attributes, and the entries of each part, that were seen elsewhere."""
    seen = document.get("observed", {})
    values = document.get("attributes", {}).items()
    lists = {name: [one for one in document[name] if not _is_doubted(one, proof)] for name in parts if name in document}
    return {"attributes": {name: one for name, one in values if not _is_doubted(seen.get(name, {}), proof)}, **lists}


def _doubted(document: Document, proof: Proof) -> frozenset[str]:
    """The fields beside those that may have come from there; of when the customer was last heard of, nobody knows."""
    names = {name for name, seen in document.get("observed", {}).items() if _is_doubted(seen, proof)}
    fields = {"last_interaction_at", *(f"attributes.{name}" for name in names)}
    if (document.get("entry_point") or {}).get("channel") in {channel for channel, _ in proof.doubted}:
        fields.add("entry_point")
    fields |= _hearsay(document)
    given = {"firstName", "lastName"}
    is_called = given.isdisjoint(document.get("attributes", {})) and _is_doubted(document.get(SHOWN_AS, {}), proof)
    return frozenset(fields | ({"display_name"} if is_called or names & given else set()))
