"""How are the bytes of a file come by: from here where they are kept, else from its channel, to be kept here then?

Vendors keep a file for some days, or while its message is there. Whoever opens it first has it kept for everybody
else and for as long as the customer: it is erased, exported and retained with the attachment.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import structlog

from adapters.contract.channel import Capability, GivesFiles, WantedFile
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.deadline import within
from adapters.failures import Taken
from adapters.mongo import Store
from adapters.records import Document, RecordId, new_id
from resolvers.attachments import ATTACHMENTS, Attachment, attachments_by_id
from resolvers.kit.context import Context, Info
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.owned import own_only
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import EVERYONE

PATH: Final = "/files/"
"""Where files are fetched, with their attachment's id behind it."""

SLICE = Slice("files")

_log = structlog.get_logger("resolvers.files")


@SLICE.column(Attachment, may=EVERYONE, reads=())
def path(files: list[Attachment], info: Info) -> list[str]:
    """The path on this gateway by which the file's bytes are fetched, by GET with the same `Authorization`."""
    del info
    return [PATH + global_id(Attachment.__name__, one.key) for one in files]


class Why(Enum):
    """Why a file is not given: what to say, and whether it may be asked for later."""

    UNKNOWN = "There is no such file, or you may not see it."
    HIDDEN = "You may know that there is this file, and not see what is in it."
    NOWHERE = "Its bytes are not kept here, and its source cannot be asked for them."
    GONE = "Its channel has it no more, and it was never opened before, so that it is not kept here either."
    REFUSED = "Its channel does not give it. The gateway's log says why."
    UNREADABLE = "What its channel gave is not that file, or is larger than what is fetched."
    BUSY = "Its channel takes no more requests for now. Try again later."
    DOWN = "Its channel does not answer. Try again later."


class NotGiven(Exception):
    """The file is not given."""

    def __init__(self, why: Why, retry_after_s: float | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, repr=False)
class File:
    """A file that is handed on."""

    name: str
    media_type: str
    chunks: AsyncIterator[bytes]
    is_from_channel: bool
    """Whether its channel was asked for it just now."""


_SAID: Final[Mapping[type[ChannelError], Why]] = {
    NoSuchIdentity: Why.GONE,
    ChannelBusy: Why.BUSY,
    ChannelDown: Why.DOWN,
    ChannelRefused: Why.REFUSED,
    BadPayload: Why.UNREADABLE,
}


async def file_of(context: Context, named: str) -> File:
    """The file of the attachment with this id; raises NotGiven. Whose it is the access ledger is told."""
    key = key_of(named, Attachment.__name__)
    shown = await attachments_by_id(context, [key]) if key is not None else {}
    # The document is read behind the rights, never before.
    document = (await context.store.by_ids(ATTACHMENTS, shown)).get(key) if key is not None else None
    if document is None or not await _may_see(context, document):
        raise NotGiven(Why.UNKNOWN)
    if hidden_from(context.viewer, ATTACHMENTS):
        raise NotGiven(Why.HIDDEN)
    kept = await _kept(context.store, document)
    body = None if kept else await _fetched(context, document)
    if body is not None:
        await _keep(context.store, document, body)
    context.delivered.showed({"Attachment.file"}, {document["customer_id"]})
    chunks = kept or _whole(body or b"")
    return File(document["name"], document["media_type"], chunks, is_from_channel=body is not None)


async def _may_see(context: Context, document: Document) -> bool:
    return document["customer_id"] is not None and bool(await own_only(context, ATTACHMENTS, {"": document}))


async def _kept(store: Store, document: Document) -> AsyncIterator[bytes] | None:
    """The bytes that are kept here; None where there are none."""
    key = document.get(ATTACHMENTS.file or "")
    if key is None:
        return None
    chunks = store.files.chunks(key)
    first = await anext(chunks, None)
    return None if first is None else _joined(first, chunks)


async def _joined(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for one in others:
        yield one


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _fetched(context: Context, document: Document) -> bytes:
    """The bytes, as the channel gives them; raises NotGiven."""
    told: Any = document.get("told_as")
    line = context.lines.at(told["channel"], told["account"]) if told else None
    if line is None or Capability.FILES not in line.capabilities or not isinstance(line.channel, GivesFiles):
        raise NotGiven(Why.NOWHERE)
    wanted = WantedFile(external_id=told["external_id"], of=told["of"], of_kind=told["of_kind"])
    try:
        with within(context.limits.execution_s):
            return (await line.channel.file(wanted)).body
    except ChannelError as error:
        _log.warning("file not fetched", channel=line.place[0], account=line.place[1], why=str(error))
        why = next(words for kind, words in _SAID.items() if isinstance(error, kind))
        raise NotGiven(why, getattr(error, "retry_after_s", None)) from error


async def _keep(store: Store, document: Document, body: bytes) -> None:
    """Keeps the bytes with the attachment; whoever else fetched them at the same time keeps the same."""
    field = ATTACHMENTS.file or ""
    key: RecordId = document.get(field) or new_id()
    # The record names them first: so nobody who erases the customer meanwhile leaves them behind.
    named = await store.update(
        ATTACHMENTS, {"_id": document["_id"], field: document.get(field)}, {"$set": {field: key}}
    )
    if named is None:
        return
    try:
        await store.files.put(key, _whole(body))
    except Taken:
        return
    if not await store.by_ids(ATTACHMENTS, [document["_id"]]):
        await store.files.remove(key)
