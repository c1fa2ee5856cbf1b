"""Which programs may ask, and with which keys? Made, listed and revoked by commands."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from adapters.mongo import Store
from gateway import keys
from gateway.opening import with_store
from gateway.touching import known_fields
from resolvers.kit.acts import Act
from resolvers.kit.viewer import SCOPES
from resolvers.schema import graph

app: Final = typer.Typer(help="API keys for programs of other companies.", no_args_is_help=True)

_SCOPES: Final = ", ".join(f"`{name}` {what}" for name, what in SCOPES.items())
_COLUMNS: Final = ("handle", "name", "state", "scopes", "fields", "made", "expires", "last used")

_out = Console()
_note = Console(stderr=True)


@app.command("make")
def make_key(
    name: Annotated[str, typer.Argument(help="The program that will use it; `viewer.subject` says it.")],
    scope: Annotated[list[str] | None, typer.Option(help=f"May be given several times: {_SCOPES}.")] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(help="The only fields that it may ask for: `Type.field` or `Type.*`, commas between; else all."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="How long it is good; for ever without it.")
    ] = None,
) -> None:
    """Make an API key and print it, this once: only a hash of it is kept.

    Limited to fields, it is refused questions that touch any other, of objects and of inputs; `__typename`,
    `viewer`, which says what the key has, and introspection, which shows the whole schema, are free.

    Example: `profile-gateway keys make newsletter --scope personal --days 90`

    Example: `profile-gateway keys make shop --fields "Query.customer, Customer.id, Customer.tags, Tag.*"`
    """
    only = known_fields(graph()._schema, fields or ())  # noqa: SLF001 - Strawberry has no public name for it
    now = datetime.now(UTC)
    expires = now + timedelta(days=days) if days else None

    act = Act("profile-gateway keys make")

    async def work(store: Store) -> str:
        made = await keys.make_key(store, name=name, scopes=scope or (), at=now, expires_at=expires, fields=only)
        act.concerns(keys.handle_of(made))
        return made

    made = with_store(work, act=act)
    _note.print("Copy it now; it cannot be shown again. Send it as `X-API-Key: ...`:", highlight=False)
    sys.stdout.write(made + "\n")


@app.command("list")
def list_keys() -> None:
    """List the keys, the newest first. Into a pipe or a file: a line for each, a tab between the columns.

    Example: `profile-gateway keys list`
    """
    now = datetime.now(UTC)
    rows = [_told(one, now) for one in with_store(keys.list_keys, act=None)]
    if not _out.is_terminal:
        # A table is cut to a width that a pipe does not have; and a program wants to split the lines.
        sys.stdout.writelines("\t".join(row) + "\n" for row in (_COLUMNS, *rows))
        return
    table = Table(*(Column(name, no_wrap=name in {"handle", "state"}) for name in _COLUMNS))
    for row in rows:
        table.add_row(*map(Text, row))
    _out.print(table)


def _told(key: keys.ApiKey, now: datetime) -> tuple[str, ...]:
    """A key's cells, in the order of the columns, each on one line."""
    dates = (key.created_at, key.expires_at, key.last_used_at)
    shown = (f"{at:%Y-%m-%d}" if at else "never" for at in dates)
    words = (", ".join(sorted(key.scopes)), ", ".join(sorted(key.fields)) or "all")
    return key.handle, " ".join(key.name.split()), key.state(now), *words, *shown


@app.command("revoke")
def revoke_key(
    handle: Annotated[str, typer.Argument(help="As `keys list` shows it; the whole key does, too.")],
) -> None:
    """End a key: every process refuses it within a second.

    Example: `profile-gateway keys revoke pgw_6560c2a1f0a1b2c3d4e5f607`
    """
    act = Act("profile-gateway keys revoke")

    async def work(store: Store) -> keys.ApiKey:
        found = await keys.revoke_key(store, handle, at=datetime.now(UTC))
        act.concerns(found.handle)
        return found

    _note.print(f"{with_store(work, act=act).handle} is revoked.", style="green", highlight=False)
