"""What does each channel offer, and does it answer?"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelRefused, OutcomeUnknown
from adapters.contract.way import Breaker, Standing
from adapters.lines import Lines
from adapters.mongo import Store
from adapters.records import Record
from resolvers.channels import CHANNEL_ACCOUNTS, Channel, ChannelAccount, channel_account_document
from resolvers.kit.context import Info
from resolvers.kit.described import graph_enum, graph_type, told
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import EVERYONE, STAFF

CHANNEL_FACTS = Record(name="channel_facts", customer=None, key=("channel", "account"))
"""When each channel account last delivered something: one document each."""

SLICE = Slice("channel standing", unshown=[CHANNEL_FACTS])

graph_enum(
    {
        "PROFILE": "Who somebody is.",
        "HISTORY": "Conversations and messages of the past.",
        "TICKETS": "Tickets of a desk.",
        "PURCHASES": "Orders of a shop.",
        "INTERESTS": "What somebody is drawn to.",
        "SEND": "Messages go out.",
        "WEBHOOK": "It delivers by itself what happens.",
        "ORDER": "Orders are placed.",
        "PAYMENT": "Customers are asked for payments.",
        "FILES": "Files that came with messages and tickets can be fetched.",
    },
    name="ChannelCapability",
)(Capability)
graph_enum(
    {
        "CLOSED": "Requests are let through.",
        "OPEN": "None are: it failed too often in a row, and rests for some seconds.",
        "HALF_OPEN": "One is, to see whether it is back.",
    },
    name="ChannelBreaker",
)(Breaker)


@graph_enum(
    {
        "NOT_CONNECTED": "The gateway has no connection to it: the settings file of channels does not name it.",
        "UNTRIED": "It was not asked for anything since the process that answers you was started.",
        "UP": "It answered when it was last asked.",
        "DOWN": "It did not answer, or not in time.",
        "BUSY": "It takes no more requests for now.",
        "REFUSED": "It refuses our requests or our credentials: an operator must look.",
        "UNREADABLE": "What it answered could not be read.",
        "RESTING": "It failed too often in a row, and is not asked for some seconds.",
    }
)
class ChannelStatus(StrEnum):
    """How one of our accounts on a channel answers."""

    NOT_CONNECTED = "NOT_CONNECTED"
    UNTRIED = "UNTRIED"
    UP = "UP"
    DOWN = "DOWN"
    BUSY = "BUSY"
    REFUSED = "REFUSED"
    UNREADABLE = "UNREADABLE"
    RESTING = "RESTING"


_BY_FAILURE = {
    ChannelDown.kind: (
        ChannelStatus.DOWN,
        "It did not answer, or not in time. It is tried again by itself; where that lasts, see the vendor's status.",
    ),
    OutcomeUnknown.kind: (
        ChannelStatus.DOWN,
        "It did not answer to something that we sent, so that nobody knows whether it arrived.",
    ),
    ChannelBusy.kind: (
        ChannelStatus.BUSY,
        "It takes no more requests for now. They go on by themselves when it allows; ask the vendor for more.",
    ),
    ChannelRefused.kind: (
        ChannelStatus.REFUSED,
        "It refused a request; the gateway's log has the status. Check the account's credentials and rights.",
    ),
    BadPayload.kind: (
        ChannelStatus.UNREADABLE,
        "What it answered could not be read. Where that lasts, its adapter must be mended.",
    ),
}
_OTHER_FAILURE = (ChannelStatus.DOWN, "It failed. The gateway's log says how.")


@graph_type
class ChannelFailure:
    """Why a channel account did not answer when it was last asked."""

    kind: str = told("`DOWN`, `OUTCOME_UNKNOWN`, `BUSY`, `REFUSED` or `UNREADABLE`.")
    message: str = told("What happened and what to do, for operators.")
    at: datetime | None = told("When it failed.")


# Whoever sees a channel sees what it offers.
@SLICE.column(Channel, may=EVERYONE)
def capabilities(channels: list[Channel], info: Info) -> list[list[Capability]]:
    """What the channel offers on at least one of our accounts; nothing where the gateway has no connection to it."""
    lines = info.context.lines
    return [_in_order(one for account in channel.accounts for one in _offered(lines, account)) for channel in channels]


@SLICE.column(ChannelAccount, name="capabilities", reads=("channel", "account"))
def account_capabilities(accounts: list[ChannelAccount], info: Info) -> list[list[Capability]]:
    """What the channel offers on this account; nothing where the gateway has no connection to it."""
    return [_in_order(_offered(info.context.lines, one)) for one in accounts]


def _offered(lines: Lines, account: ChannelAccount) -> Iterable[Capability]:
    line = lines.at(account.channel, account.account)
    return line.capabilities if line else ()


def _in_order(found: Iterable[Capability]) -> list[Capability]:
    """Each once, in the order of the enum."""
    there = set(found)
    return [one for one in Capability if one in there]


@SLICE.column(ChannelAccount, may=STAFF, reads=("channel", "account"))
def status(accounts: list[ChannelAccount], info: Info) -> list[ChannelStatus]:
    """How the account answers, as the process that answers you has seen it. Staff only."""
    return [_status(one) for one in _standings(accounts, info)]


@SLICE.column(ChannelAccount, may=STAFF, reads=("channel", "account"))
def breaker(accounts: list[ChannelAccount], info: Info) -> list[Breaker | None]:
    """Whether the process that answers you lets requests through; null without a connection. Staff only."""
    return [one.breaker if one else None for one in _standings(accounts, info)]


@SLICE.column(ChannelAccount, may=STAFF, reads=("channel", "account"))
def last_answer_at(accounts: list[ChannelAccount], info: Info) -> list[datetime | None]:
    """When it last gave a good answer to the process that answers you. Staff only."""
    return [one.answered_at if one else None for one in _standings(accounts, info)]


@SLICE.column(ChannelAccount, may=STAFF, reads=("channel", "account"))
def failure(accounts: list[ChannelAccount], info: Info) -> list[ChannelFailure | None]:
    """Why it did not answer when it was last asked; null where it did, or was not asked. Staff only."""
    return [_failure(one) for one in _standings(accounts, info)]


@SLICE.column(ChannelAccount, may=STAFF, reads=("channel", "account"))
async def last_delivery_at(accounts: list[ChannelAccount], info: Info) -> list[datetime | None]:
    """When the channel last delivered something to this account by itself; null where it never did. Staff only."""
    ids = [CHANNEL_FACTS.id_of({"channel": one.channel, "account": one.account}) for one in accounts]
    found = await info.context.store.by_ids(CHANNEL_FACTS, ids)
    return [found.get(one, {}).get("last_delivery_at") for one in ids]


def _standings(accounts: list[ChannelAccount], info: Info) -> list[Standing | None]:
    lines = (info.context.lines.at(one.channel, one.account) for one in accounts)
    return [line.channel.way.standing() if line else None for line in lines]


def _status(standing: Standing | None) -> ChannelStatus:
    if standing is None:
        return ChannelStatus.NOT_CONNECTED
    if standing.breaker is Breaker.OPEN:
        return ChannelStatus.RESTING
    if standing.failure is not None:
        return _BY_FAILURE.get(standing.failure, _OTHER_FAILURE)[0]
    return ChannelStatus.UNTRIED if standing.answered_at is None else ChannelStatus.UP


def _failure(standing: Standing | None) -> ChannelFailure | None:
    if standing is None or standing.failure is None:
        return None
    words = _BY_FAILURE.get(standing.failure, _OTHER_FAILURE)[1]
    return ChannelFailure(kind=standing.failure, message=words, at=standing.failed_at)


async def note_delivery(store: Store, channel: str, account: str, at: datetime) -> None:
    """Keeps when a channel account last delivered something; an earlier moment changes nothing."""
    place = {"channel": channel, "account": account}
    change = {"$setOnInsert": place, "$max": {"last_delivery_at": at}}
    await store.note(CHANNEL_FACTS, [(CHANNEL_FACTS.id_of(place), change)])


async def know_accounts(store: Store, lines: Lines) -> None:
    """Makes the account of every line known, as an import does; what colleagues call those that are known stays."""
    documents = [channel_account_document(*line.place) for line in lines]
    known = await store.by_ids(CHANNEL_ACCOUNTS, [one["_id"] for one in documents])
    new = [(one["_id"], {"$setOnInsert": one}) for one in documents if one["_id"] not in known]
    await store.upsert(CHANNEL_ACCOUNTS, new)
