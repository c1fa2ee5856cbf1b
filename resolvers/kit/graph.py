"""How do the slices' declarations become one schema?

Strawberry calls `Schema.get_fields` once per type while it builds; overriding it lets a slice's fields stand on a
type that knows nothing of the slice. It works for object types alone: a field added to an input would appear in the
SDL but never reach the resolver, and one added to an interface fails the build, so those are refused here, and open
inputs, enums and unions are built anew for each schema.
"""

import enum
import types
from collections.abc import Iterable
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import strawberry
from graphql import GraphQLResolveInfo, Undefined, is_input_object_type
from strawberry.federation import Schema as FederationSchema
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from resolvers.kit.context import Info
from resolvers.kit.described import description_of
from resolvers.kit.entities import entities
from resolvers.kit.fields import field_of
from resolvers.kit.permits import permits_of
from resolvers.kit.prices import price_of_condition, priced
from resolvers.kit.roots import Mutation, Query, Subscription
from resolvers.kit.scalars import SCALARS
from resolvers.kit.slice import AddedField, Declared, Open, OpenEnum, OpenInput, OpenUnion, Slice
from resolvers.kit.subgraph import subgraph_text
from resolvers.kit.viewer import EVERYONE

FEDERATION_VERSION: Final = "2.9"
"""Strawberry's newest, 2.11, is rejected by some composers."""


_FEDERATION_TYPES = {
    "_Any": "What another subgraph knows of an entity: its type and key (Apollo Federation).",
    "_Entity": "Everything that another subgraph may refer to by key (Apollo Federation).",
    "_Service": "This subgraph, as a federation's router asks for it (Apollo Federation).",
}
_FEDERATION_FIELDS = {
    ("Query", "_entities"): "The entities to which another subgraph refers (Apollo Federation).",
    ("Query", "_service"): "This subgraph's own schema (Apollo Federation).",
    ("_Service", "sdl"): "The schema in the schema definition language.",
}


class Graph(FederationSchema):
    """The schema of a set of slices, and what they declare."""

    def __init__(self, slices: Iterable[Slice]) -> None:
        self.declared = Declared(slices)
        self._built: dict[Any, Any] = {}
        self._texts: dict[bool, str] = {}
        self._added = self._added_by_hub()
        super().__init__(
            query=Query,
            mutation=Mutation if Mutation.__name__ in self._added else None,
            subscription=Subscription if Subscription.__name__ in self._added else None,
            # Entities and node types that no field mentions must still be in the schema.
            types=[*(keeping.cls for keeping in self.declared.keepings), *self.declared.types],
            config=StrawberryConfig(
                scalar_map=dict(SCALARS), info_class=Info, enable_experimental_incremental_execution=True
            ),
            federation_version=FEDERATION_VERSION,
        )
        self._describe_federation()
        self._tell_text()
        self._leave_out_null_defaults()

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The type's own fields and behind them those that slices added."""
        own = list(type_definition.fields)
        added = self._added.get(type_definition.name, [])
        if not added:
            return own
        if type_definition.is_input or type_definition.is_interface:
            raise TypeError(
                f"{added[0].name} cannot be added to {type_definition.name}: fields are added to object types alone. "
                "Make the input open (OpenInput), or give each implementing type the field."
            )
        # Python names are compared, because GraphQL names are not given yet while the schema is built.
        taken = {field.python_name for field in own}
        fields = []
        for one in added:
            if one.name in taken:
                raise TypeError(f"Two slices give {type_definition.name} a field {one.name!r}. Rename one of them.")
            taken.add(one.name)
            keeping = self.declared.by_type.get(type_definition.name)
            fields.append(field_of(one, self._close, seen_by=keeping.may if keeping else EVERYONE))
        return own + fields

    async def entities_resolver(  # type: ignore[override]  # the execution awaits what it answers
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Strawberry's own asks one reference at a time, without a bound, and breaks on what is none."""
        return await entities(info.context, representations)

    def as_str(self) -> str:
        """The schema in the schema definition language, with who may ask for what."""
        return self.text(is_enforced=False)

    def text(self, *, is_enforced: bool) -> str:
        """The same; `is_enforced`: for routers that see to it (kit/subgraph.py). It is made once."""
        if is_enforced not in self._texts:
            permits = permits_of(self._schema, self.declared)
            self._texts[is_enforced] = subgraph_text(
                print_schema(self), permits, version=FEDERATION_VERSION, is_enforced=is_enforced
            )
        return self._texts[is_enforced]

    def _tell_text(self) -> None:
        """Strawberry's own prints the schema anew for whoever asks, and without who may ask for what."""

        def sdl(_root: object, info: GraphQLResolveInfo[Any]) -> str:
            return self.text(is_enforced=info.context.limits.routers_enforce)

        getattr(self._schema.type_map["_Service"], "fields", {})["sdl"].resolve = sdl

    def _describe_federation(self) -> None:
        """Strawberry makes these names without words of their own; every public name has some."""
        known = self._schema.type_map
        for name, description in _FEDERATION_TYPES.items():
            if name in known:
                known[name].description = description
        for (owner, field), description in _FEDERATION_FIELDS.items():
            fields = getattr(known.get(owner), "fields", {})
            if field in fields:
                fields[field].description = description
        entities = getattr(known["Query"], "fields", {}).get("_entities")
        if entities:
            entities.args["representations"].description = "Each with its `__typename` and the fields of its key."

    def _leave_out_null_defaults(self) -> None:
        """An optional argument says so by its type; `= null` behind it is noise to the reader of the schema."""
        for known in self._schema.type_map.values():
            fields: dict[str, Any] = getattr(known, "fields", {})
            arguments = [one for field in fields.values() for one in getattr(field, "args", {}).values()]
            for one in [*arguments, *(fields.values() if is_input_object_type(known) else ())]:
                if one.default_value is None:
                    one.default_value = Undefined

    def _added_by_hub(self) -> dict[str, list[AddedField]]:
        added: dict[str, list[AddedField]] = {}
        for one in self.declared.slices:
            for field in one.fields:
                added.setdefault(field.hub.__strawberry_definition__.name, []).append(field)
        return added

    def _close(self, annotation: Any) -> Any:
        """The annotation with every open type in it replaced by the one built for this schema."""
        if get_origin(annotation) is Annotated:
            inner, *notes = get_args(annotation)
            opened = [note for note in notes if isinstance(note, OpenInput | OpenEnum | OpenUnion)]
            others = [note for note in notes if note not in opened]
            closed = _with_leaf(inner, self._build(opened[0])) if opened else self._close(inner)
            return Annotated[(closed, *others)] if others else closed
        if get_origin(annotation) is list:
            return list[self._close(get_args(annotation)[0])]  # type: ignore[misc]
        if get_origin(annotation) in {Union, types.UnionType}:
            return Union[tuple(self._close(one) for one in get_args(annotation))]  # noqa: UP007
        return self._closed_input(annotation) if _is_input(annotation) else annotation

    def _closed_input(self, cls: Any) -> Any:
        """The input type itself, or a copy of it for this schema where it has fields of open types."""
        hints = get_type_hints(cls, include_extras=True)
        closed = {name: self._close(hint) for name, hint in hints.items() if _is_open(hint)}
        if not closed:
            return cls
        if cls not in self._built:
            namespace: dict[str, Any] = {"__annotations__": closed, "__module__": cls.__module__}
            for field in cls.__strawberry_definition__.fields:
                if field.python_name in closed:
                    namespace[field.python_name] = strawberry.field(
                        description=field.description, default=field.default
                    )
            made = type(cls.__name__, (cls,), namespace)
            self._built[cls] = strawberry.input(made, description=cls.__strawberry_definition__.description)
        return self._built[cls]

    def _build(self, opened: Open) -> Any:
        if opened not in self._built:
            match opened:
                case OpenInput():
                    self._built[opened] = self._input(opened)
                case OpenEnum():
                    self._built[opened] = _enum(opened, self.declared)
                case OpenUnion():
                    members = tuple(opened.members(self.declared))
                    union = strawberry.union(opened.name, description=opened.description)
                    self._built[opened] = Annotated[Union[members], union]  # noqa: UP007
        return self._built[opened]

    def _input(self, opened: OpenInput) -> Any:
        annotations: dict[str, Any] = {}
        members: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
        for name, condition in self.declared.conditions(opened).items():
            hints = get_type_hints(condition.function, include_extras=True)
            annotations[name] = self._close(hints[next(iter(hints))]) | None
            described, metadata = description_of(condition.function), priced(price_of_condition(condition))
            members[name] = strawberry.field(description=described, default=None, metadata=metadata)
        return strawberry.input(type(opened.name, (), members), description=opened.description)


def _enum(opened: OpenEnum, declared: Declared) -> Any:
    values = opened.values(declared)
    # A string too, so that resolvers read it as one.
    made = enum.StrEnum(opened.name, {name: name for name in values})  # type: ignore[misc]
    described: Any = strawberry.enum(made, description=opened.description)
    for value in described.__strawberry_definition__.values:
        value.description = values[value.name]
    return described


def _is_input(annotation: Any) -> bool:
    definition = getattr(annotation, "__strawberry_definition__", None)
    return bool(getattr(definition, "is_input", False))


def _is_open(hint: Any) -> bool:
    if get_origin(hint) is Annotated:
        return any(isinstance(note, OpenInput | OpenEnum | OpenUnion) for note in get_args(hint)[1:])
    return any(_is_open(one) for one in get_args(hint))


def _with_leaf(annotation: Any, leaf: Any) -> Any:
    """The same lists and nulls around another type."""
    if get_origin(annotation) is list:
        return list[_with_leaf(get_args(annotation)[0], leaf)]  # type: ignore[misc]
    if get_origin(annotation) in {Union, types.UnionType}:
        inner = [one for one in get_args(annotation) if one is not types.NoneType]
        return _with_leaf(inner[0], leaf) | None
    return leaf
