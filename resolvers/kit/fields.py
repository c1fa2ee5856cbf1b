"""How does a slice's function become a field of the graph?

Each way of writing one (column, field, mutation, subscription) becomes an ordinary resolver here: rights are checked,
paging arguments become a Page, columns are gathered, refusals become data.
"""

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from resolvers.kit.acting import written_down
from resolvers.kit.context import NotAtHand
from resolvers.kit.described import as_reading, description_of
from resolvers.kit.errors import Forbidden, Refused
from resolvers.kit.loading import one_each
from resolvers.kit.paging import PAGE_ARGUMENTS, Page
from resolvers.kit.prices import priced
from resolvers.kit.reads import declare_reads
from resolvers.kit.slice import AddedField
from resolvers.kit.stored import Node
from resolvers.kit.viewer import Roles, Viewer

Close = Callable[[Any], Any]
"""Replaces open types in an annotation by those that the schema built."""

_WAYS = ("column", "field", "mutation", "reading", "subscription")
# Where a resolver says how the slice's function behind it is called.
_WAY = "__way__"
# What a resolver's own parameters are called; everything else is an argument of the field.
_ROOT, _INFO, _PAGE = "root", "info", "page"


def field_of(added: AddedField, close: Close, *, seen_by: Roles) -> StrawberryField:
    """The Strawberry field of a slice's function, on a type that these roles see.

    Where one of them has no right to the field it is nullable: a forbidden field must not take its object along.
    """
    hints = get_type_hints(added.function, include_extras=True)
    parameters = list(inspect.signature(added.function).parameters.values())
    if added.way not in _WAYS:
        raise TypeError(f"{added.name}: {added.way!r} is not one of {_WAYS}.")
    arguments = {one.name: one for one in parameters if one.name not in {parameters[0].name, _INFO}}
    answer = hints["return"]
    if added.way == "column":
        answer = _element(answer, added)
    if added.way == "mutation":
        answer = _result_union(answer, added)
    if seen_by - added.may and added.way != "subscription":
        answer = answer | None if isinstance(answer, type) else Union[answer, None]  # noqa: UP007
    resolver = _resolver(added, has_page=_PAGE in arguments)
    _sign(resolver, added, {name: (one, hints[name]) for name, one in arguments.items()}, close(answer), close)
    made = strawberry.subscription if added.way == "subscription" else strawberry.field
    described, metadata = description_of(added.function), priced(added.costs)
    field: StrawberryField = made(resolver=resolver, description=described, metadata=metadata)
    field.python_name = added.name
    field.origin = added.hub
    return field


@dataclass(frozen=True, slots=True)
class Way:
    """How a slice's function is called, by an executor that resolves a whole level at once or one field at a time."""

    function: Callable[..., Any]
    kind: str
    """`column`, `field`, `mutation` or `subscription`."""
    may: Roles
    name: str
    has_page: bool
    takes_root: bool
    is_immediate: bool = False
    """Whether the function answers at once, from what its parents hold and what is held in the process."""

    async def all(self, parents: list[Any], info: Any, arguments: dict[str, Any]) -> Sequence[Any]:
        """A column's answers for all parents, in their order; raises for all of them at once."""
        self.prepare(info, arguments)
        if not self.is_immediate:
            info.context.budget.require()
            return self._spent(parents, await self.function(parents, info, **arguments), info)
        while True:
            try:
                return self._at_once(parents, info, arguments)
            except NotAtHand as missing:
                await info.context.hold(missing.record)

    def now(self, parents: list[Any], info: Any, arguments: dict[str, Any]) -> Sequence[Any]:
        """The same of a function that answers at once; raises NotAtHand where something has to be loaded first."""
        self.prepare(info, arguments)
        return self._at_once(parents, info, arguments)

    def _at_once(self, parents: list[Any], info: Any, arguments: dict[str, Any]) -> Sequence[Any]:
        info.context.budget.require()
        answers = self.function(parents, info, **arguments)
        if inspect.iscoroutine(answers):
            answers.close()
            raise TypeError(
                f"The column {self.name} looks like a plain function and answers a coroutine. Write it `async def`; a "
                "decorator around one has to say what it wraps (functools.wraps)."
            )
        return self._spent(parents, answers, info)

    def _spent(self, parents: list[Any], answers: Sequence[Any], info: Any) -> Sequence[Any]:
        answers = one_each(parents, answers, self.name)
        info.context.budget.spend(_things(answers))
        return answers

    def prepare(self, info: Any, arguments: dict[str, Any]) -> None:
        """Checks the viewer's right to the field, and makes a Page of the paging arguments."""
        _check(info.context.viewer, self.may, self.name)
        if self.has_page:
            _take_page(arguments, info.context)

    def one(self, parent: Any, info: Any, arguments: dict[str, Any]) -> Any:
        """A field's answer for one parent: a value, or an awaitable of it."""
        self.prepare(info, arguments)
        first = (parent, info) if self.takes_root else (info,)
        return self.function(*first, **arguments)


def _things(answers: Sequence[Any]) -> int:
    """How many things a column hands out; the rows of a page were counted when they were read."""
    return sum(len(one) if isinstance(one, list) else isinstance(one, Node) for one in answers)


def way_of(resolver: Callable[..., Any]) -> Way | None:
    """How the slice's function behind a resolver is called; None where it was not made here."""
    return getattr(resolver, _WAY, None)


def _resolver(added: AddedField, *, has_page: bool) -> Callable[..., Any]:
    function, kind = added.function, added.way
    takes_root = next(iter(inspect.signature(function).parameters)) != _INFO
    is_immediate = kind == "column" and not inspect.iscoroutinefunction(inspect.unwrap(function))
    way = Way(function, kind, added.may, added.name, has_page, takes_root, is_immediate)

    async def column(root: Any, info: Any, **arguments: Any) -> Any:
        async def resolve(parents: list[Any]) -> Any:
            watching = info.context.watching
            if watching is None:
                return await way.all(parents, info, arguments)
            with watching.load("column", f"{info.path.typename}.{info.field_name}", len(parents)):
                return await way.all(parents, info, arguments)

        # The same node of the document has the same arguments for every parent.
        place = (function, id(info._raw_info.field_nodes[0]))  # noqa: SLF001 - Strawberry shows no node otherwise
        return await info.context.loaders.column(place, resolve, root)

    # Not a coroutine itself: a function that answers at once costs no task.
    def field(root: Any, info: Any, **arguments: Any) -> Any:
        return way.one(root, info, arguments)

    async def mutation(root: Any, info: Any, **arguments: Any) -> Any:
        try:
            return await way.one(root, info, arguments)
        except Refused as refused:
            return refused.refusal
        finally:
            # What the next mutation of the same request reads must be as this one left it.
            info.context.forget()

    async def act(root: Any, info: Any, **arguments: Any) -> Any:
        work = partial(mutation, root, info, **arguments)
        return await written_down(info.context, to_camel_case(added.name), arguments, work)

    def reading(root: Any, info: Any) -> Any:
        del info
        return function(root)

    if kind == "reading":
        return declare_reads(as_reading(reading, function), added.reads)
    resolver: Callable[..., Any] = {
        "column": column,
        "mutation": act if added.is_administrative else mutation,
    }.get(kind, field)
    setattr(resolver, _WAY, way)
    return declare_reads(resolver, added.reads)


def _check(viewer: Viewer, may: Roles, name: str) -> None:
    if viewer.role not in may:
        allowed = ", ".join(sorted(may))
        raise Forbidden(
            f"`{to_camel_case(name)}` is not for the role {viewer.role.value}; it is for {allowed}. Leave it out."
        )


def _take_page(arguments: dict[str, Any], context: Any) -> None:
    limits = context.limits
    given = {name: arguments.pop(name, None) for name in PAGE_ARGUMENTS}
    arguments[_PAGE] = Page.of(**given, sizes=(limits.page_size, limits.largest_page))


def _sign(
    resolver: Callable[..., Any],
    added: AddedField,
    arguments: Mapping[str, tuple[inspect.Parameter, Any]],
    answer: Any,
    close: Close,
) -> None:
    """Gives the resolver the signature from which Strawberry reads arguments and type."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    both = inspect.Parameter.POSITIONAL_OR_KEYWORD
    shown = [inspect.Parameter(_ROOT, both), inspect.Parameter(_INFO, both, annotation=strawberry.Info)]
    for name, (parameter, hint) in arguments.items():
        if name == _PAGE:
            shown += [
                inspect.Parameter(one, keyword, default=strawberry.UNSET, annotation=annotation)
                for one, annotation in PAGE_ARGUMENTS.items()
            ]
        else:
            shown.append(inspect.Parameter(name, keyword, default=parameter.default, annotation=close(hint)))
    resolver.__signature__ = inspect.Signature(shown, return_annotation=answer)  # type: ignore[attr-defined]
    resolver.__annotations__ = {
        one.name: one.annotation for one in shown if one.annotation is not inspect.Parameter.empty
    } | {"return": answer}
    resolver.__name__ = added.name
    resolver.__module__ = added.function.__module__


def _element(answer: Any, added: AddedField) -> Any:
    if get_origin(answer) is Annotated:
        inner, *notes = get_args(answer)
        return Annotated[(_element(inner, added), *notes)]
    if get_origin(answer) is not list:
        raise TypeError(f"The column {added.name} answers {answer!r}; a column answers a list, one value per parent.")
    return get_args(answer)[0]


def _result_union(answer: Any, added: AddedField) -> Any:
    """The union that a mutation answers, named for it: add_note -> AddNoteResult."""
    members = get_args(answer) if get_origin(answer) in {Union, types.UnionType} else (answer,)
    words = added.name.split("_")
    name = "".join(word.capitalize() for word in words) + "Result"
    description = (
        f"What `{words[0] + ''.join(word.capitalize() for word in words[1:])}` answers: the payload, or why not."
    )
    return Annotated[Union[tuple(members)], strawberry.union(name, description=description)]  # noqa: UP007
