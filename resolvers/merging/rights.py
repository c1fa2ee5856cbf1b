"""Which rules does a merge keep that is undone, and who may put what back? Those of an edit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.records import Document, RecordId
from resolvers.assignment import may_change
from resolvers.attribute_rights import editors
from resolvers.attribute_rules import AttributeType, checked
from resolvers.kit.context import Context
from resolvers.kit.errors import Refused, invalid, not_permitted
from resolvers.merging.joining import fits

ATTRIBUTES = "attributes."
"""Before an attribute's name: the path of its value."""
_RESOLUTIONS = ("input", "resolutions")


def require_editor(context: Context, definition: Document, *path: str) -> None:
    """Refuses a value that the viewer's role may not change: by a merge as little as by an edit."""
    may = editors(definition.get("editable_by"))
    if context.viewer.role not in may:
        others = ", ".join(one.name for one in may)
        name = definition["name"]
        raise not_permitted(f"{name!r} is changed by {others} alone. Ask one of them, or keep what stands.", *path)


def unassignable(context: Context, assigned: RecordId | None, *path: str) -> Refused | None:
    """The refusal where the viewer may not take the customer away from the agent who looks after it."""
    if may_change(context.viewer, assigned):
        return None
    return not_permitted(
        "Another agent looks after one of these customers and would not do so any more. Ask that agent, a supervisor "
        "or an administrator to do it.",
        *path,
    )


@dataclass(frozen=True, slots=True, repr=False)
class PresentRules:
    """The rules for a merge that is undone by this viewer."""

    context: Context
    known: Mapping[str, Document]

    def knows(self, name: str) -> bool:
        """Whether there is such an attribute."""
        return name in self.known

    def may_edit(self, name: str) -> bool:
        """Whether whoever asks may give the attribute a value."""
        return self.context.viewer.role in editors(self.known[name].get("editable_by"))

    def fits(self, name: str, value: Any) -> bool:
        """Whether the attribute may hold that value, by the present rules; None: no value."""
        definition = self.known[name]
        if value is None:
            return not definition["is_required"]
        return fits(definition, value, self.context.limits.default_region)

    def require_put_back(self, path: str, value: Any, now: Any, place: str) -> None:
        """Raises where what stands there now may not be replaced by what stood there, by whoever asks."""
        if path == "assigned_agent_id":
            if refused := unassignable(self.context, now, *_RESOLUTIONS, place):
                raise refused
            return
        if not path.startswith(ATTRIBUTES):
            return
        name = path.removeprefix(ATTRIBUTES)
        require_editor(self.context, self.known[name], *_RESOLUTIONS, place)
        if not self.fits(name, value):
            raise invalid(
                f"What {name!r} held before the merge breaks its present rules, and does not go back. "
                "Choose KEEP, or CUSTOM with another value.",
                *(*_RESOLUTIONS, place),
            )

    def checked(self, name: str, value: Any, place: str) -> Any:
        """A value of one's own as it is stored; raises where it breaks a rule."""
        definition = self.known[name]
        require_editor(self.context, definition, *_RESOLUTIONS, place)
        if value is None and not definition["is_required"]:
            return None
        if value is None:
            raise invalid(f"{name!r} is required and cannot be cleared. Send a value.", *_RESOLUTIONS, place, "value")
        try:
            return checked(definition, value, self.context.limits.default_region)
        except ValueError as error:
            # E-mail's own checker may quote what it found.
            is_mail = definition["type"] == AttributeType.EMAIL.value
            why = "That is not an e-mail address." if is_mail else str(error)
            raise invalid(f"{name!r} cannot hold that value. {why}", *_RESOLUTIONS, place, "value") from error
