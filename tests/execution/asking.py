"""How are random questions made that a schema finds valid, whatever the schema?"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

_NO_MORE = 4
# Long, and the same for everybody.
_LEFT = {"_service"}
# A scalar of Federation's whose values are objects: a document writes none of these here.
_ANY = "_Any"


@dataclass
class Asked:
    """One question under way."""

    random: Random
    schema: GraphQLSchema
    given: dict[str, Any] = field(default_factory=dict)
    """Values to choose from for arguments by name, beside random ones."""
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    left: int = 40
    """Fields that may still be asked for."""
    number: int = 0

    def question(self, kind: str = "query") -> tuple[str, dict[str, Any]]:
        """A document and its variables."""
        root = self.schema.query_type if kind == "query" else self.schema.mutation_type
        assert root is not None
        body = self.selection(root, 0)
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"{kind} Asked{f'({declared})' if declared else ''} {body}"
        return "\n".join([head, *self.fragments]), {name: value for name, (_, value) in self.variables.items()}

    def selection(self, kind: Any, depth: int) -> str:
        """A selection on an object type, an interface or a union."""
        parts: list[str] = []
        if not is_abstract_type(kind) or hasattr(kind, "fields"):
            names = [name for name in kind.fields if name not in _LEFT]
            chosen = self.random.sample(names, min(len(names), self.random.randint(1, 4)))
            parts += [self._field(name, kind.fields[name], depth) for name in chosen]
        if is_abstract_type(kind):
            types = self.schema.get_possible_types(kind)
            parts += [self._fragment(one, depth) for one in self.random.sample(types, min(len(types), 2))]
        elif self.random.random() < 0.15:
            parts.append(self._fragment(kind, depth))
        if self.random.random() < 0.3:
            parts.append(self._alias() + "__typename")
        return "{ " + (" ".join(one for one in parts if one) or "__typename") + " }"

    def _field(self, name: str, one: GraphQLField, depth: int) -> str:
        self.left -= 1
        named = get_named_type(one.type)
        if not is_leaf_type(named) and (depth >= _NO_MORE or self.left < 0):
            return ""
        below = "" if is_leaf_type(named) else " " + self.selection(named, depth + 1)
        return f"{self._alias()}{name}{self._arguments(one.args)}{self._switch()}{below}"

    def _alias(self) -> str:
        # Each has a name of its own: two of one name would have to ask for the same.
        self.number += 1
        return f"f{self.number}: "

    def _switch(self) -> str:
        chance = self.random.random()
        if chance < 0.9:
            return ""
        name = self._variable("Boolean!", self.random.random() < 0.7)
        return f" @{'include' if chance < 0.97 else 'skip'}(if: ${name})"

    def _fragment(self, kind: GraphQLObjectType, depth: int) -> str:
        body = self.selection(kind, depth + 1)
        if self.random.random() < 0.5:
            return f"... on {kind.name}{self._switch()} {body}"
        self.number += 1
        self.fragments.append(f"fragment F{self.number} on {kind.name} {body}")
        return f"...F{self.number}{self._switch()}"

    def _arguments(self, arguments: dict[str, GraphQLArgument]) -> str:
        written = []
        for name, one in arguments.items():
            if not is_required_argument(one) and self.random.random() < 0.6:
                continue
            value = self._value(one.type, name, 0)
            if self.random.random() < 0.4 or get_named_type(one.type).name == _ANY:
                written.append(f"{name}: ${self._variable(str(one.type), value)}")
            else:
                written.append(f"{name}: {_literal(value, one.type)}")
        return f"({', '.join(written)})" if written else ""

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = (kind, value)
        return name

    def _value(self, kind: Any, name: str, depth: int) -> Any:
        """A value as JSON writes it."""
        if is_non_null_type(kind):
            return self._value(kind.of_type, name, depth)
        if is_list_type(kind):
            return [self._value(kind.of_type, name, depth + 1) for _ in range(self.random.randint(0, 2))]
        if isinstance(kind, GraphQLInputObjectType):
            fields = {
                key: one
                for key, one in kind.fields.items()
                if (is_non_null_type(one.type) and one.default_value is Undefined) or self.random.random() < 0.3
            }
            return {key: self._value(one.type, key, depth + 1) for key, one in fields.items()}
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if self.given.get(name) and self.random.random() < 0.8:
            return self.random.choice(self.given[name])
        return self._scalar(kind.name)

    def _scalar(self, name: str) -> Any:
        pool: dict[str, list[Any]] = {
            "Int": [1, 2, 3, 5, 0, -1, 101],
            "Float": [0.5, 1.0],
            "Boolean": [True, False],
            "DateTime": ["2026-01-01T00:00:00Z", "2026-11-21T09:30:00+01:00"],
            "Date": ["2026-01-01"],
            "Decimal": ["1.50"],
            _ANY: self.given.get("references") or [5],
        }
        return self.random.choice(pool.get(name, ["a", "b", "shop", "whatsapp"]))


def _literal(value: Any, kind: Any) -> str:
    """A JSON value as GraphQL writes it."""
    if is_non_null_type(kind):
        return _literal(value, kind.of_type)
    if is_list_type(kind):
        return "[" + ", ".join(_literal(one, kind.of_type) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(one, kind.fields[key].type)}" for key, one in value.items()) + "}"
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
