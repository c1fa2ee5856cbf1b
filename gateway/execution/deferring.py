"""Which parts of a question may come later, and what is left of it where all is answered at once?

GraphQL's incremental delivery: `@defer` and `@stream` allow parts to come later and never oblige, so that whoever
takes no parts is answered as if they were not there, by a plan like anybody.
"""

from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    visit,
)

_DIRECTIVES: Final = frozenset({"defer", "stream"})


class _Leaving(Visitor):
    """Leaves the two directives out."""

    def __init__(self) -> None:
        super().__init__()
        self.has_any = False

    def enter_directive(self, node: DirectiveNode, *_more: Any) -> Any:
        """One directive, of whatever it stands on."""
        if node.name.value not in _DIRECTIVES:
            return None
        self.has_any = True
        return REMOVE


def whole(document: DocumentNode) -> DocumentNode:
    """The document as it is answered at once: itself, where no part of it may come later."""
    leaving = _Leaving()
    found: DocumentNode = visit(document, leaving)
    return found if leaving.has_any else document


class Labelled:
    """The deferred fragments of a document that have labels."""

    def __init__(self, document: DocumentNode) -> None:
        found = (one for one in document.definitions if isinstance(one, FragmentDefinitionNode))
        self._fragments = {one.name.value: one.selection_set for one in found}
        self._by_label: dict[str, SelectionSetNode] = {}
        waiting = [one.selection_set for one in document.definitions if hasattr(one, "selection_set")]
        while waiting:
            for node in waiting.pop().selections:
                selected = self._selected(node)
                for label in _labels(node) if selected else ():
                    self._by_label[label] = selected
                below = getattr(node, "selection_set", None)
                waiting += [below] if below else []

    def _selected(self, node: Any) -> Any:
        if isinstance(node, FragmentSpreadNode):
            return self._fragments.get(node.name.value)
        return node.selection_set

    def __contains__(self, label: str | None) -> bool:
        """Whether a deferred fragment has the label."""
        return label in self._by_label

    def shown(self, label: str, data: Any) -> Any:
        """Of an object with all that is known of it, what the fragment shows."""
        return self._shown(self._by_label[label], data)

    def _shown(self, selections: SelectionSetNode, data: Any) -> Any:
        if isinstance(data, list):
            return [self._shown(selections, one) for one in data]
        if not isinstance(data, dict):
            return data
        found: dict[str, Any] = {}
        for node in selections.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                if key in data:
                    told = self._shown(node.selection_set, data[key]) if node.selection_set else data[key]
                    found[key] = joined(found[key], told) if key in found else told
            elif (selected := self._selected(node)) is not None:
                found = joined(found, self._shown(selected, data))
        return found


def joined(one: Any, other: Any) -> Any:
    """Both of what is shown of one and the same thing."""
    if isinstance(one, list) and isinstance(other, list):
        return [joined(first, second) for first, second in zip(one, other, strict=True)]
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return one | {key: joined(one[key], value) if key in one else value for key, value in other.items()}


def _labels(node: Any) -> Iterator[str]:
    for directive in node.directives or ():
        if directive.name.value == "defer":
            for one in directive.arguments or ():
                if one.name.value == "label" and isinstance(one.value, StringValueNode):
                    yield one.value.value
