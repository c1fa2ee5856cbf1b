"""What does a question to the Admin API cost, by the reckoning that Shopify documents?"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.language import FragmentDefinitionNode, OperationType


def objects_in(value: Any) -> int:
    """How many objects an answer holds."""
    if isinstance(value, dict):
        return 1 + sum(map(objects_in, value.values()))
    return sum(map(objects_in, value)) if isinstance(value, list) else 0


def cost_of(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
    """What a question may cost: each object one point, a list as often as it may hold one, a change ten.

    Whatever is asked for by its ids costs as much for each of them; of an interface the dearest of its kinds counts.
    """
    parts = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}

    def times(node: FieldNode) -> int:
        said = {one.name.value: one.value for one in node.arguments or ()}
        ids = said.get("ids")
        if isinstance(ids, VariableNode):
            return len(variables[ids.name.value])
        given = said.get("first")
        if isinstance(given, VariableNode):
            return int(variables.get(given.name.value) or 1)
        return int(given.value) if isinstance(given, IntValueNode) else 1

    def inside(selected: SelectionSetNode | None) -> int:
        total = 0
        for node in selected.selections if selected else ():
            if isinstance(node, FragmentSpreadNode):
                total += inside(parts[node.name.value].selection_set)
            elif isinstance(node, InlineFragmentNode):
                total += inside(node.selection_set)
            elif isinstance(node, FieldNode) and node.selection_set:
                is_wrapper = node.name.value in {"nodes", "edges", "node", "pageInfo"} and not node.arguments
                total += times(node) * ((0 if is_wrapper else 1) + inside(node.selection_set))
        return total

    return inside(operation.selection_set) + (10 if operation.operation is OperationType.MUTATION else 0)
