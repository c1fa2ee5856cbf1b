"""What can be typed about one customer's data: `profile-gateway export` and `profile-gateway erase`."""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from adapters.mongo import Store
from adapters.records import Document, RecordId
from gateway.acts import AT_THE_COMMAND_LINE
from gateway.opening import now, with_store
from resolvers.accesses import ACCESSES, access_documents
from resolvers.aliases import ids_of, speaking
from resolvers.kit.acts import Act
from resolvers.kit.delivered import AccessWay, Delivered
from resolvers.kit.ids import key_of
from resolvers.kit.shift import Shift
from resolvers.privacy.archive import archive
from resolvers.privacy.asking import Foreseen, checked_reference, foresee
from resolvers.privacy.doubting import doubted, doubts
from resolvers.privacy.erasing import Request, begin, go_on
from resolvers.privacy.exporting import Export
from resolvers.privacy.receipts import ErasureReason
from resolvers.privacy.removing import remove_doomed
from resolvers.schema import graph

_out = Console()
_note = Console(stderr=True)


class CannotDo(Exception):
    """What was asked cannot be done; says why, and what to do."""


def export_customer(
    customer: Annotated[str, typer.Argument(help="The `id` of the Customer; an old one means the survivor.")],
    to: Annotated[Path, typer.Option(help="The file to write, a ZIP. One that is there is not written over.")],
) -> None:
    """Write everything that is kept of one customer into a ZIP: `customer.json` and the files.

    Values of write-only attributes are not in it, and other customers by their ids alone. The file is readable by you
    alone.

    Example: `profile-gateway export Q3VzdG9tZXI6NmI --to customer.zip`
    """

    async def work(store: Store) -> int:
        document = await _require(store, customer)
        act.concerns(customer)
        export = await Export.of(store, graph().declared, ids_of(document))
        await _note_export(store, ids_of(document))
        try:
            handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CannotDo(f"{to} cannot be written: {error.strerror}. Name another file.") from error
        size = 0
        try:
            with open(handle, "wb") as file:  # noqa: ASYNC230, PTH123  a handle, and nobody else waits in this process
                async for piece in archive(store, export, now()):
                    size += file.write(piece)
        except BaseException:
            # Half an archive looks like a whole one.
            to.unlink(missing_ok=True)
            raise
        return size

    act = Act("profile-gateway export")
    size = with_store(work, act=act)
    _note.print(f"{to}: {size:,} bytes. It holds a person's data; delete it when it is handed over.", highlight=False)


async def _note_export(store: Store, ids: Sequence[RecordId]) -> None:
    """Writes into the access ledger, as for every other reader, before anything leaves."""
    delivered = Delivered(is_watched=True, customers=set(ids), ways={AccessWay.EXPORTED})
    hashed = hashlib.sha256(b"profile-gateway export").hexdigest()
    entries = access_documents(delivered, AT_THE_COMMAND_LINE, at=now(), operation="export", question_hash=hashed)
    await store.insert(ACCESSES, *entries)


def erase_customer(
    customer: Annotated[str, typer.Argument(help="The `id` of the Customer; an old one means the survivor.")],
    reason: Annotated[ErasureReason, typer.Option(help="Why.")] = ErasureReason.REQUESTED,
    reference: Annotated[str | None, typer.Option(help="The number of the request elsewhere; no name.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask for no confirmation.")] = False,
) -> None:
    """Show what erasing a customer would remove, then do it once you type the id again. It cannot be undone.

    Example: `profile-gateway erase Q3VzdG9tZXI6NmI --reference DSR-2026/118`
    """
    try:
        reference = checked_reference(reference)
    except ValueError as error:
        raise CannotDo(f"--{error}") from error
    declared = graph().declared

    async def look(store: Store) -> tuple[int, Foreseen]:
        document = await _require(store, customer)
        return document["version"], await foresee(store, declared, ids_of(document))

    version, foreseen = with_store(look, act=None, needs_secret=True)
    _show(foreseen)
    if not yes and _typed("Type the id again to erase the customer: ") != customer:
        raise CannotDo("That is another id. Nothing was erased.")

    async def work(store: Store) -> Document:
        async def first() -> Document:
            document = await _require(store, customer)
            if document["version"] != version:
                raise CannotDo("The customer was changed meanwhile. Nothing was erased; look again.")
            request = Request(by=AT_THE_COMMAND_LINE.subject, at=now(), reason=reason, reference=reference)
            begun = await begin(store, declared, document, request)
            if begun is None:
                raise CannotDo("The customer was changed meanwhile. Nothing was erased; look again.")
            return begun

        receipt = await store.transact(first)
        shift = Shift(store=store, declared=declared, clock=now)
        while await go_on(store, declared, receipt["_id"], shift.clock()):
            pass
        while await remove_doomed(store):
            pass
        return receipt

    act = Act("profile-gateway erase")
    # It was looked at above: an id, and no other word.
    act.concerns(customer)
    with_store(work, act=act, needs_secret=True)
    _note.print(
        "Erased. A gateway that serves looks once more within two minutes for what was coming in at this very moment; "
        "`erasures` then tells DONE.",
        style="green",
        highlight=False,
        soft_wrap=True,
    )


def _typed(question: str) -> str:
    """What a person answers. Typer's own prompt writes the blank behind its question to where the table goes."""
    _note.print(question, end="", highlight=False, soft_wrap=True)
    return sys.stdin.readline().strip()


def _show(foreseen: Foreseen) -> None:
    table = Table("what becomes of it", "kind", Column("documents", justify="right"), box=None, pad_edge=False)
    for what, counts in (("removed", foreseen.removed), ("emptied", foreseen.emptied)):
        for kind, count in sorted(counts.items()):
            if count:
                table.add_row(what, kind, f"{count:,}")
    _out.print(table)
    for one in foreseen.kept:
        _out.print(f"kept: {one.count:,} {one.kind}. {one.why}", highlight=False)


async def _require(store: Store, given: str) -> Document:
    key = key_of(given, "Customer")
    found = await speaking(store, key) if key else None
    if found is None:
        raise CannotDo("There is no such customer. Send the `id` of a Customer as the gateway answered it, unchanged.")
    if merges := doubts(found):
        raise CannotDo(doubted(merges))
    return found
