"""Are the channels that a company switched on opened, known, and shown by the commands?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from typer.testing import CliRunner

from adapters.contract.channel import Capability
from adapters.contract.errors import ChannelDown
from adapters.contract.found import Portion
from adapters.contract.records import Who
from adapters.discovery import Adapter, adapters
from adapters.mongo import Store
from gateway import cli, doctor
from gateway.app import open_house
from gateway.channel_commands import recorded_for
from gateway.findings import State
from gateway.lines import open_lines
from gateway.mongod import Mongod
from gateway.settings import BadSettings, Settings
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role, Viewer
from tests.channels import example_acme
from tests.channels.example_acme import Acme, AcmeSettings

ENTRIES = """
[[channel]]
name = "acme"
account = "main"
base_url = "https://acme.example"
token = {from_env = "ACME_TOKEN"}
secret = {from_env = "ACME_TOKEN"}

[[channel]]
name = "second_desk"
adapter = "acme"
account = "main"
base_url = "https://second.example"
token = {from_env = "ACME_TOKEN"}
secret = {from_env = "ACME_TOKEN"}
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that brings the sample channel."""
    home = tmp_path / "site" / "acme_channel-1.0.dist-info"
    home.mkdir(parents=True)
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-channel\nVersion: 1.0\n", "utf-8")
    point = "[profile_gateway.channels]\nacme = tests.channels.example_acme:Acme\n"
    (home / "entry_points.txt").write_text(point, "utf-8")
    monkeypatch.syspath_prepend(str(home.parent))
    monkeypatch.setenv("ACME_TOKEN", "opensesame")


@pytest.fixture
def switched_on(acme: None, tmp_path: Path) -> Settings:
    """Settings whose file switches two desks on."""
    del acme
    path = tmp_path / "channels.toml"
    path.write_text(ENTRIES, "utf-8")
    secrets = {"secret": SecretStr("x" * 32), "jwt_secret": SecretStr("y" * 32)}
    return Settings(data_folder=tmp_path, database="tests", channels=path, default_region="CO", **secrets)


def test_packages_bring_channels(acme: None) -> None:
    """A package with an entry point is an adapter, and is told by its name."""
    del acme
    assert adapters().named("acme").origin == "tests.channels.example_acme:Acme of acme-channel"


async def test_lines_of_file(switched_on: Settings) -> None:
    """Each entry is a line of its own, under the name and account that the file gives it."""
    async with open_lines(switched_on) as lines:
        assert [line.place for line in lines] == [("acme", "main"), ("second_desk", "main")]
        assert [line.place for line in lines.offering(Capability.TICKETS)] == [line.place for line in lines]
        line = lines.at("second_desk", "main")
        assert line
        assert line.channel.name == "second_desk"
        assert line.channel.equipment.default_region == "CO"
        assert isinstance(line.channel.settings, AcmeSettings)
        assert line.channel.settings.base_url == "https://second.example"


async def test_mistakes_stop_the_start(switched_on: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the file is told before anything is opened."""
    monkeypatch.delenv("ACME_TOKEN")
    with pytest.raises(BadSettings, match="the variable ACME_TOKEN is not set"):
        async with open_lines(switched_on):
            pass


async def test_house_knows_lines(switched_on: Settings, mongod: Mongod, house: Graph, store: Store) -> None:
    """A house opens the lines, hands them to each request, and knows their accounts."""
    async with open_house(switched_on, graph=house, url=mongod.url) as opened:
        context = opened.context_for(Viewer(subject="a", role=Role.AGENT))
        answer = await house.execute("{ channels { name accounts { status } } }", context_value=context)
        assert answer.errors is None
        assert answer.data == {
            "channels": [
                {"name": "acme", "accounts": [{"status": "UNTRIED"}]},
                {"name": "second_desk", "accounts": [{"status": "UNTRIED"}]},
            ]
        }
    assert await store.count(CHANNEL_ACCOUNTS, {}) == 2


async def test_failed_calls_are_logged(switched_on: Settings) -> None:
    """A call that fails is told in the log by channel, kind and cost, and by nothing else."""
    nowhere = "http://127.0.0.1:9"
    text = ENTRIES.replace("https://acme.example", nowhere)
    assert switched_on.channels
    switched_on.channels.write_text(text, "utf-8")
    async with open_lines(switched_on) as lines:
        line = lines.at("acme", "main")
        assert line
        asked: Any = line.channel
        with structlog.testing.capture_logs() as logged, pytest.raises(ChannelDown):
            await asked.tickets(Who("acme", "main", "sample.person@example.com"), Portion())
    (told,) = (one for one in logged if one["event"] == "channel")
    assert (told["log_level"], told["channel"], told["account"]) == ("warning", "acme", "main")
    assert (told["outcome"], told["status"], told["method"]) == ("DOWN", None, "GET")
    assert "sample.person" not in str(told)
    assert "opensesame" not in str(told)


class Narrow(Acme):
    """An acme whose account takes no deliveries."""

    def capabilities(self) -> tuple[Capability, ...]:
        """Tickets alone."""
        return (Capability.TICKETS,)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, switched_on: Settings, logs_as_before: None) -> CliRunner:
    """Runs commands in this process."""
    del logs_as_before
    monkeypatch.setenv("GATEWAY_CHANNELS", str(switched_on.channels))
    return CliRunner()


def test_accounts_offer_their_own(run: CliRunner, acme: None, tmp_path: Path) -> None:
    """Of an account that is switched on `channels` shows what it offers by its settings, not what its adapter may."""
    del acme
    points = tmp_path / "site" / "acme_channel-1.0.dist-info" / "entry_points.txt"
    points.write_text("[profile_gateway.channels]\nacme = tests.gateway.test_lines:Narrow\n", "utf-8")
    result = run.invoke(cli.app, ["channels"])
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[3] for row in rows[1:3]] == ["TICKETS", "TICKETS"]


def test_channels_are_listed(run: CliRunner) -> None:
    """`channels` lists what is switched on and what is found, without a secret."""
    result = run.invoke(cli.app, ["channels"])
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["channel", "account", "adapter", "offers", "found in"]
    assert [row[:4] for row in rows[1:3]] == [
        ["acme", "main", "acme", "TICKETS, WEBHOOK"],
        ["second_desk", "main", "acme", "TICKETS, WEBHOOK"],
    ]
    assert (result.exit_code, "opensesame" in result.output) == (0, False)


def test_mistaken_entry_is_named(run: CliRunner, switched_on: Settings) -> None:
    """An entry with a mistake is named for it, and costs the others nothing: they are listed as they are."""
    assert switched_on.channels
    good = switched_on.channels.read_text("utf-8")
    switched_on.channels.write_text(f'{good}\n[[channel]]\nname = "telegram"\naccount = "bot"\n', "utf-8")
    result = run.invoke(cli.app, ["channels"])
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[:2] for row in rows[1:3]] == [["acme", "main"], ["second_desk", "main"]]
    assert rows[3][:4] == ["telegram", "bot", "telegram", "a mistake in its entry, told below"]
    assert [row[2] for row in rows[1:]].count("telegram") == 1
    assert result.exit_code != 0


def test_channel_is_checked(run: CliRunner) -> None:
    """`check-channel` shows each check with its outcome, and ends well where none failed."""
    result = run.invoke(cli.app, ["check-channel", "acme", "--mutations", "30"])
    assert result.exit_code == 0, result.output
    assert "PASS         forged" in result.stdout
    assert "NOT OFFERED  sent once" in result.stdout


def test_strict_counts_the_unchecked(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--strict` what could be checked and was not ends it with 1; what the channel does not offer does not."""
    command = ["check-channel", "acme", "--mutations", "0", "--strict"]
    assert run.invoke(cli.app, command).exit_code == 0
    monkeypatch.setattr(example_acme, "EXAMPLES", replace(example_acme.EXAMPLES, sign=None))
    assert run.invoke(cli.app, command[:-1]).exit_code == 0
    result = run.invoke(cli.app, command)
    assert result.exit_code == 1
    assert "Not checked, though it could be: genuine, forged, replayed." in result.stderr


def test_what_was_read_is_shown(run: CliRunner) -> None:
    """With `--show` what was read of the samples stands behind the checks, and without it nothing of it."""
    command = ["check-channel", "acme", "--mutations", "0"]
    line = "  ticket 1001 OPEN 'Where is my lamp?' 2026-03-01T09:00:00Z"
    assert line in run.invoke(cli.app, [*command, "--show"]).stdout.partition("What was read:")[2]
    assert "my lamp" not in run.invoke(cli.app, command).output


def test_recorded_deliveries_found() -> None:
    """Deliveries recorded beside an adapter of the house are tried by themselves; a package's are not sought here."""
    assert recorded_for(adapters().named("zendesk")) == (Path(__file__).parents[1] / "channels/payloads/zendesk")
    assert recorded_for(Adapter(Acme, "a package")) is None


def test_failed_check_is_told(run: CliRunner, tmp_path: Path) -> None:
    """A check that fails is told with its rule and what to do, and the command ends with 1."""
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "odd.json").write_text("{}", "utf-8")
    command = ["check-channel", "acme", "--payloads", str(tmp_path / "recorded"), "--mutations", "0"]
    result = run.invoke(cli.app, command)
    assert result.exit_code == 1
    assert "FAIL         read" in result.stdout
    assert "odd.json cannot be read" in result.stdout


@pytest.mark.parametrize(
    "command", [["channels"], ["check-channel", "acme", "--mutations", "0"]], ids=["list", "check"]
)
def test_file_is_told_along(run: CliRunner, switched_on: Settings, command: list[str]) -> None:
    """What is wrong with the settings file is told behind what was found, also where a channel is tried out."""
    assert switched_on.channels is not None
    switched_on.channels.write_text(ENTRIES.replace('"main"', '"a/b"', 1), "utf-8")
    result = run.invoke(cli.app, command)
    assert isinstance(result.exception, BadSettings)
    assert "entry 1 (acme/a/b), `account`: It is 'a/b', which the address" in str(result.exception)
    assert "acme" in result.stdout or "PASS" in result.stdout


def test_unknown_channel_is_told(run: CliRunner) -> None:
    """A channel that nobody knows is told with those that are known."""
    result = run.invoke(cli.app, ["check-channel", "acne"])
    assert isinstance(result.exception, BadSettings)
    assert "Is 'acme' meant?" in str(result.exception)


def test_doctor_reads_channels(switched_on: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor says which channels are on, and what is wrong with their file."""
    found = doctor.channels_on(switched_on)
    assert (found.state, found.words) == (State.OK, "acme/main, second_desk/main switched on.")
    monkeypatch.delenv("ACME_TOKEN")
    found = doctor.channels_on(switched_on)
    assert found.state is State.BROKEN
    assert "the variable ACME_TOKEN is not set" in found.words
    assert "None is switched on" in doctor.channels_on(switched_on.model_copy(update={"channels": None})).words
