"""The rules of the house: floors, arrows, libraries, sizes, words."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, TypeDefinitionNode, get_named_type, parse

from resolvers.kit.stored import stored_paths
from resolvers.schema import SLICES, graph

ROOT = Path(__file__).parent.parent
FLOORS = {"adapters": 1, "resolvers": 2, "gateway": 3}
CEILING = 400
LIBRARIES = {
    "pymongo": {"adapters"},
    "bson": {"adapters"},
    "aiohttp": {"adapters"},
    "starlette": {"gateway"},
    "uvicorn": {"gateway"},
}
ROOMS = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
BESIDE = sorted(path for folder in ("tests", "tools", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides an arrow"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(path) for path in ROOMS}


def _arrows(path: Path) -> set[str]:
    """The rooms of this house that a room imports."""
    named = (name if name in MODULES else name.rpartition(".")[0] for name in _imports(path))
    return {name for name in named if name in MODULES}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ROOMS, ids=_name)
def test_no_arrow_rises(path: Path) -> None:
    """Imports fall one way: gateway, resolvers, adapters."""
    here = FLOORS[path.relative_to(ROOT).parts[0]]
    rising = [name for name in _imports(path) if FLOORS.get(name.split(".")[0], 0) > here]
    assert rising == []
    assert "TYPE_CHECKING" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", ROOMS, ids=_name)
def test_libraries_keep_floors(path: Path) -> None:
    """Only adapters import pymongo, bson and aiohttp; only the gateway imports starlette and uvicorn."""
    floor = path.relative_to(ROOT).parts[0]
    astray = [name for name in _imports(path) if floor not in LIBRARIES.get(name.split(".")[0], {floor})]
    assert astray == []


def test_no_circles() -> None:
    """No room imports itself by way of others."""
    arrows = {_module(path): _arrows(path) - {_module(path)} for path in ROOMS}
    while leaves := [name for name, found in arrows.items() if not found & set(arrows)]:
        for name in leaves:
            del arrows[name]
    assert arrows == {}


def test_slices_stand_in_order() -> None:
    """A slice imports only slices that stand above it in the schema's list; so a hub never imports its spokes."""
    names = [_slice_module(one) for one in SLICES]
    for n, name in enumerate(names):
        below = set(names[n + 1 :])
        rising = [one for path in _rooms_of(name) for one in _arrows(path) if {one, one.rpartition(".")[0]} & below]
        assert rising == [], name


def _rooms_of(name: str) -> list[Path]:
    """A slice's file, or those of its folder."""
    path = ROOT / name.replace(".", "/")
    return sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def _slice_module(one: object) -> str:
    return next(
        name
        for name in sorted(sys.modules)
        if name.startswith("resolvers.") and getattr(sys.modules[name], "SLICE", None) is one
    )


@pytest.mark.parametrize("path", [*ROOMS, *BESIDE], ids=_name)
def test_rooms_are_small(path: Path) -> None:
    """At 400 lines a second concept is hiding, in tests, tools and benchmarks too."""
    assert path.read_text("utf-8").count("\n") <= CEILING


@pytest.mark.parametrize("path", ROOMS, ids=_name)
def test_public_things_documented(path: Path) -> None:
    """Each room, public class and public function says what it gives."""
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the room answers no question"
    bodies: list[list[ast.stmt]] = [tree.body, *(one.body for one in tree.body if isinstance(one, ast.ClassDef))]
    silent = [
        one.name
        for body in bodies
        for one in body
        if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not one.name.startswith("_")
        and not ast.get_docstring(one)
    ]
    # An override of a library's method says in its name what it does.
    assert [name for name in silent if name not in {"started", "succeeded", "failed"}] == []


def test_schema_is_current() -> None:
    """The committed contract is what the slices make."""
    committed = (ROOT / "schema.graphql").read_text("utf-8")
    assert committed == graph().as_str() + "\n", "Run `make schema`, read the difference, and commit it."


def test_everything_is_described() -> None:
    """Every type, field, argument and enum value of the contract says what it is."""
    document = parse((ROOT / "schema.graphql").read_text("utf-8"))
    silent = []

    def look(node: Any, path: str) -> None:
        name = f"{path}.{node.name.value}".lstrip(".")
        if not node.description:
            silent.append(name)
        for part in ("fields", "arguments", "values"):
            for one in getattr(node, part, None) or ():
                look(one, name)

    for definition in document.definitions:
        if isinstance(definition, TypeDefinitionNode):
            look(definition, "")
    assert silent == []


def test_personal_values_are_nullable() -> None:
    """What a right can hide is nullable, is shown by a field, and its type tells `hiddenFields`."""
    schema = graph()._schema
    for keeping in graph().declared.keepings:
        shown = schema.type_map[keeping.cls.__name__]
        assert isinstance(shown, GraphQLObjectType)
        for path in keeping.what.personal:
            names = [name for name, at in stored_paths(keeping.cls).items() if at == path]
            assert names, f"{keeping.what.name}.{path} is personal, but no field shows it"
            for name in names:
                assert _is_nullable(shown, name), f"{shown.name}.{name}"
            assert "hiddenFields" in shown.fields, shown.name


def _is_nullable(shown: GraphQLObjectType, name: str) -> bool:
    """Whether the field may be null; `entry_point.page` is one inside another."""
    first, _, inside = name.partition(".")
    field = shown.fields[_camel(first)]
    return _is_nullable(get_named_type(field.type), inside) if inside else not isinstance(field.type, GraphQLNonNull)  # type: ignore[arg-type]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def test_nothing_of_this_machine() -> None:
    """No committed text names a machine's path or a package index."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "registry." + "npmjs", "/ro" + "ot/", "/wo" + "rk/")
    found = []
    for name in listed.split():
        path = ROOT / name
        if path.suffix in {".gz", ".png"} or not path.is_file():
            continue
        text = path.read_text("utf-8", "replace")
        found += [f"{name}: {host}" for host in hosts if host in text]
    assert found == []
