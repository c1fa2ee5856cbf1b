"""What does the chat widget ask? Writes its documents as a manifest, and their names into its module.

    python tools/widget_documents.py

examples/webchat/documents.graphql is what people edit. documents.json is the manifest that GATEWAY_TRUSTED_DOCUMENTS
names, in the format of Apollo's `generate-persisted-query-manifest`; customer-chat.js knows documents by their hashes.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from graphql.language import DocumentNode

WIDGET = Path(__file__).parent.parent / "examples" / "webchat"
_NAMES = re.compile(r"const DOCUMENTS = \{.*?\};", re.DOTALL)


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.names.append(node.name.value)


def _needed(node: Any, fragments: dict[str, FragmentDefinitionNode]) -> list[str]:
    """The names of the fragments that it spreads, and that those do."""
    spreads = _Spreads()
    visit(node, spreads)
    below = [name for one in spreads.names for name in _needed(fragments[one], fragments)]
    return list(dict.fromkeys([*spreads.names, *below]))


def manifest(text: str) -> dict[str, Any]:
    """Apollo's manifest of the operations in the text, each with the fragments that it needs."""
    definitions = parse(text, no_location=True).definitions
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    operations = []
    for one in definitions:
        if not isinstance(one, OperationDefinitionNode) or one.name is None:
            continue
        needed = [fragments[name] for name in _needed(one, fragments)]
        body = print_ast(DocumentNode(definitions=(one, *needed)))
        digest = hashlib.sha256(body.encode()).hexdigest()
        operations.append({"id": digest, "name": one.name.value, "type": one.operation.value, "body": body})
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}


def with_names(module: str, made: dict[str, Any]) -> str:
    """The widget's module with the names of the manifest's documents."""
    lines = "".join(f'  {one["name"]}: "{one["id"]}",\n' for one in made["operations"])
    return _NAMES.sub(f"const DOCUMENTS = {{\n{lines}}};", module, count=1)


def main() -> None:
    """Writes both files anew."""
    made = manifest((WIDGET / "documents.graphql").read_text("utf-8"))
    (WIDGET / "documents.json").write_text(json.dumps(made, indent=2) + "\n", "utf-8")
    module = WIDGET / "customer-chat.js"
    module.write_text(with_names(module.read_text("utf-8"), made), "utf-8")


if __name__ == "__main__":
    main()
