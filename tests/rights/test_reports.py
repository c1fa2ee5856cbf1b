"""Does any command say on the terminal, in its log or in the reasons of a report what stands in a customer's record?"""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import cli
from tests.gateway.conftest import logs_as_before
from tests.rights.listening import found
from tests.rights.world import PERSONAL

__all__ = ["logs_as_before"]

MAPPING = """
[source]
channel = "shop"
account = "main"
zone = "UTC"
[[attribute]]
name = "passport"
label = "Passport"
type = "ALPHANUMERIC"
max_length = 20
[[attribute]]
name = "born"
label = "Born"
type = "DATE"
[[import]]
record = "people"
files = "people*"
[import.fields]
who = "id"
email = "mail"
phone = "phone"
"postal.line" = "home"
"attributes.firstName" = "first"
"attributes.lastName" = "last"
"attributes.passport" = "passport"
"attributes.born" = "born"
"custom_data.pet" = "pet"
"profile.picture_url" = "picture"
"identities.whatsapp" = "whatsapp"
created_at = "at"
[[import]]
record = "notes"
files = "notes*"
[import.fields]
id = "id"
who = "who"
text = "text"
created_at = "at"
"""

_GOOD = {
    "mail": "zqxvamail@mail.example",
    "phone": "+12025550143",
    "home": "zqxvastreet 5",
    "first": "Zqxvafirst",
    "last": "Zqxvalast",
    "passport": "zqxvapassport",
    "born": "1984-02-29",
    "pet": "zqxvapet",
    "picture": "https://pics.example/zqxvapicture.png",
    "whatsapp": "+12025550144",
    "at": "2026-01-01T00:00:00",
}
# Each breaks a rule with a value that nobody is to be told.
_BAD = {
    "mail": "zqxvamail at home",
    "phone": "zqxvaphone 12",
    "home": "zqxva" * 500,
    "first": "Zqxva7 +12025550143",
    "passport": "zqxva passport!",
    "born": "zqxva of May",
    "pet": "zqxva" * 900,
    "picture": "zqxvapicture",
    "whatsapp": "zqxvanumber",
    "at": "zqxva o'clock",
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs_as_before: None) -> CliRunner:
    """Runs commands in this process, on a data folder of their own, with everything logged."""
    del logs_as_before
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("GATEWAY_LOG_LEVEL", "debug")
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def _files(folder: Path) -> list[str]:
    """A mapping and files, with good rows, doubles, and a row that is bad in each of the ways."""
    (folder / "shop.toml").write_text(MAPPING)
    rows = [{"id": f"c{n}", **_GOOD, "whatsapp": f"+1202555015{n}"} for n in range(3)]
    rows += [{"id": f"b{name}", **_GOOD, name: value} for name, value in _BAD.items()]
    rows.append({"id": "zqxva\0id", **_GOOD})
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", *_GOOD])
        writer.writeheader()
        writer.writerows(rows)
    notes = [
        ("n1", "c1", "zqxvanote", _GOOD["at"]),
        ("n2", "c1", "zqxva" * 3_000, _GOOD["at"]),
        ("n3", "c1", "zqxva", "no"),
    ]
    lines = [",".join(one) for one in [("id", "who", "text", "at"), *notes]]
    (folder / "notes.csv").write_text("\n".join(lines) + "\nzqxva,zqxva,zqxva,zqxva,zqxva\n")
    return ["shop.toml", "people.csv", "notes.csv"]


def test_reports_tell_no_value(run: CliRunner, tmp_path: Path) -> None:
    """An import that rejects rows, a search for doubles and the other commands quote no personal value."""
    said = {"import": run.invoke(cli.app, ["import", *_files(tmp_path)])}
    assert said["import"].exit_code == 1, repr(said["import"].exception)
    commands = [
        "duplicates",
        "duplicates --merge",
        "doctor",
        "keys list",
        "settings",
    ]
    said |= {words: run.invoke(cli.app, words.split()) for words in commands}
    told = {words: f"{one.output} {one.exception or ''}" for words, one in said.items()}
    assert {words: found(PERSONAL, text) for words, text in told.items() if found(PERSONAL, text)} == {}
    assert [one for one in _reasons(tmp_path) if found(PERSONAL, one)] == []


def _reasons(folder: Path) -> list[str]:
    """Why rows were rejected, and the names of the files in which they stand: the rows themselves are people's data."""
    reports = [path for path in folder.glob("*.csv") if path.name not in {"people.csv", "notes.csv"}]
    assert reports
    found = [path.name for path in reports]
    for path in reports:
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
            place = header.index("reason") if "reason" in header else header.index("reject_reason")
            found += [row[place] for row in rows]
    assert len(found) > len(_BAD)
    return found
