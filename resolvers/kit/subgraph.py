"""How does the schema's text say who may ask for what, to people and to the routers of a federation?

By Federation's `@authenticated` and `@policy`, written into the text alone: introspection shows no directive in its
place. A router that knows Federation's own enforces them, and one that does not, as Apollo's `@apollo/gateway`, refuses
the whole supergraph. So there are two texts: one with Federation's own, and one with directives of the same names that
it defines itself, which every composition leaves out.
"""

from collections.abc import Iterator
from typing import Final

from graphql import ListValueNode, ObjectTypeDefinitionNode, SchemaDefinitionNode, parse
from graphql.language import Node

from resolvers.kit.permits import Permits
from resolvers.kit.viewer import EVERYONE, Role, Roles

_OWN: Final = '''"""For whoever has signed in, in any role."""
directive @authenticated on FIELD_DEFINITION | OBJECT

"""
For those whom one of the policies names: `role:agent` is whoever's token or key has that role. Everybody else is told
FORBIDDEN, or gets null where a thing is found by its id.
"""
directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT

'''
_NAMES: Final = ("@authenticated", "@policy")


def subgraph_text(printed: str, permits: Permits, *, version: str, is_enforced: bool) -> str:
    """The printed schema with who may ask for what; `is_enforced`: by Federation's own directives of that version."""
    document = parse(printed)
    added: list[tuple[int, str]] = []
    is_linked = False
    for one in document.definitions:
        if isinstance(one, SchemaDefinitionNode) and is_enforced:
            for imported in _imports(one):
                is_linked = True
                added.append((_end(imported.values[-1]), "".join(f', "{name}"' for name in _NAMES)))
        elif isinstance(one, ObjectTypeDefinitionNode):
            added += _of_type(one, permits)
    parts, done = [], 0
    for at, text in added:
        parts += [printed[done:at], text]
        done = at
    written = "".join([*parts, printed[done:]])
    if not is_enforced:
        return _OWN + written
    return written if is_linked else f"{_link(version)}\n\n{written}"


def _of_type(one: ObjectTypeDefinitionNode, permits: Permits) -> Iterator[tuple[int, str]]:
    name = one.name.value
    if (roles := permits.types.get(name)) is not None:
        yield _end([one.name, *(one.interfaces or ()), *(one.directives or ())][-1]), _directive(roles)
    for field in one.fields or ():
        if (roles := permits.fields.get((name, field.name.value))) is not None:
            yield _end(field.type), _directive(roles)


def _directive(roles: Roles) -> str:
    if roles == EVERYONE:
        return " @authenticated"
    policies = ", ".join(f'["role:{role.value}"]' for role in Role if role in roles)
    return f" @policy(policies: [{policies}])"


def _imports(schema: SchemaDefinitionNode) -> Iterator[ListValueNode]:
    """What is imported of Federation."""
    for directive in schema.directives or ():
        given = {one.name.value: one.value for one in directive.arguments or ()}
        imported = given.get("import")
        if "/federation/" in getattr(given.get("url"), "value", "") and isinstance(imported, ListValueNode):
            yield imported


def _link(version: str) -> str:
    names = ", ".join(f'"{name}"' for name in _NAMES)
    return f'extend schema @link(url: "https://specs.apollo.dev/federation/v{version}", import: [{names}])'


def _end(node: Node) -> int:
    """Where the node ends in the text."""
    if node.loc is None:
        raise TypeError(f"A {node.kind} was parsed without its place in the text.")
    return node.loc.end
