"""One customer's data is written into a file, and erased, by commands that say what they do."""

import asyncio
import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from adapters.mongo import Store
from adapters.records import derived_id
from gateway import cli
from gateway.keys import handle_of
from gateway.mongod import Mongod
from gateway.privacy import CannotDo
from resolvers.acts import ACTS
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.kit.erased import ERASING
from resolvers.kit.ids import global_id
from resolvers.privacy.receipts import ERASURES
from tests.changing import GONE
from tests.makers import Made, Makers

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
def run(mongod: Mongod, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs_as_before: None) -> Run:
    """Runs commands on the run's database, in a thread of their own."""
    del logs_as_before
    monkeypatch.setenv("MONGODB_URL", mongod.url)
    monkeypatch.setenv("GATEWAY_DATABASE", "tests")
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("GATEWAY_SECRET", SecretStr("x" * 32).get_secret_value())

    async def do(*words: str, typed: str = "") -> Any:
        return await asyncio.to_thread(CliRunner().invoke, cli.app, list(words), typed)

    return do


@pytest.fixture
async def one(make: Makers) -> Made:
    """A customer with something said."""
    found = await make.customer("Ann", "Lee")
    await make.conversation(found, "Hello", "Is anyone there?")
    return found


async def test_exported(run: Run, one: Made, tmp_path: Path) -> None:
    """The export is a ZIP that its owner alone reads, and no file is written over."""
    file = tmp_path / "customer.zip"
    assert (await run("export", one.id, "--to", str(file))).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as opened:
        told = json.loads(opened.read("customer.json"))
    assert [row["text"] for row in told["messages"]] == ["Hello", "Is anyone there?"]
    again = await run("export", one.id, "--to", str(file))
    assert isinstance(again.exception, CannotDo)
    assert "Name another file" in str(again.exception)


async def test_erased(run: Run, one: Made, store: Store) -> None:
    """What would be removed is shown; once the id is typed again it is."""
    done = await run("erase", one.id, "--reference", "DSR-1", typed=f"{one.id}\n")
    assert done.exit_code == 0, done.output
    heading, *rows = done.stdout.splitlines()
    assert heading.split() == ["what", "becomes", "of", "it", "kind", "documents"]
    assert ["removed", "messages", "2"] in [row.split() for row in rows]
    assert "to erase the customer: " in done.stderr
    assert (await store.count(CUSTOMERS, {}), await store.count(MESSAGES, {})) == (0, 0)
    (receipt,) = await store.find(ERASURES, {})
    assert (receipt["reference"], receipt["requested_by"], receipt["state"]) == ("DSR-1", "command line", "RUNNING")
    # The last look is that of a gateway that serves.
    assert await store.count(ERASING, {}) == 1


async def test_acts_written(run: Run, one: Made, store: Store) -> None:
    """Each command that changes something is an act that is written down; those that look are none."""
    key = (await run("keys", "make", "newsletter")).stdout.strip()
    await run("keys", "list")
    await run("keys", "revoke", key)
    await run("keys", "revoke", "junk")
    await run("erase", one.id, "--yes")
    found = await store.find(ACTS, {}, order=[("_id", 1)])
    assert {(done["viewer"], done["role"]) for done in found} == {("command line", "administrator")}
    assert [(done["act"].removeprefix("profile-gateway "), done["ids"], done["outcome"]) for done in found] == [
        ("keys make", [handle_of(key)], "done"),
        ("keys revoke", [handle_of(key)], "done"),
        ("keys revoke", [], "failed"),
        ("erase", [one.id], "done"),
    ]


async def test_no_answer(run: Run, one: Made, store: Store) -> None:
    """Where nobody can answer, as in a job at night, nothing happens."""
    assert isinstance((await run("erase", one.id)).exception, CannotDo)
    assert await store.count(CUSTOMERS, {}) == 1


async def test_erased_without_asking(run: Run, one: Made, store: Store) -> None:
    """With --yes nobody is asked."""
    assert (await run("erase", one.id, "--yes", "--reason", "NO_PERSON")).exit_code == 0
    assert [row["reason"] for row in await store.find(ERASURES, {})] == ["NO_PERSON"]


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        ([], "another\n", "Nothing was erased"),
        (["--reference", "Ann Lee"], "", "--reference is no number"),
    ],
)
async def test_not_erased(run: Run, one: Made, store: Store, words: list[str], typed: str, told: str) -> None:
    """Another id typed, or a reference that may be a name, and nothing happens."""
    found = await run("erase", one.id, *words, typed=typed)
    assert isinstance(found.exception, CannotDo)
    assert told in str(found.exception)
    assert await store.count(CUSTOMERS, {}) == 1


@pytest.mark.parametrize("command", [["export", "--to", "x.zip"], ["erase", "--yes"]])
@pytest.mark.parametrize("given", ["junk", GONE, global_id("Note", derived_id("a"))])
async def test_nobody(run: Run, command: list[str], given: str, store: Store) -> None:
    """An id of nobody is refused in words."""
    found = await run(command[0], given, *command[1:])
    assert isinstance(found.exception, CannotDo)
    assert "There is no such customer" in str(found.exception)
    assert await store.count(ERASURES, {}) == 0


@pytest.mark.parametrize("command", [["export", "--to", "x.zip"], ["erase", "--yes"]])
async def test_guess_not_acted_upon(run: Run, one: Made, store: Store, command: list[str]) -> None:
    """While a machine alone says that a customer is one person, neither is done; the merge is named."""
    merge = derived_id("merge")
    alias = {"id": derived_id("other"), "elements": [], "merge_id": merge, "inferred_by": [merge]}
    await store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"aliases": [alias]}})
    found = await run(command[0], one.id, *command[1:])
    assert isinstance(found.exception, CannotDo)
    assert global_id("Merge", merge) in str(found.exception)
    assert await store.count(CUSTOMERS, {}) == 1
