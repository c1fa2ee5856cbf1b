"""Is every administrative act one that is written down?"""

import ast
from pathlib import Path

from resolvers.kit.acts import administrative
from tests.rights.expecting import FORBIDDEN, Expecting

Expected = dict[str, dict[str, str]]
ROOT = Path(__file__).parents[2]

DECLARED = {"mergeCustomers", "unmergeCustomers", "confirmMerge", "relinkConversation"}
"""Acts that agents do, too, and that are written down all the same."""
READING = {"list_keys", "show", "show_jobs", "erase_customer"}
"""Commands that open the database and change nothing there; `erase` does so first to show what would go."""


def test_mutations_beyond_agents(expecting: Expecting, expected: Expected) -> None:
    """What neither agents nor visitors may do is written down, whatever slice it stands in; and what is declared."""
    mutations = {place: who for place, who in expected.items() if place.startswith("Mutation.") and "(" not in place}
    beyond = {
        place.removeprefix("Mutation.")
        for place, who in mutations.items()
        if who["agent"] == FORBIDDEN and who["visitor"] == FORBIDDEN
    }
    assert {"eraseCustomer", "exportCustomer", "mintVisitorToken", "addLabel"} < beyond
    assert administrative(expecting.graph.declared) == beyond | DECLARED


def test_commands_that_change() -> None:
    """Every command that opens the database says which act it is; those that read alone are known."""
    silent = set()
    for path in (ROOT / "gateway").glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                silent |= {function.name for call in ast.walk(function) if _says_none(call)}
    assert silent == READING


def _says_none(node: ast.AST) -> bool:
    """Whether it is a call of `with_store` with `act=None`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "with_store":
        return False
    return any(
        one.arg == "act" and isinstance(one.value, ast.Constant) and one.value.value is None for one in node.keywords
    )
