"""Which channels are found, offered and switched on, and does one of them behave? As commands."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from adapters import channels
from adapters.conformance.findings import Finding, Outcome
from adapters.conformance.showing import shown
from adapters.conformance.suite import Check, try_out
from adapters.contract.channel import Capability
from adapters.discovery import Adapter, Adapters, NoSuchAdapter, adapters
from adapters.lines import NO_LINES, Lines
from gateway.channel_entries import sample_entry
from gateway.channel_examples import read_examples
from gateway.channel_file import Contents, contents_of, read_channels
from gateway.lines import one_way, open_lines
from gateway.settings import BadSettings, load_settings

_STYLES: Final = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.NOT_CHECKED: "yellow",
    Outcome.NOT_OFFERED: "dim",
}
_PAYLOADS: Final = Path("tests/channels/payloads")
_MISTAKEN: Final = "a mistake in its entry, told below"
_COLUMNS: Final = ("channel", "account", "adapter", "offers", "found in")

_out = Console()
_note = Console(stderr=True)


def show_channels(
    name: Annotated[
        str | None,
        typer.Argument(help="An adapter: then an entry of the settings file for it is shown, to be filled in."),
    ] = None,
) -> None:
    """List the adapters that are found, what each can offer, and which accounts are switched on.

    No secret is shown, and nobody is asked. Into a pipe or a file: a line for each, a tab between the columns. Exits
    with 1 when an adapter cannot be used or the settings file holds a mistake.

    Example: `profile-gateway channels`, and `profile-gateway channels shopify >> channels.toml`
    """
    known = adapters()
    if name is not None:
        sys.stdout.write(sample_entry(_named(name, known)))
        return
    found, mistake = _found(known)
    lines = NO_LINES
    if mistake is None:
        try:
            lines = asyncio.run(_opened())
        except BadSettings as error:
            mistake = error
    rows = list(_rows(known, found, lines))
    if _out.is_terminal:
        table = Table(*(Column(name) for name in _COLUMNS))
        for row in rows:
            table.add_row(*map(Text, row))
        _out.print(table)
    else:
        _out.file.writelines("\t".join(row) + "\n" for row in (_COLUMNS, *rows))
    for one in known.unusable:
        _note.print(f"{one.name} ({one.origin}): {one.why}", style="red", markup=False, soft_wrap=True)
    if mistake is not None:
        raise mistake
    if known.unusable:
        raise typer.Exit(1)


def _found(known: Adapters) -> tuple[Contents, BadSettings | None]:
    """What the settings file holds, and its mistakes."""
    try:
        found = contents_of(load_settings().channels, known=known)
    except BadSettings as error:
        return Contents(entries=[], mistakes=[], mistaken=[]), error
    return found, BadSettings("\n".join(found.mistakes)) if found.mistakes else None


async def _opened() -> Lines:
    """The lines as they are when nobody asks anything by them: what an account offers, its settings may decide."""
    async with open_lines(load_settings()) as lines:
        return lines


def _rows(known: Adapters, found: Contents, lines: Lines) -> Iterator[tuple[str, ...]]:
    """What is switched on, in the file's order, then what would be but for a mistake, and what only could be."""
    for one in found.entries:
        line = lines.at(*one.place)
        offers = _offers(one.adapter) if line is None else ", ".join(c for c in Capability if c in line.capabilities)
        yield one.name, one.account, one.adapter.name, offers, one.adapter.origin
    for channel, account, of in found.mistaken:
        yield channel, account, of, _MISTAKEN, ""
    on = {one.adapter.name for one in found.entries} | {of for _, _, of in found.mistaken}
    for name, adapter in sorted(known.usable.items()):
        if name not in on:
            yield "off", "", name, _offers(adapter), adapter.origin


def _named(name: str, known: Adapters) -> Adapter:
    """The adapter of that name; raises BadSettings."""
    try:
        return known.named(name)
    except NoSuchAdapter as error:
        raise BadSettings(str(error)) from error


def _offers(adapter: Adapter) -> str:
    return ", ".join(adapter.offers)


def check_channel(
    name: Annotated[str, typer.Argument(help="The adapter, as `profile-gateway channels` lists it.")],
    payloads: Annotated[
        Path | None,
        typer.Option(
            help="A folder with bodies of recorded deliveries. Left out: tests/channels/payloads/NAME, for adapters "
            "in adapters/channels/.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    mutations: Annotated[int, typer.Option(min=0, help="How many spoilt deliveries are tried.")] = 1_000,
    examples: Annotated[
        Path | None,
        typer.Option(help="A file with settings and recorded answers of yours, as for a mapping (mappings/rest.md)."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 also where something that could be checked was not.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print what was read of the recorded answers and deliveries, a line each.")
    ] = False,
) -> None:
    """Try a channel out: does it read, refuse, fail and keep silent as every channel must?

    Its examples stand beside its class (`EXAMPLES`, see adapters/contract/examples.py); its vendor is one of the
    suite's own, so that nothing outside this machine is asked. Exits with 1 when a check fails, or when the settings
    file that GATEWAY_CHANNELS names holds a mistake. What is NOT CHECKED lacks something that you can write; what is
    NOT OFFERED the channel does not claim to do.

    Example: `profile-gateway check-channel whatsapp --strict`
    """
    adapter = _named(name, adapters())
    own = read_examples(examples, adapter) if examples else None
    recorded = payloads or recorded_for(adapter)
    if recorded is not None and payloads is None:
        _note.print(f"Deliveries are read from {recorded}, too.", markup=False, soft_wrap=True)
    report = asyncio.run(try_out(adapter, one_way, payloads=recorded, mutations=mutations, tell=_show, examples=own))
    if show and report.is_made:
        _print_read(asyncio.run(shown(adapter, one_way, payloads=recorded, examples=own)))
    if strict and report.unchecked:
        _note.print(
            f"Not checked, though it could be: {', '.join(report.unchecked)}. What is missing stands above.",
            style="red",
            markup=False,
            soft_wrap=True,
        )
    # A channel that behaves is of no use where the gateway does not start with it.
    read_channels(load_settings().channels)
    if not report.is_good or (strict and report.unchecked):
        raise typer.Exit(1)


def recorded_for(adapter: Adapter) -> Path | None:
    """The folder of recorded deliveries that stands beside an adapter of this house; None where there is none."""
    if not adapter.cls.__module__.startswith(f"{channels.__name__}."):
        return None
    folder = Path(channels.__path__[0]).parents[1] / _PAYLOADS / adapter.name
    return folder if folder.is_dir() else None


def _print_read(lines: list[str]) -> None:
    """What was read: does it say what the vendor means? That no check can know."""
    _out.print(Text("\nWhat was read:" if lines else "\nNothing was read.", style="bold"))
    for line in lines:
        _out.print(Text(line), soft_wrap=True)


def _show(check: Check, finding: Finding) -> None:
    """As each ends, so that one sees which is under way."""
    _out.print(Text(f"{finding.outcome:<12}", style=_STYLES[finding.outcome]), Text(check.name), soft_wrap=True)
    for line in ([check.rule] if finding.outcome is Outcome.FAIL else []) + finding.words.splitlines():
        _out.print(Text(f"            {line}"), soft_wrap=True)
