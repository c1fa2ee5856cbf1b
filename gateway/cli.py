"""What can be typed: `profile-gateway ...`. Skins alone; each command's work stands in its own room."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.failures import StoreError
from adapters.mongo import Store
from gateway import (
    background,
    channel_commands,
    demo,
    doctor,
    document_commands,
    doubles,
    key_commands,
    keys,
    privacy,
    schema_file,
    serving,
)
from gateway.app import House
from gateway.auth import require_sound
from gateway.findings import State
from gateway.importing.crew import LostHands, crew_for
from gateway.importing.run import Options, run_import, told_of_stop
from gateway.importing.summary import BROKEN_OFF, Summary, broken_off
from gateway.importing.troubles import CannotImport
from gateway.kept_secrets import with_jwt_secret
from gateway.keys import BadKey
from gateway.logs import configure_logs
from gateway.mongod import MongodError
from gateway.opening import with_store
from gateway.playground import Welcome
from gateway.settings import BadSettings, Settings, load_settings
from gateway.settings_table import settings_table
from gateway.tokens import BadToken, signed_token
from resolvers.kit.acts import Act
from resolvers.kit.viewer import Role
from resolvers.schema import graph

T = TypeVar("T")

# Locals in a traceback would show secrets and customers.
app = typer.Typer(
    name="profile-gateway",
    help="One GraphQL question, one whole customer.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
schema_app = typer.Typer(help="The contract: print it, check it, see what stands behind it.", no_args_is_help=True)
app.add_typer(schema_app, name="schema")
app.add_typer(key_commands.app, name="keys")
app.add_typer(document_commands.app, name="documents")

_out = Console()
_note = Console(stderr=True)

# 128 and the number of SIGINT, as shells have it.
_INTERRUPTED = 130
# What says itself what to do.
_IN_WORDS = (BadSettings, MongodError, StoreError, BadKey, BadToken, privacy.CannotDo)
_STATES = {"ok": "green", "warning": "yellow", "broken": "bold red"}


def main() -> None:
    """Runs the command; what is known to go wrong is said in words, with exit status 1."""
    # Until a command says otherwise: structlog left alone would show local variables, and those hold customers.
    configure_logs("warning")
    try:
        app()
    except _IN_WORDS as error:
        _note.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except CannotImport as error:
        _note.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; this machine alone by default.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes any free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer; one fills one core.")] = None,
) -> None:
    """Answer questions until Ctrl-C.

    Without MONGODB_URL a database of its own runs beside it and ends with it. Every setting is an environment
    variable; `profile-gateway settings` lists them.

    Example: `profile-gateway serve --port 8080`
    """
    settings = load_settings(host=host, port=port, workers=workers)
    configure_logs(settings.log_level)
    serving.serve(settings, announce=lambda address: announce(address, settings))


def announce(address: str, settings: Settings) -> None:
    """Says where it is."""
    page = f"playground {address}/ · " if settings.has_playground else ""
    _note.print(f"{page}questions {address}/graphql · end with Ctrl-C", style="bold", highlight=False, soft_wrap=True)


@app.command("demo")
def show_demo(
    host: Annotated[str | None, typer.Option(help="The address to listen on; this machine alone by default.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes any free one.")] = None,
) -> None:
    """Look around in a real shop: a database of its own, filled at the first start, and a playground.

    Prints ready-made tokens; the playground sends them. Nothing of it touches your own database.

    Example: `profile-gateway demo`
    """
    settings = demo.settings_for(load_settings(host=host, port=port))
    configure_logs(settings.log_level)

    doubles_search = demo.DoublesSearch()

    async def prepare(house: House) -> Welcome:
        welcome = await demo.prepare(house, _note, doubles_search)
        for role, token in welcome.tokens.items():
            _note.print(f"[bold]{role}[/]", highlight=False)
            sys.stdout.write(token + "\n")
            # Into a pipe it would else be seen at the end, far from its role.
            sys.stdout.flush()
        return welcome

    try:
        serving.serve(settings, announce=lambda address: announce(address, settings), prepare=prepare)
    finally:
        doubles_search.end()


@app.command("import")
def import_files(
    mapping: Annotated[Path, typer.Argument(help="Which columns become which fields: a file in TOML.")],
    files: Annotated[list[Path], typer.Argument(help="CSV, TSV, text or JSON Lines, also compressed (.gz).")],
    rejects: Annotated[Path, typer.Option(help="Where rejected rows go, each with its reason.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count everything, and write nothing.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew where a run was interrupted.")] = False,
) -> None:
    """Take files in: customers, orders, tickets and the rest, through a mapping.

    The same files again change nothing; changed rows are updated; an interrupted run goes on where it stopped. Exits
    with 0 when every row was taken, with 1 when some were rejected, with 2 when nothing could be read, and with 3 when
    it broke off.

    Example: `profile-gateway import mappings/adventureworks.toml exports/*.csv`
    """

    async def work(store: Store) -> Summary:
        options = Options(
            rejects_folder=rejects,
            is_rehearsal=dry_run,
            is_restart=restart,
            default_region=load_settings().default_region,
            crew=crew,
        )
        return await run_import(store, mapping, files, console=_note, options=options)

    try:
        with crew_for(files) as crew:
            summary = with_store(work, act=None if dry_run else Act("profile-gateway import"))
    except CannotImport:
        raise
    except KeyboardInterrupt:
        _note.print(told_of_stop(is_rehearsal=dry_run, is_restart=restart), highlight=False)
        raise typer.Exit(_INTERRUPTED) from None
    except Exception as error:
        told = str(error) if isinstance(error, (*_IN_WORDS, LostHands)) else broken_off(error)
        _note.print(told, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(BROKEN_OFF) from error
    summary.show(_out)
    raise typer.Exit(summary.exit_code)


@app.command("duplicates")
def search_duplicates(
    merge: Annotated[
        bool, typer.Option("--merge", help="Also merge those beyond doubt; people confirm or undo it.")
    ] = False,
) -> None:
    """Search all customers for those who are one person, and write whom it finds for `duplicateSuggestions`.

    Of whom people said that they are two (`dismissDuplicate`) it suggests nothing and merges nobody.

    Example: `profile-gateway duplicates`
    """
    settings = load_settings()
    act = Act("profile-gateway duplicates" + (" --merge" if merge else ""))
    found = with_store(lambda store: doubles.search(store, settings, _note, merges=merge), act=act)
    scanned = found.scanned
    _out.print(
        f"{scanned.customers:,} customers, {scanned.compared:,} pairs compared: {scanned.suggested:,} suggested, "
        f"{scanned.sure:,} of them beyond doubt." + (f" {found.merged:,} customers merged." if merge else ""),
        highlight=False,
        soft_wrap=True,
    )
    if found.refused:
        _note.print(
            f"{found.refused:,} could not be merged; `previewMerge` says why, by the ids of a suggestion.",
            style="yellow",
            soft_wrap=True,
        )


app.command("export")(privacy.export_customer)
app.command("erase")(privacy.erase_customer)
app.command("jobs")(background.show_jobs)
app.command("replay")(background.replay_deliveries)
app.command("channels")(channel_commands.show_channels)
app.command("check-channel")(channel_commands.check_channel)


@app.command("settings")
def show_settings() -> None:
    """List every setting with its default and its reason, as a table in Markdown.

    Example: `profile-gateway settings`
    """
    sys.stdout.write(settings_table())


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="What the bearer is.")],
    subject: Annotated[str, typer.Option(help="Who the bearer is; an agent of this subject is made at first sight.")],
    name: Annotated[str | None, typer.Option(help="What colleagues call the agent.")] = None,
    customer: Annotated[str | None, typer.Option(help="For a visitor: the `id` of the Customer.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="For a partner; may be given several times.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=87_600, help="How long it is good.")] = 8.0,
) -> None:
    """Make a token for trying out.

    It is signed with GATEWAY_JWT_SECRET, or with the secret that a gateway with its own database keeps. People get
    their tokens from your identity provider (GATEWAY_JWT_JWKS_URL); whoever can run this command can be anyone.

    Example: `profile-gateway token --role agent --subject anna`
    """
    if (role is Role.VISITOR) is (customer is None):
        raise BadSettings("A visitor is one customer: give --customer with the role visitor, and with no other.")
    if scope and role is not Role.PARTNER:
        raise BadSettings("Scopes are a partner's: give --scope with the role partner, and with no other.")
    more = {"name": name, "customer_id": customer, "scope": " ".join(keys.known_scopes(scope)) if scope else None}
    require_sound({"sub": subject, **more}, role)
    made = signed_token(
        with_jwt_secret(load_settings()),
        role,
        subject,
        at=time.time(),
        for_s=hours * 3600,
        more={claim: value for claim, value in more.items() if value is not None},
    )
    _note.print(f"For trying out, good for {hours:g} hours. Send it as `Authorization: Bearer ...`:", highlight=False)
    sys.stdout.write(made + "\n")


@app.command("doctor")
def examine() -> None:
    """Look for what is wrong with the set-up, and say how to mend it. Exits with 1 when something is broken.

    Example: `profile-gateway doctor`
    """
    configure_logs("error")
    found = asyncio.run(doctor.examine())
    table = Table.grid(padding=(0, 2))
    for name, finding in found:
        table.add_row(f"[{_STATES[finding.state]}]{finding.state}[/]", name, Text(finding.words))
    _out.print(table)
    if any(finding.state is State.BROKEN for _, finding in found):
        raise typer.Exit(1)


@schema_app.command("print")
def print_schema() -> None:
    """Print the schema in the schema definition language.

    Example: `profile-gateway schema print > schema.graphql`
    """
    sys.stdout.write(schema_file.sdl_of(graph()))


@schema_app.command("check")
def check_schema(
    file: Annotated[Path, typer.Argument(help="The committed file.", exists=True, dir_okay=False)] = Path(
        "schema.graphql"
    ),
) -> None:
    """Compare the code with the committed file. Exits with 1, and shows how they differ, when they do.

    Example: `profile-gateway schema check schema.graphql`
    """
    if changes := schema_file.differences(graph(), file):
        sys.stdout.writelines(changes)
        _note.print(
            f"{file} does not say what the code says. If the change is meant, write it anew with `make schema`, review "
            "it and commit it; every client reads it.",
            style="red",
            soft_wrap=True,
        )
        raise typer.Exit(1)
    _note.print(f"{file} says what the code says.", style="green", soft_wrap=True)


@schema_app.command("declarations")
def print_declarations() -> None:
    """Print as JSON what is kept, about whom, what of it is personal, and who may read it.

    Example: `profile-gateway schema declarations`
    """
    sys.stdout.write(orjson.dumps(graph().declared.export(), option=orjson.OPT_INDENT_2).decode() + "\n")
