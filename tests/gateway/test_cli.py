"""Do the commands do what their help says, and say what is wrong in words?"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import httpx
import jwt
import pytest
import structlog
from typer.testing import CliRunner

from adapters.failures import StoreError
from gateway import cli, opening, schema_file
from gateway.settings_table import settings_table
from resolvers.kit.ids import global_id
from resolvers.schema import graph
from tests.gateway.processes import hands_of, running
from tests.planted import SIGNS

SECRET = SIGNS
ME = {"query": "{ viewer { subject role } }"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs_as_before: None) -> CliRunner:
    """Runs commands in this process, on a data folder of their own."""
    del logs_as_before
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path / "data"))
    return CliRunner()


def commands() -> list[list[str]]:
    """Every command, its group before it."""
    found = [[one.name or one.callback.__name__] for one in cli.app.registered_commands]
    for group in cli.app.registered_groups:
        found += [[group.name, one.name] for one in group.typer_instance.registered_commands]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_has_an_example(run: CliRunner, words: list[str]) -> None:
    """Each command's help shows how it is typed."""
    text = " ".join(run.invoke(cli.app, [*words, "--help"]).stdout.split())
    assert f"Example: profile-gateway {' '.join(words)}" in text


def test_commands_are_known() -> None:
    """The commands that the README names are there."""
    named = {" ".join(words) for words in commands()}
    assert named >= {
        "serve",
        "token",
        "doctor",
        "schema print",
        "schema check",
        "keys make",
        "keys list",
        "keys revoke",
    }


def test_settings_lists_knobs(run: CliRunner) -> None:
    """`settings` prints the table of SETTINGS.md."""
    assert run.invoke(cli.app, ["settings"]).stdout == settings_table()


def test_schema_prints_itself(run: CliRunner) -> None:
    """`schema print` writes what `schema check` accepts."""
    assert run.invoke(cli.app, ["schema", "print"]).stdout == schema_file.sdl_of(graph())


def test_current_schema_passes(run: CliRunner, tmp_path: Path) -> None:
    """`schema check` exits with 0 when the file says what the code says."""
    file = tmp_path / "schema.graphql"
    file.write_text(schema_file.sdl_of(graph()))
    assert run.invoke(cli.app, ["schema", "check", str(file)]).exit_code == 0


def test_changed_schema_shows_how(run: CliRunner, tmp_path: Path) -> None:
    """`schema check` exits with 1, shows a unified diff and says what to do, when it does not."""
    file = tmp_path / "schema.graphql"
    file.write_text(schema_file.sdl_of(graph()).replace("type Customer ", "type Client "))
    result = run.invoke(cli.app, ["schema", "check", str(file)])
    assert result.exit_code == 1
    assert "\n-type Client " in result.stdout
    assert "\n+type Customer " in result.stdout
    assert "make schema" in " ".join(result.stderr.split())


def test_declarations_are_json(run: CliRunner) -> None:
    """`schema declarations` says for each record about whom it is and what of it is personal."""
    shown = json.loads(run.invoke(cli.app, ["schema", "declarations"]).stdout)
    customers = next(one for one in shown if one["name"] == "customers")
    assert customers["personal"] == ["display_name", "entry_point.page", "entry_point.referrer"]


def test_token_carries_claims(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """`token` signs what the gate takes: role, subject, name, an end, and issuer and audience where they are set."""
    monkeypatch.setenv("GATEWAY_JWT_SECRET", SECRET)
    monkeypatch.setenv("GATEWAY_JWT_AUDIENCE", "gateway")
    result = run.invoke(cli.app, ["token", "--role", "agent", "--subject", "anna", "--name", "Anna", "--hours", "1"])
    claims = jwt.decode(result.stdout.strip(), SECRET, ["HS256"], audience="gateway")
    assert (claims["sub"], claims["role"], claims["name"]) == ("anna", "agent", "Anna")
    assert 3500 < claims["exp"] - time.time() <= 3600
    assert "For trying out" in result.stderr


def test_token_keeps_its_secret(run: CliRunner) -> None:
    """Without a secret in the settings, tokens are signed with the one that the gateway keeps: twice the same."""
    words = ["token", "--role", "visitor", "--subject", "v", "--customer", global_id("Customer", "6" * 24)]
    first, second = (run.invoke(cli.app, words).stdout.strip() for _ in range(2))
    kept = Path(os.environ["GATEWAY_DATA_FOLDER"], "jwt_secret").read_text()
    assert jwt.decode(first, kept, ["HS256"])["customer_id"] == jwt.decode(second, kept, ["HS256"])["customer_id"]


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["token", "--role", "visitor", "--subject", "v"], {}, "give --customer with the role visitor"),
        (["token", "--role", "agent", "--subject", "a", "--customer", "x"], {}, "with no other"),
        (["token", "--role", "visitor", "--subject", "v", "--customer", "junk"], {}, "as this gateway gave it"),
        (["token", "--role", "partner", "--subject", "p", "--scope", "nope"], {}, "There is no scope nope. Scopes are"),
        (["token", "--role", "agent", "--subject", "a", "--scope", "lookup"], {}, "Scopes are a partner's"),
        (["token", "--role", "agent", "--subject", " "], {}, "must have 1 to"),
        (["token", "--role", "agent", "--subject", "a"], {"MONGODB_URL": "mongodb://x"}, "Set GATEWAY_JWT_SECRET"),
        (["serve"], {"MONGODB_URL": "mongodb://x"}, "GATEWAY_SECRET is not"),
        (["erase", "x", "--yes"], {"MONGODB_URL": "mongodb://x"}, "GATEWAY_SECRET is not"),
        (["replay"], {"MONGODB_URL": "mongodb://x"}, "GATEWAY_SECRET is not"),
        (["serve"], {"GATEWAY_PORT": "http"}, "GATEWAY_PORT is 'http': "),
        (["serve", "--host", "192.0.2.1"], {}, "cannot be listened on"),
        (["keys", "make", "x", "--scope", "all"], {}, "There is no scope all"),
        (["keys", "revoke", "junk"], {}, "keys list"),
    ],
)
def test_trouble_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    run: CliRunner,
    words: list[str],
    environment: dict[str, str],
    told: str,
) -> None:
    """What is known to go wrong is told without a traceback, with exit status 1."""
    del run
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["profile-gateway", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    shown = capsys.readouterr().err
    assert told in shown
    assert "Traceback" not in shown


def test_commands_log_as_the_house(monkeypatch: pytest.MonkeyPatch, run: CliRunner) -> None:
    """Each command logs as the gateway does, and never with the local variables that structlog shows by itself."""
    del run
    structlog.reset_defaults()
    monkeypatch.setattr(sys, "argv", ["profile-gateway", "settings"])
    with pytest.raises(SystemExit):
        cli.main()
    assert structlog.is_configured()


def test_keys_live_through_commands(run: CliRunner) -> None:
    """A key is made, listed and revoked; only its making shows it."""
    key = run.invoke(cli.app, ["keys", "make", "newsletter", "--scope", "personal", "--days", "9"]).stdout.strip()
    assert re.fullmatch(r"pgw_[0-9a-f]{24}_[\w-]{43}", key)
    handle = key.rsplit("_", 1)[0][:28]
    listed = run.invoke(cli.app, ["keys", "list"]).stdout
    assert handle in listed
    assert key not in listed
    assert run.invoke(cli.app, ["keys", "revoke", handle]).exit_code == 0
    assert "revoked" in run.invoke(cli.app, ["keys", "list"]).stdout


def test_piped_keys_are_whole(run: CliRunner) -> None:
    """Into a pipe `keys list` writes a line for each key with every value whole, a tab between them."""
    name = "the newsletter of the shop in Cartagena, and of the three others"
    made = ["keys", "make", name, "--days", "9", "--scope", "personal", "--scope", "lookup"]
    made += ["--fields", "Query.viewer,ViewerInfo.*"]
    handle = run.invoke(cli.app, made).stdout[:28]
    header, row = (line.split("\t") for line in run.invoke(cli.app, ["keys", "list"]).stdout.splitlines())
    today = datetime.now(UTC)
    dates = [f"{today:%Y-%m-%d}", f"{today + timedelta(days=9):%Y-%m-%d}", "never"]
    assert row == [handle, name, "good", "lookup, personal", "Query.viewer, ViewerInfo.*", *dates]
    assert header == ["handle", "name", "state", "scopes", "fields", "made", "expires", "last used"]


MAPPING = """
[source]
channel = "shop"
account = "main"
zone = "UTC"
[[import]]
record = "people"
files = "*.csv"
[import.fields]
who = "id"
phone = "phone"
"""


def test_import_reads_region(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`import` reads phone numbers without a country code by GATEWAY_DEFAULT_REGION."""
    (tmp_path / "shop.toml").write_text(MAPPING)
    (tmp_path / "people.csv").write_text("id,phone\n1,300 123 4567\n2,+57 300 123 4568\n")
    words = ["import", str(tmp_path / "shop.toml"), str(tmp_path / "people.csv"), "--rejects", str(tmp_path)]
    assert run.invoke(cli.app, [*words, "--dry-run"]).exit_code == 1
    monkeypatch.setenv("GATEWAY_DEFAULT_REGION", "CO")
    assert run.invoke(cli.app, words).exit_code == 0


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OverflowError("secret"), r"broke off \(OverflowError; test_cli\.py, line \d+\)"),
        (OSError(28, "No space left on device", "a.csv"), r"a\.csv: No space left on device"),
        (StoreError("The database went away."), r"The database went away\."),
    ],
)
def test_import_broken_off(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, told: str
) -> None:
    """What nobody foresaw ends an import with 3, in one sentence, and never with the 1 of rejected rows."""

    async def failing(*_: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(cli, "run_import", failing)
    found = run.invoke(cli.app, ["import", str(tmp_path / "shop.toml"), str(tmp_path / "people.csv")])
    assert found.exit_code == 3
    assert re.search(told, found.output.replace("\n", " "))
    assert "secret" not in found.output


REHEARSED = pytest.param(["--dry-run"], 1, id="rehearsal", marks=pytest.mark.deep)


def test_early_interruption_is_quiet() -> None:
    """Ctrl-C while the command's modules are still being read ends it with 130, without a traceback."""
    words = [sys.executable, "-X", "importtime", "-m", "gateway", "settings"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        assert any("graphql.language" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        notes = process.stderr.read()
    assert (process.returncode, "Traceback" in notes) == (130, False), notes


@pytest.mark.parametrize(
    ("words", "times"), [pytest.param([], 1, id="once"), pytest.param([], 2, id="twice"), REHEARSED]
)
def test_interrupted_import_is_quiet(run: CliRunner, tmp_path: Path, words: list[str], times: int) -> None:
    """Ctrl-C, once or again at once, ends a large import in its batches with 130 and one line, and no traceback."""
    del run
    (tmp_path / "shop.toml").write_text(MAPPING)
    rows = "".join(f"{n},+57300{n}\n" for n in range(10**6, 10**6 + 80_000))
    (tmp_path / "people.csv").write_text("id,phone\n" + rows)
    start = [sys.executable, "-c", "from gateway.cli import main; main()", "import", "shop.toml", "people.csv", *words]
    process = subprocess.Popen(start, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    address = tmp_path / "data" / "gateway.url"
    hands = hands_of(process)
    # As a terminal sends it: to everyone in front of it.
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    _, notes = process.communicate(timeout=15)
    assert (process.returncode, "Traceback" in notes) == (130, False), notes
    told = "it was a rehearsal, and nothing was written" if words else "the same command goes on where it was"
    assert notes.count(f"Stopped; {told}.") == 1
    assert not [one for one in hands if Path(f"/proc/{one}").exists()]
    assert not address.exists()


@pytest.mark.parametrize(
    ("most", "words"),
    [("36500", ["keys", "make", "x", "--days", "3000000"]), ("87600", ["token", "--hours", "1e300"])],
    ids=["days", "hours"],
)
def test_lasts_too_long(run: CliRunner, most: str, words: list[str]) -> None:
    """What would outlast the calendar is refused in words."""
    found = run.invoke(cli.app, words)
    told = " ".join(found.output.replace("│", " ").split())
    assert (found.exit_code, f"less than or equal to {most}" in told) == (2, True)


def test_commands_join_running_gateway(run: CliRunner) -> None:
    """While a gateway runs on its own database, keys are made and revoked there; a second one is refused in words."""
    folder = Path(os.environ["GATEWAY_DATA_FOLDER"])
    with running(folder, "serve") as gateway:
        gateway.ready()
        key = run.invoke(cli.app, ["keys", "make", "newsletter"]).stdout.strip()
        asked = {"url": f"{gateway.address}/graphql", "json": ME, "headers": {"X-API-Key": key}}
        assert httpx.post(**asked).json()["data"]["viewer"] == {"subject": "newsletter", "role": "PARTNER"}
        assert run.invoke(cli.app, ["keys", "revoke", key]).exit_code == 0
        deadline = time.monotonic() + 1
        while httpx.post(**asked).status_code != 401:
            assert time.monotonic() < deadline, "a revoked key is refused within a second"
        second = subprocess.run(
            [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--port", "0"],
            env=gateway.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (second.returncode, "in use by process" in second.stderr) == (1, True)
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
    assert "mongod.stopped" in "".join(gateway.lines)
    assert not (folder / "gateway.url").exists()


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_parent(run: CliRunner, number: signal.Signals) -> None:
    """Several processes answer on one port and take the same tokens; they end with the one that started them."""
    with running(Path(os.environ["GATEWAY_DATA_FOLDER"]), "serve", "--workers", "2") as gateway:
        gateway.ready()
        token = run.invoke(cli.app, ["token", "--role", "agent", "--subject", "anna"]).stdout.strip()
        headers = {"Authorization": f"Bearer {token}"}
        for _ in range(6):
            assert httpx.post(f"{gateway.address}/graphql", json=ME, headers=headers).status_code == 200
        gateway.process.send_signal(number)
        gateway.process.wait(30)
        deadline = time.monotonic() + 15
        while not gateway.is_gone() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert gateway.is_gone()


@pytest.mark.parametrize(
    ("error", "is_broken_off", "told"),
    [(KeyboardInterrupt(), False, 0), (OSError(), True, 0), (ZeroDivisionError(), False, 1)],
)
async def test_interrupts_beside_the_work(error: BaseException, told: int, *, is_broken_off: bool) -> None:
    """Ctrl-C that strikes what runs beside a command's work, and what breaks because of it, is no error of that."""
    heard: list[object] = []
    work = asyncio.create_task(asyncio.Event().wait())
    if is_broken_off:
        work.cancel()
    loop = asyncio.get_running_loop()
    context = {"message": "Task exception was never retrieved", "exception": error}
    with patch.object(loop, "default_exception_handler", heard.append):
        opening._unless_broken_off(work, loop, context)
    work.cancel()
    assert len(heard) == told
