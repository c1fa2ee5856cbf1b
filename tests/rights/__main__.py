"""Writes who may see what: `python -m tests.rights`."""

from resolvers.kit.graph import Graph
from resolvers.schema import SLICES
from tests import toy
from tests.rights.expecting import FILE, Expecting

if __name__ == "__main__":
    FILE.write_text("\n".join(Expecting(Graph((*SLICES, toy.SLICE))).lines()) + "\n", "utf-8")
