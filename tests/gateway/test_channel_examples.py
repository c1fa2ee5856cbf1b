"""Can a mapping of one's own be tried out?"""

from pathlib import Path

from typer.testing import CliRunner

from gateway import cli

run = CliRunner()

_MAPPING = """
base_url = "https://desk.example.com"
auth = { scheme = "bearer" }

[[ask]]
capability = "tickets"
path = "/people/{who}/tickets"

[[ask.records]]
record = "tickets"
list = "tickets"
fields = { id = "id", subject = "title", created_at = "opened" }
"""
_EXAMPLES = """
person = "p-4711"
[settings]
mapping = "mine.toml"
token = "made-up-token-1"
[answers]
"/people/p-4711/tickets" = "tickets.json"
"""
_TICKETS = '{"tickets": [{"id": 7, "title": "Late", "opened": "2026-03-01T10:00:00Z"}]}'


def _written(folder: Path, *, tickets: str = _TICKETS, examples: str = _EXAMPLES) -> list[str]:
    (folder / "mine.toml").write_text(_MAPPING)
    (folder / "tickets.json").write_text(tickets)
    (folder / "examples.toml").write_text(examples)
    return ["check-channel", "rest", "--examples", str(folder / "examples.toml"), "--mutations", "20"]


def test_own_mapping(tmp_path: Path) -> None:
    """A mapping is tried out by answers that its author recorded."""
    result = run.invoke(cli.app, _written(tmp_path))
    assert result.exit_code == 0, result.output
    assert "It offers TICKETS." in result.output
    assert "2 records, sound and of its own account." in result.output


def test_answers_that_do_not_fit(tmp_path: Path) -> None:
    """A mapping whose vendor answers otherwise fails."""
    result = run.invoke(cli.app, _written(tmp_path, tickets='{"tickets": [{"id": 7}]}'))
    assert result.exit_code == 1
    assert "cannot be read" in result.output


def test_mistakes_are_named(tmp_path: Path) -> None:
    """What is wrong with the file is told by its place."""
    result = run.invoke(cli.app, _written(tmp_path, examples=_EXAMPLES.replace("person", "persn")))
    assert result.exit_code != 0
    assert "`persn`" in f"{result.output}{result.exception}"


def test_wrong_settings_are_told(tmp_path: Path) -> None:
    """What is wrong with the made-up settings is told in the words in which an entry's would be."""
    examples = _EXAMPLES.replace("token =", 'base_url = "127.0.0.1:7811"\ntokn = "x"\ntoken =')
    result = run.invoke(cli.app, _written(tmp_path, examples=examples))
    assert result.exit_code == 1
    assert "refused, base_url: no https:// stands in front of it. Write it as" in result.output
    assert "refused, tokn: there is no such setting." in result.output


def test_words_of_files(tmp_path: Path) -> None:
    """So is what is wrong with the file itself."""
    result = run.invoke(cli.app, _written(tmp_path, examples=_EXAMPLES.replace('"p-4711"', "4711")))
    assert "`person`: it must be text, in quotes." in str(result.exception)


_LOGIN = _MAPPING.replace(
    'auth = { scheme = "bearer" }',
    'auth = { scheme = "oauth2", token_url = "https://login.example.com/token", token_host = "login.example.com" }',
)
_CLIENT = _EXAMPLES.replace('token = "made-up-token-1"', 'client_id = "gateway"\nclient_secret = "made-up-secret-1"')


def test_token_elsewhere(tmp_path: Path) -> None:
    """Where tokens are given on another host, the suite's own vendor gives them."""
    told = _CLIENT.replace("[answers]", '[address_paths]\ntoken_url = "/token"\n[answers]\n"/token" = "token.json"')
    (tmp_path / "token.json").write_text('{"access_token": "made-up-token-2"}')
    command = _written(tmp_path, examples=told)
    (tmp_path / "mine.toml").write_text(_LOGIN)
    result = run.invoke(cli.app, command)
    assert result.exit_code == 0, result.output
    assert "2 records, sound and of its own account." in result.output


def test_token_on_its_host(tmp_path: Path) -> None:
    """A `token_url` that would not follow an entry's `base_url` is told where a mapping is tried out."""
    command = _written(tmp_path, examples=_CLIENT)
    (tmp_path / "mine.toml").write_text(
        _LOGIN.replace("login.", "desk.").replace(', token_host = "desk.example.com"', "")
    )
    result = run.invoke(cli.app, command)
    assert result.exit_code == 1
    assert "the client's secret would go to 'desk.example.com'" in result.output
    assert "Write it without the host, as '/token'" in result.output
