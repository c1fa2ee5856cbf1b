"""How are the channels that the company switched on opened, each with its own way out?"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from adapters.contract.channel import Channel, Equipment
from adapters.contract.manners import Manners
from adapters.contract.way import Way
from adapters.discovery import renamed
from adapters.http.session import Outside
from adapters.lines import NO_LINES, Lines, Misfit
from gateway.channel_file import Entry, read_channels
from gateway.settings import BadSettings, Settings
from gateway.telemetry import CallLog


@asynccontextmanager
async def open_lines(settings: Settings) -> AsyncIterator[Lines]:
    """The lines of the settings file, for as long as the block lasts; each process has its own.

    Raises BadSettings, before anything is opened, where the file holds a mistake or a channel cannot be made.
    """
    entries = read_channels(settings.channels)
    if not entries:
        yield NO_LINES
        return
    async with Outside(observer=CallLog()) as outside:
        yield _lines(_channels(entries, outside, settings.default_region))


def _lines(channels: Iterable[Channel]) -> Lines:
    try:
        return Lines(channels)
    except Misfit as error:
        raise BadSettings(f"{error} Mend its adapter, or take the channel out of the settings file.") from error


def _channels(entries: Iterable[Entry], outside: Outside, default_region: str | None) -> list[Channel]:
    return [_channel(one, outside, default_region) for one in entries]


def _channel(entry: Entry, outside: Outside, default_region: str | None) -> Channel:
    cls = renamed(entry.adapter.cls, entry.name)
    way = outside.way(*entry.place, cls.manners_for(entry.settings))
    try:
        return cls(entry.account, entry.settings, Equipment(way=way, default_region=default_region))
    except Exception as error:
        # Its words may quote a secret of the settings.
        raise BadSettings(
            f"The channel {entry.name}/{entry.account} cannot be opened: its adapter {entry.adapter.name!r} raises "
            f"{type(error).__name__}. Try it out with `profile-gateway check-channel {entry.adapter.name}`."
        ) from error


@asynccontextmanager
async def one_way(place: tuple[str, str], manners: Manners) -> AsyncIterator[Way]:
    """A way out of its own for one channel account, as long as the block lasts."""
    async with Outside() as outside:
        yield outside.way(*place, manners)
