"""Does the committed contract say what the code says?"""

import difflib
from pathlib import Path
from typing import Final

from gateway import settings
from resolvers.kit.graph import Graph

# The checkout's folder, when the program runs in one.
CHECKOUT: Final = Path(settings.__file__).parent.parent
COMMITTED: Final = CHECKOUT / "schema.graphql"


def sdl_of(graph: Graph) -> str:
    """The schema as it is committed."""
    return graph.as_str().rstrip() + "\n"


def differences(graph: Graph, file: Path) -> list[str]:
    """How the file must change to say what the graph says, as a unified diff; empty when it does."""
    committed = file.read_text("utf-8").splitlines(keepends=True)
    current = sdl_of(graph).splitlines(keepends=True)
    return list(difflib.unified_diff(committed, current, str(file), "the code", n=3))
