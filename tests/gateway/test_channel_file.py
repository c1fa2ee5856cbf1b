"""Are the channels of the settings file read, and each mistake in it told with what to do?"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from adapters.contract.channel import Channel, ChannelSettings
from adapters.discovery import Adapter, Adapters
from gateway.channel_file import Entry, read_channels
from gateway.settings import BadSettings, load_settings


class Login(BaseModel):
    """How to sign in."""

    model_config = ConfigDict(extra="forbid")
    user: str = Field(description="Who signs in.")
    password: SecretStr = Field(description="With what.")


class AcmeSettings(ChannelSettings):
    """What a sample shop needs."""

    base_url: str = Field(description="Where the shop answers.")
    token: SecretStr = Field(description="The token of the shop's API.")
    page: int = Field(default=10, ge=1, description="Rows of a page.")
    logins: Mapping[str, Login] = Field(default_factory=dict, description="More ways in.")
    older: list[SecretStr] = Field(default_factory=list, description="Tokens of before.")

    @field_validator("token")
    @classmethod
    def _shape(cls, given: SecretStr) -> SecretStr:
        if given.get_secret_value().startswith("bad"):
            raise ValueError(f"{given.get_secret_value()} is malformed")
        return given


class Acme(Channel):
    """A sample shop."""

    name = "acme"
    Settings = AcmeSettings


KNOWN = Adapters({"acme": Adapter(Acme, "here")})
GOOD = """
[[channel]]
name = "acme"
account = "main"
base_url = "https://acme.example"
token = {from_env = "ACME_TOKEN"}
"""

Read = Callable[[str], list[Entry]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads a settings file of channels."""
    monkeypatch.setenv("ACME_TOKEN", "opensesame")
    (tmp_path / "token.txt").write_text("from a file\n", "utf-8")

    def of(text: str) -> list[Entry]:
        path = tmp_path / "channels.toml"
        path.write_text(text, "utf-8")
        return read_channels(path, known=KNOWN)

    return of


def test_one_entry(read: Read) -> None:
    """An entry names a channel, an account and the adapter's settings; the adapter is by default that of the name."""
    (one,) = read(GOOD)
    assert one.place == ("acme", "main")
    assert one.adapter.cls is Acme
    assert isinstance(one.settings, AcmeSettings)
    assert one.settings.token.get_secret_value() == "opensesame"
    assert "opensesame" not in repr(one)


def test_own_names(read: Read) -> None:
    """A channel may be named otherwise than the adapter that speaks with it."""
    (one,) = read(GOOD.replace('name = "acme"', 'name = "shop"\nadapter = "acme"'))
    assert (one.name, one.adapter.name) == ("shop", "acme")


def test_secrets_from_files(read: Read) -> None:
    """A secret may stand in a file, whose path is absolute or starts at the settings file's folder."""
    (one,) = read(GOOD.replace('{from_env = "ACME_TOKEN"}', '{from_file = "token.txt"}'))
    assert isinstance(one.settings, AcmeSettings)
    assert one.settings.token.get_secret_value() == "from a file"


def test_secrets_at_depth(read: Read) -> None:
    """Secrets inside lists and tables are taken alike."""
    more = 'older = [{from_env = "ACME_TOKEN"}]\nlogins.a = {user = "u", password = {from_env = "ACME_TOKEN"}}\n'
    (one,) = read(GOOD + more)
    assert isinstance(one.settings, AcmeSettings)
    assert one.settings.logins["a"].password.get_secret_value() == "opensesame"
    assert one.settings.older[0].get_secret_value() == "opensesame"


def test_nothing_switched_on(read: Read) -> None:
    """Without a file, or with one without entries, nothing is on."""
    assert read("# nothing yet\n") == []
    assert read_channels(None) == []
    assert load_settings().channels is None


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('name = "acme"', 'name = "Acme Inc"', "entry 1 (Acme Inc/main), `name`: it is 'Acme Inc'. Write"),
        ('name = "acme"', "", "`name`: it is missing"),
        ('name = "acme"', 'name = "acne"', "`name`: There is no adapter 'acne'. Is 'acme' meant?"),
        ('name = "acme"', 'name = "acme"\nadapter = 3', "`adapter`: it is 3"),
        ('account = "main"', "account = 12", "`account`: It is no text. Write which"),
        ('account = "main"', "", "`account`: It is missing"),
        ("base_url =", "base_ulr =", "`base_ulr`: there is no such setting. Is `base_url` meant?"),
        ("base_url =", "base_ulr =", "`base_url`: it is missing. Where the shop answers."),
        (
            "token =",
            "page = 0\ntoken =",
            "`page`: it is 0: it must be at least 1. Rows of a page.",
        ),
        ('{from_env = "ACME_TOKEN"}', '"opensesame"', "`token`: a secret must not stand in this file"),
        ("ACME_TOKEN", "NO_SUCH", "`token`: the variable NO_SUCH is not set, or empty"),
        ('{from_env = "ACME_TOKEN"}', '{from_file = "no.txt"}', "`token`: the file 'no.txt' cannot be read"),
        ('{from_env = "ACME_TOKEN"}', "{from_env = 3}", "`token`: `from_env` takes a name as text"),
        ("token =", 'older = ["opensesame"]\ntoken =', "`older.0`: a secret must not stand in this file"),
        (
            "token =",
            'logins.a = {user = "u", password = "opensesame"}\ntoken =',
            "`logins.a.password`: a secret must not stand in this file",
        ),
        ("token =", 'logins.a = {usr = "u"}\ntoken =', "`logins.a.usr`: there is no such setting"),
        ("[[channel]]", "[channel]", "Begin each with [[channel]]"),
        ("[[channel]]", "[[chanel]]", "'chanel' stands outside of an entry"),
        ("[[channel]]", "[[channel", "this is no TOML"),
    ],
)
def test_mistakes_in_words(read: Read, was: str, becomes: str, words: str) -> None:
    """A mistake is told with the file, the entry, the key and what to do, and no secret is quoted."""
    with pytest.raises(BadSettings) as error:
        read(GOOD.replace(was, becomes))
    assert words in str(error.value)
    assert "opensesame" not in str(error.value)
    assert "channels.toml" in str(error.value)


def test_adapter_quotes_secrets(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an adapter's own check quotes a secret, it is left out."""
    monkeypatch.setenv("ACME_TOKEN", "bad opensesame")
    with pytest.raises(BadSettings, match="… is malformed"):
        read(GOOD)


def test_places_are_one(read: Read) -> None:
    """The same account of one channel cannot stand there twice; all mistakes are told at once."""
    with pytest.raises(BadSettings, match=r"entry 2 .*is one before it with this name and account") as error:
        read(GOOD * 2 + GOOD.replace("base_url", "url"))
    assert "entry 3" in str(error.value)


def test_all_of_an_entry(read: Read) -> None:
    """Of one entry, too, all mistakes are told at once, and each once: of secrets, of values, of what is unknown."""
    text = GOOD.replace('token = {from_env = "ACME_TOKEN"}', 'token = "opensesame"\nolder = [{from_env = "NO_SUCH"}]')
    with pytest.raises(BadSettings) as raised:
        read(text + 'page = 0\ntokn = "opensesame"\n')
    words = str(raised.value)
    assert re.findall(r"`([a-z.0-9]+)`: ", words) == ["token", "older.0", "page", "tokn"]
    assert "opensesame" not in words


def test_unreadable_file(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(BadSettings, match=r"GATEWAY_CHANNELS names .*no.toml.* cannot be read"):
        read_channels(tmp_path / "no.toml")


def test_paths_start_at_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that an adapter's settings name stands beside the settings file, wherever the gateway was started."""
    monkeypatch.setenv("ACME_TOKEN", "opensesame")
    monkeypatch.chdir("/")
    head = 'name = "CRM"\nbase_url = "https://crm.example"\nauth = {scheme = "none"}\n'
    mapping = head + '[send]\npath = "/messages"\nbody = {text = "{text}"}\n'
    (tmp_path / "crm.toml").write_text(mapping, "utf-8")
    path = tmp_path / "channels.toml"
    path.write_text('[[channel]]\nname = "crm"\nadapter = "rest"\naccount = "main"\nmapping = "crm.toml"\n', "utf-8")
    (one,) = read_channels(path)
    assert (one.place, one.adapter.name) == (("crm", "main"), "rest")


@pytest.mark.parametrize("name", ["hubspot", "people_data_labs", "shop"])
def test_shipped_mappings_say_how(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What a shipped mapping says of its entry is right word for word, in a file that stands beside `mappings`."""
    head = (root / "mappings" / "rest" / f"{name}.toml").read_text("utf-8").split("\nname = ")[0]
    said = "\n".join(line.removeprefix("#   ") for line in head.splitlines() if line.startswith("#   "))
    for word in re.findall(r'from_env = "(\w+)"', said):
        monkeypatch.setenv(word, "opensesame")
    monkeypatch.chdir("/")
    (tmp_path / "mappings").symlink_to(root / "mappings")
    path = tmp_path / "channels.toml"
    path.write_text(said, "utf-8")
    (one,) = read_channels(path)
    assert one.adapter.name == "rest"
