"""Which documents may the public run? Added, listed and retired by commands."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from graphql import GraphQLError
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from adapters.mongo import Store
from gateway.kept_documents import BadDocument, KeptDocument, add_documents, kept_documents, retire_document
from gateway.limit_settings import LimitSettings
from gateway.manifests import SHOWN, BadManifest, digest, joined, operations_of, read_manifests, unread
from gateway.opening import with_store
from gateway.preparing import Preparing
from gateway.questions import NotAsked, Question
from gateway.settings import load_settings
from resolvers.kit.acts import Act
from resolvers.kit.graph import Graph
from resolvers.schema import graph

T = TypeVar("T")

app: Final = typer.Typer(
    help="Documents that the public may run, kept in the database beside those of GATEWAY_TRUSTED_DOCUMENTS.",
    no_args_is_help=True,
)

_COLUMNS: Final = ("name", "operations", "added", "retired")
_TEXTS: Final = frozenset({".graphql", ".gql"})

_out = Console()
_note = Console(stderr=True)


@app.command("add")
def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Manifests as relay-compiler, GraphQL Code Generator and Apollo write them, folders of them, or "
            "documents (`.graphql`), each named by its SHA-256 hash."
        ),
    ],
) -> None:
    """Trust the documents of these files, from within seconds on, in every process; of one that is not fit, add none.

    Each must be a question that the schema answers, within the limits as they are set where this runs. As soon as
    there is one, visitors, and widgets before sign-in, run trusted documents and nothing else.

    Example: `profile-gateway documents add persisted.json`
    """
    named = _said(lambda: joined((file, _read(file)) for file in files))
    if wrong := list(unfit(named, graph(), load_settings())):
        _say(*wrong, "Nothing was added. Mend these, and have the manifest written anew.")
        raise typer.Exit(1)

    async def work(store: Store) -> int:
        return await add_documents(store, named, at=datetime.now(UTC))

    act = Act("profile-gateway documents add")
    act.concerns(*named)
    added = _said(lambda: with_store(work, act=act))
    known = f"; trusted before: {len(named) - added:,}" if added < len(named) else ""
    _note.print(f"Documents added: {added:,}{known}.", style="green", highlight=False, soft_wrap=True)


@app.command("list")
def show() -> None:
    """List the documents that were added, the last first. Into a pipe or a file: a line for each, tabs between.

    Example: `profile-gateway documents list`
    """
    rows = [_row(one) for one in with_store(kept_documents, act=None)]
    if not _out.is_terminal:
        sys.stdout.writelines("\t".join(row) + "\n" for row in (_COLUMNS, *rows))
        return
    table = Table(*(Column(name, overflow="fold") for name in _COLUMNS))
    for row in rows:
        table.add_row(*map(Text, row))
    _out.print(table)


@app.command("retire")
def retire(name: Annotated[str, typer.Argument(help="As `documents list` shows it, whole.")]) -> None:
    """End the trust in a document: within seconds no process runs it for visitors, nor for anyone by that name.

    It stays listed, with the moment. Should all be retired, visitors still run nothing else.

    Example: `profile-gateway documents retire ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38`
    """

    async def work(store: Store) -> KeptDocument:
        found = await retire_document(store, name, at=datetime.now(UTC))
        act.concerns(found.name)
        return found

    act = Act("profile-gateway documents retire")
    found = _said(lambda: with_store(work, act=act))
    _note.print(f"{found.name} is retired.", style="green", markup=False, highlight=False, soft_wrap=True)


def _read(file: Path) -> Iterable[tuple[str, str]]:
    if file.suffix not in _TEXTS:
        return read_manifests(file).items()
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise unread(file, error) from error
    except UnicodeDecodeError as error:
        raise BadManifest(f"{str(file)!r} cannot be read: it is no text in UTF-8. Write it anew.") from error
    return [(digest("sha256", text), text)]


def unfit(named: Mapping[str, str], of: Graph, settings: LimitSettings) -> Iterator[str]:
    """What is wrong with each document that is not to be run as it is."""
    preparing = Preparing(of, settings)
    for name, text in named.items():
        for words in dict.fromkeys(_wrong(text, preparing, settings)):
            yield f"{name[:SHOWN]}: {words}"


def _wrong(text: str, preparing: Preparing, settings: LimitSettings) -> Iterator[str]:
    if (size := len(text.encode())) > settings.question_bytes:
        yield f"The document has {size} bytes; at most {settings.question_bytes} are read."
        return
    try:
        operations = operations_of(text)
    except (GraphQLError, RecursionError) as error:
        yield f"It is no document: {error}"
        return
    if not operations:
        yield "It holds no operation."
    for called, _ in operations:
        try:
            preparing.prepare(Question(text=text, operation_name=called))
        except NotAsked as reason:
            yield from (error["message"] for error in reason.answer.body["errors"])


def _row(one: KeptDocument) -> tuple[str, ...]:
    # A name may be any word of a build tool; each cell is one line.
    retired = _moment(one.retired_at) if one.retired_at else ""
    return " ".join(one.name.split()), ", ".join(one.operations), _moment(one.added_at), retired


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _said(work: Callable[[], T]) -> T:
    """What the work gives; what is wrong with the files is said in words, with exit status 1."""
    try:
        return work()
    except (BadManifest, BadDocument) as error:
        _say(str(error))
        raise typer.Exit(1) from error


def _say(*lines: str) -> None:
    for line in lines:
        _note.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
