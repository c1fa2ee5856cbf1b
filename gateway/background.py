"""What is done in the background, how does it stand, and what was set aside: as commands."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from adapters.mongo import Store
from gateway.lines import open_lines
from gateway.opening import with_store
from gateway.settings import load_settings
from gateway.work import JobState, job_names, job_states
from resolvers.deliveries.intake import Tally
from resolvers.deliveries.replaying import Standing, replay, set_aside, standing
from resolvers.kit.acts import Act
from resolvers.kit.shift import Shift
from resolvers.live.pasts import pasts_waiting
from resolvers.outbox.waiting import Queue, queues
from resolvers.schema import graph

_COLUMNS: Final = ("job", "last end", "failures", "reference", "running")

_out = Console()
_note = Console(stderr=True)


def show_jobs() -> None:
    """List what is done in the background: when it last ended, how often it failed since, and who does it now.

    Below stands how many deliveries of vendors wait, since when, how many are set aside, how many
    pasts of people wait to be fetched from their channel, and how many messages wait to go out on
    each channel account. Into a pipe or a file: a line for each job, a tab between the columns.

    Example: `profile-gateway jobs`
    """

    async def work(store: Store) -> tuple[list[JobState], Standing, int, Sequence[Queue]]:
        states = await job_states(store, await job_names(store, graph().declared))
        return states, await standing(store), await pasts_waiting(store), await queues(store)

    states, found, pasts, waiting = with_store(work, act=None)
    rows = [_row(one) for one in states]
    if _out.is_terminal:
        table = Table(*(Column(name, no_wrap=name in {"job", "last end"}) for name in _COLUMNS))
        for row in rows:
            table.add_row(*map(Text, row))
        _out.print(table)
    else:
        sys.stdout.writelines("\t".join(row) + "\n" for row in (_COLUMNS, *rows))
    since = f", the first since {_moment(found.oldest)}" if found.oldest else ""
    again = " `profile-gateway replay` reads them anew." if found.aside else ""
    words = f"{found.waiting:,} deliveries wait{since}; {found.aside:,} are set aside.{again}"
    _note.print(words, highlight=False, soft_wrap=True)
    _note.print(f"{pasts:,} pasts wait to be fetched.", highlight=False, soft_wrap=True)
    for one in waiting:
        _note.print(_told_of(one), highlight=False, soft_wrap=True)


def replay_deliveries(
    channel: Annotated[str | None, typer.Option(help="Only deliveries of this channel.")] = None,
    account: Annotated[str | None, typer.Option(help="Only deliveries to this account of yours.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only what came in since then, in UTC.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would become of them; write nothing.")] = False,
) -> None:
    """Read the deliveries that were set aside anew: what can be taken in now is, the rest stays with today's reason.

    Nothing is taken in twice. What is set aside goes after 30 days.

    Example: `profile-gateway replay --channel whatsapp --since 2026-11-20 --dry-run`
    """
    where = set_aside(channel=channel, account=account, since=since.replace(tzinfo=UTC) if since else None)
    settings = load_settings()

    async def work(store: Store) -> Tally:
        async with open_lines(settings) as lines:
            shift = Shift(
                store=store,
                declared=graph().declared,
                clock=_now,
                lines=lines,
                default_region=settings.default_region,
            )
            return await replay(shift, where, is_dry=dry_run)

    tally = with_store(work, act=None if dry_run else Act("profile-gateway replay"), needs_secret=True)
    would = "would be " if dry_run else ""
    sys.stdout.write(
        f"{tally.done:,} deliveries {would}taken in, {tally.set_aside:,} {would}set aside again: "
        f"{tally.taken:,} events {would}new, {tally.repeated:,} known before, {tally.left_alone:,} left alone.\n"
    )
    if tally.dropped:
        sys.stdout.write(f"{tally.dropped:,} dropped: they came before an erasure and tell of whom was erased.\n")
    sys.stdout.writelines(f"{count:,} for: {reason}\n" for reason, count in tally.aside.most_common())


def _told_of(queue: Queue) -> str:
    place = f"{queue.place.channel}/{queue.place.account}"
    told = f"{queue.count:,} messages wait to go out on {place}, the first since {_moment(queue.oldest)}."
    return f"{told} Last it took none: {queue.why}" if queue.why else told


def _row(job: JobState) -> tuple[str, ...]:
    ended = _moment(job.ended_at) if job.ended_at else "never"
    return job.name, ended, str(job.failures), job.reference or "", job.holder or ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
