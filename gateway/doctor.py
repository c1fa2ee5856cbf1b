"""What is wrong with the set-up, and how is it mended?

Each check answers with one line: ok, a warning, or broken with what to do. They stand by themselves, so that one that
is broken hides no other.
"""

import asyncio
import os
import platform
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from adapters.discovery import adapters
from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import Record
from adapters.serverfacts import ServerFacts, server_facts
from gateway.channel_file import read_channels
from gateway.database import URL_FILE, as_served, dotted, unfit
from gateway.findings import Finding, broken, ok, warning
from gateway.kept_documents import TRUSTED_DOCUMENTS, trusted_of
from gateway.key_sets import KeySet, KeysUnreachable
from gateway.limit_checks import counts_together, open_files
from gateway.limit_settings import PREFIX
from gateway.manifests import BadManifest, read_manifests
from gateway.mongod import Glance, Mongod, MongodError, glance
from gateway.schema_file import CHECKOUT, COMMITTED, differences
from gateway.settings import BadSettings, Settings, environment_name, load_settings, unknown_names
from gateway.trusted import bad_setting
from gateway.work import JOBS, JobState, job_names, job_states
from resolvers.deliveries.unnamed import PATIENCE, unnamed
from resolvers.deliveries.waiting import DELIVERIES
from resolvers.privacy.receipts import ERASURES
from resolvers.privacy.retention import RETENTION, BadRetention, with_retention
from resolvers.schema import graph

OLDEST_PYTHON: Final = (3, 11)
# Whoever looks for faults waits, and not for ever.
_PATIENCE_S: Final = 5.0
_UNSERVED: Final = "Nobody serves now, or its database does not answer."

T = TypeVar("T")


Check = Callable[[Settings], Finding | Awaitable[Finding]]


async def examine(read: Callable[[], Settings] = load_settings) -> list[tuple[str, Finding]]:
    """What every check found, by the check's name, in the order in which things are needed.

    Where a setting cannot be read, the checks that hang on settings are left out.
    """
    found = [(name, check()) for name, check in FIRST_CHECKS.items()]
    try:
        settings = read()
    except BadSettings as error:
        return [*found, ("settings", broken(f"{error} The checks behind this one wait until that is mended."))]
    found.append(("settings", ok("Every value can be read.")))
    for name, check in CHECKS.items():
        answer = check(settings)
        found.append((name, await answer if isinstance(answer, Awaitable) else answer))
    return found


def python_version() -> Finding:
    """Whether this Python is new enough."""
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return broken(f"Python {version}; 3.11 or newer is needed.")
    return ok(f"Python {version}.")


def variables() -> Finding:
    """Whether each variable that looks like a knob is one."""
    if unknown := unknown_names():
        return warning(f"{', '.join(unknown)}: no such setting. Check the spelling against the table in SETTINGS.md.")
    return ok("Every variable is a setting.")


def clock(settings: Settings) -> Finding:
    """Whether the machine's clock can be right: tokens and timelines hang on it."""
    # The program's own files cannot be from the future.
    installed = Path(__file__).stat().st_mtime
    if time.time() < installed - settings.jwt_leeway_s:
        return broken("The clock stands before the day on which this program was installed. Set it, best by NTP.")
    return ok(time.strftime("%Y-%m-%d %H:%M UTC.", time.gmtime()))


def data_folder(settings: Settings) -> Finding:
    """Whether the data folder can be written to."""
    folder = settings.data_folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return broken(
            f"{folder} cannot be written to: {error.strerror}. Give this user the right, or set "
            f"{environment_name('data_folder')} to another folder."
        )
    if folder.stat().st_mode & 0o077:
        return warning(f"{folder} is open to other users of this machine. Close it: chmod 700 {folder}")
    return ok(f"{folder} is writable.")


async def own_database(settings: Settings) -> Finding:
    """Whether a database of the gateway's own can start here: the binary, its libraries, its socket's path."""
    if settings.mongodb_url is not None:
        return ok("Not needed: MONGODB_URL is set.")
    began = time.monotonic()
    try:
        # In a folder of its own, so that one that serves already is not disturbed.
        with tempfile.TemporaryDirectory(prefix="pg-") as folder:
            async with Mongod(Path(folder) / "data") as mongod:
                facts = await server_facts(mongod.url)
    except MongodError as error:
        return broken(str(error))
    return ok(f"MongoDB {dotted(facts)} can start: an empty one did, in {time.monotonic() - began:.1f} s.")


async def database_files(settings: Settings) -> Finding:
    """Whether the database in the data folder is whole, and who serves from it; nothing of it is touched."""
    if settings.mongodb_url is not None:
        return ok("Not needed: MONGODB_URL is set.")
    folder = settings.data_folder
    seen = glance(folder)
    if seen.barred is not None:
        return broken(
            f"{seen.barred} cannot be read and written by this user. Run the gateway as the user who owns it, or give "
            f"it to this one: chown -R {os.geteuid()} {folder}"
        )
    if seen.is_held:
        return await _served(folder, seen)
    if not seen.is_there:
        return ok(f"None in {folder} yet; the first start makes it.")
    if not seen.was_closed:
        return warning(f"The database in {folder} was not ended in good order. The next start repairs it.")
    return ok(f"In {folder}; nobody serves from it now.")


async def _served(folder: Path, seen: Glance) -> Finding:
    """What is found where a gateway holds the folder."""
    holder = f"process {seen.owner}" if seen.owner else "another process"
    try:
        facts = await server_facts((folder / URL_FILE).read_text("utf-8"))
    except (OSError, StoreError):
        return warning(
            f"{folder} is held by {holder}, and its database does not answer. Look again in a few seconds; "
            f"if it neither starts nor ends, end it: kill {seen.owner or 'that process'}"
        )
    return ok(f"A gateway or one of its commands works on {folder} ({holder}); MongoDB {dotted(facts)} answers.")


async def your_database(settings: Settings) -> Finding:
    """Whether the database that MONGODB_URL names does."""
    if settings.mongodb_url is None:
        return ok("MONGODB_URL is not set: the gateway runs a database of its own.")
    try:
        facts = await server_facts(settings.mongodb_url.get_secret_value())
    except StoreError as error:
        return broken(f"MONGODB_URL: {error}")
    return _judged(facts, settings)


def _judged(facts: ServerFacts, settings: Settings) -> Finding:
    if reason := unfit(facts):
        return broken(reason)
    off_s = facts.clock.timestamp() - time.time()
    if abs(off_s) > max(settings.jwt_leeway_s, 1.0):
        return warning(f"The database's clock is {off_s:+.0f} s off this machine's. Set both by NTP.")
    return ok(f"MongoDB {dotted(facts)}, replicated or sharded.")


def retention(settings: Settings) -> Finding:
    """Whether what shall be kept for a limited time can be."""
    try:
        with_retention(graph().declared, (), settings.retention)
    except BadRetention as error:
        return broken(f"{PREFIX}RETENTION: {error}")
    limited = ", ".join(f"{name} for {age.days} days" for name, age in settings.retention.items())
    return ok(f"Kept for a limited time: {limited or 'nothing'}.")


async def background_jobs(settings: Settings) -> Finding:
    """When what is done in the background was done last, and whether it fails; nothing is started for that."""

    async def look(store: Store) -> tuple[list[JobState], bool]:
        states = await job_states(store, await job_names(store, graph().declared))
        return states, await store.first(ERASURES, {}) is not None

    seen = await _seen_in_store(settings, [JOBS, ERASURES], look)
    if seen is None:
        return ok(_UNSERVED)
    states, is_erasing = seen
    # What never had to be done is told where people ask for it themselves.
    done = [one for one in states if one.failures or one.is_running or one.ended_at or one.name in _NEVER]
    told = "; ".join(_told_of_job(one, is_erasing=is_erasing) for one in done)
    told = told[:1].upper() + told[1:]
    return warning(f"{told}. The log has each failure under its reference.") if _fail(states) else ok(f"{told}.")


async def _seen_in_store(
    settings: Settings, records: Sequence[Record], look: Callable[[Store], Awaitable[T]]
) -> T | None:
    """What is seen in the database that a gateway serves from; None where none does, or it does not answer."""
    # In the database where the commands look: a gateway may serve from another than the settings' own.
    settings = as_served(settings)
    url = settings.mongodb_url.get_secret_value() if settings.mongodb_url else None
    try:
        url = url or (settings.data_folder / URL_FILE).read_text("utf-8")
        async with asyncio.timeout(_PATIENCE_S):
            store = await Store.open(url, settings.database, records)
            try:
                return await look(store)
            finally:
                await store.close()
    except (OSError, StoreError, TimeoutError):
        return None


def _told_of_job(job: JobState, *, is_erasing: bool) -> str:
    if job.failures:
        return f"{job.name} failed {job.failures} times in a row, last under {job.reference}"
    if job.is_running:
        return f"{job.name} is under way"
    if job.ended_at:
        return f"{job.name} ended {job.ended_at:%Y-%m-%d %H:%M} UTC"
    if job.name == ERASURES.name and is_erasing:
        return "an erasure waits for its end, which a gateway that serves brings within two minutes"
    return _NEVER[job.name]


_NEVER: Final = {ERASURES.name: "no erasure was ever asked for", RETENTION: "nothing ended by its age yet"}
"""What is so where a job was never done."""


def _fail(states: Sequence[JobState]) -> bool:
    return any(one.failures for one in states)


def secrets_set(settings: Settings) -> Finding:
    """Whether the secrets are there; their length was checked when they were read."""
    if settings.mongodb_url is not None and settings.secret is None:
        return broken(f"{PREFIX}SECRET is not set: with MONGODB_URL it must be. Make one: openssl rand -base64 32")
    if settings.mongodb_url is not None and settings.jwt_secret is None and settings.jwt_jwks_url is None:
        return warning(f"No token can be verified: set {PREFIX}JWT_JWKS_URL or {PREFIX}JWT_SECRET. API keys do work.")
    if settings.jwt_jwks_url and not (settings.jwt_issuer and settings.jwt_audience):
        return warning(f"Set {PREFIX}JWT_ISSUER and {PREFIX}JWT_AUDIENCE, so that tokens made for others are refused.")
    return ok("Set, or made and kept in the data folder.")


async def key_set(settings: Settings) -> Finding:
    """Whether the identity provider gives its keys."""
    if settings.jwt_jwks_url is None:
        return ok(f"Not used: {PREFIX}JWT_JWKS_URL is not set.")
    try:
        count = await KeySet(settings.jwt_jwks_url).fetch()
    except KeysUnreachable as error:
        return broken(f"{PREFIX}JWT_JWKS_URL: {error}. Check the address, and that it can be reached from here.")
    return ok(f"{count} keys.")


def port(settings: Settings) -> Finding:
    """Whether the port is free."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.create_server((settings.host, settings.port), family=family):
            return ok(f"{settings.host}:{settings.port} is free.")
    except OSError as error:
        return warning(
            f"{settings.host}:{settings.port} cannot be listened on: {os.strerror(error.errno or 0)}. "
            f"If this gateway serves there, all is well; else set {PREFIX}PORT."
        )


def contract() -> Finding:
    """Whether the committed schema is current, where this runs in a checkout."""
    if not (CHECKOUT / "pyproject.toml").exists():
        return ok("Not a checkout.")
    if not COMMITTED.exists() or differences(graph(), COMMITTED):
        return warning("schema.graphql does not say what the code says. Write it anew: make schema")
    return ok("schema.graphql says what the code says.")


def channels_on(settings: Settings) -> Finding:
    """Whether the settings file of channels can be read, and each adapter that is found be used."""
    known = adapters()
    try:
        entries = read_channels(settings.channels, known=known)
    except BadSettings as error:
        return broken(str(error))
    if known.unusable:
        return warning(" ".join(f"{one.name} ({one.origin}) cannot be used: {one.why}" for one in known.unusable))
    on = ", ".join(f"{one.name}/{one.account}" for one in entries)
    return ok(f"{on} switched on." if on else f"None is switched on: {PREFIX}CHANNELS names no file with entries.")


async def documents(settings: Settings) -> Finding:
    """Whether the manifests of trusted documents are sound, and the graph answers what is trusted."""
    try:
        manifests = read_manifests(settings.trusted_documents)
    except BadManifest as error:
        return broken(str(bad_setting(error)))
    kept = await _seen_in_store(settings, [TRUSTED_DOCUMENTS], lambda store: store.held.all(TRUSTED_DOCUMENTS))
    trusted = trusted_of(manifests, kept or {})
    more = f" Those that commands added are not counted. {_UNSERVED}" if kept is None else ""
    if not trusted.is_any:
        return ok(f"None is trusted: visitors run whatever their role permits.{more}")
    # Strawberry has no public name for the schema beneath it.
    if old := trusted.unfit(graph()._schema):  # noqa: SLF001
        told = ", ".join(name[:64] for name in old[:5]) + (" ..." if len(old) > len(old[:5]) else "")
        return warning(
            f"{len(old)} of {len(trusted)} trusted documents are none that this graph answers: {told}.{more}"
        )
    return ok(f"Visitors run {len(trusted)} documents and no others.{more}")


async def deliveries_unnamed(settings: Settings) -> Finding:
    """Whether deliveries wait for channel accounts that the settings file does not name."""
    try:
        places = {one.place for one in read_channels(settings.channels)}
    except BadSettings:
        return ok("Not looked at before the settings file of channels can be read.")

    async def look(store: Store) -> dict[tuple[str, str], int]:
        return await unnamed(store, places)

    waiting = await _seen_in_store(settings, [DELIVERIES], look)
    if not waiting:
        return ok(_UNSERVED if waiting is None else "None waits for a channel account that is not switched on here.")
    told = ", ".join(f"{count:,} for {channel}/{account}" for (channel, account), count in waiting.items())
    return warning(
        f"Deliveries wait for channel accounts that are not switched on here: {told}. A gateway whose settings file "
        f"names them takes them in; after {PATIENCE.days * 24} hours without one they are set aside."
    )


FIRST_CHECKS: Final[dict[str, Callable[[], Finding]]] = {
    "Python": python_version,
    "schema": contract,
    "variables": variables,
}
"""What can be looked at whatever the settings say."""

CHECKS: Final[dict[str, Check]] = {
    "clock": clock,
    "data folder": data_folder,
    "own database": own_database,
    "database files": database_files,
    "MONGODB_URL": your_database,
    "retention": retention,
    "background jobs": background_jobs,
    "secrets": secrets_set,
    "key set": key_set,
    "channels": channels_on,
    "trusted documents": documents,
    "deliveries": deliveries_unnamed,
    "Redis": counts_together,
    "open files": open_files,
    "port": port,
}
