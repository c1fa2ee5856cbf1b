"""How does a declaration read as plain data?"""

from typing import Any

from adapters.records import Document, Part, Record


def exported(what: Record | Part, *, type_name: str | None, read_by: list[str]) -> Document:
    """What is kept, about whom, what of it is personal and who reads it."""
    shown: dict[str, Any] = {
        "name": what.name,
        "type": type_name,
        "stands": "in the customer's document" if isinstance(what, Part) else "in a collection",
        "personal": sorted(what.personal),
        "element": what.element,
        "read_by": read_by,
    }
    if isinstance(what, Part):
        return shown | {"at_most": what.at_most}
    return shown | {
        "customer": what.customer,
        "key": list(what.key),
        "indexes": [list(index.fields) for index in what.all_indexes()],
        "facts": what.facts is not None,
        "timeline": what.timeline.kind if what.timeline else None,
        "news": sorted(what.news),
        "jobs": list(what.jobs),
        "retained_by": what.moment if what.customer not in {None, "_id"} else None,
        "is_held": what.is_held,
        "arrives": what.arrives,
    }
