"""The entry that is shown for a channel switches it on once it is filled in."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.channels.meta_messaging.reading import Reader
from adapters.discovery import Adapter, adapters
from gateway.channel_entries import sample_entry
from gateway.channel_file import read_channels
from gateway.cli import app

FOUND = adapters().usable
# A variable is named where a secret is wanted.
_VARIABLE = re.compile(r'from_env = "([A-Z0-9_]+)"')


@pytest.mark.parametrize("name", sorted(set(FOUND) - {"rest"}))
def test_switches_it_on(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must be said stands there, as a channel's own samples say it, with variables for its secrets."""
    text = sample_entry(FOUND[name])
    for variable in _VARIABLE.findall(text):
        monkeypatch.setenv(variable, "a sample secret of more than thirty-two characters")
    path = tmp_path / "channels.toml"
    path.write_text(text, "utf-8")
    (entry,) = read_channels(path)
    assert (entry.name, entry.adapter.name) == (name, name)


@pytest.mark.parametrize("adapter", FOUND.values(), ids=sorted(FOUND))
def test_tells_every_setting(adapter: Adapter) -> None:
    """Every setting stands there with what it is, those that may be left out behind a sign."""
    text = sample_entry(adapter)
    whole = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    named = {field.alias or name for name, field in adapter.cls.Settings.model_fields.items()}
    assert named | {"name", "account"} == set(whole["channel"][0])
    assert max(map(len, text.splitlines())) < 200


@pytest.mark.parametrize(("name", "setting"), [("messenger", "app_id"), ("email", "display_name")])
def test_made_up_stands_behind_sign(name: str, setting: str) -> None:
    """What may be left out, and is no secret, nobody has by having filled in the rest."""
    assert re.search(f"^# {setting} = ", sample_entry(FOUND[name]), re.MULTILINE)


@pytest.mark.parametrize("name", ["messenger", "instagram"])
def test_fields_to_subscribe(name: str) -> None:
    """Of a channel of Meta's the fields of its webhook stand there, all of which are read."""
    told = " ".join(sample_entry(FOUND[name]).partition("[[channel]]")[0].replace("#", "").split())
    fields = told.partition("these fields: ")[2].rstrip(".").split(", ")
    reader = Reader(name, "1", "page" if name == "messenger" else name)
    body = {"object": reader.kind, "entry": [{"id": "1", "changes": [{"field": one} for one in fields]}]}
    assert len(fields) > 9
    assert all(event.unread and "no object as its value" in event.unread for event in reader.events(body))


def test_as_a_command() -> None:
    """`profile-gateway channels NAME` shows it; a name that nobody has is told of."""
    shown = CliRunner().invoke(app, ["channels", "whatsapp"])
    assert shown.stdout == sample_entry(FOUND["whatsapp"])
    assert CliRunner().invoke(app, ["channels", "whatsap"]).exit_code != 0
