"""Is a mapping checked when it is loaded, with words for who wrote it?"""

import copy
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.channels.rest import CHANNEL
from adapters.channels.rest.loading import BadMapping, load
from adapters.channels.rest.stated import StatedMapping
from tests.channels.rest.conftest import MAPPINGS

GOOD: dict[str, Any] = tomllib.loads("""
base_url = "https://api.example.com"
auth = { scheme = "bearer" }

[[ask]]
capability = "tickets"
path = "/people/{who}/tickets"

[[ask.records]]
record = "tickets"
list = "tickets"
fields = { id = "id", created_at = "created" }

[webhook]
signature = { scheme = "hmac", header = "X-Signature" }
type = "type"
key = "id"
order_by = "person"

[[webhook.event]]
types = ["opened"]

[[webhook.event.records]]
record = "tickets"
fields = { id = "id", who = "person", created_at = "created" }
""")

ASK, FIELDS, HOOK = ("ask", 0), ("ask", 0, "records", 0, "fields"), ("webhook",)
NO_GAP = "{whoo} is nothing that is filled in there. Did you mean 'who'?"

BAD = [
    ((), "base_ur", "x", "'base_ur' means nothing here. Did you mean 'base_url'?"),
    ((), "base_url", "ftp://x", "base_url: 'ftp://x' is none that requests can go to: only http:// and https://"),
    ((), "base_url", "https://u:p@x", "base_url: a user and a password must not stand in an address."),
    ((), "auth", {"scheme": "beerer"}, "auth, scheme: 'beerer' cannot stand here: it must be 'bearer', 'basic'"),
    ((), "auth", {"scheme": "header"}, "[auth], name: is needed"),
    ((), "auth", {"scheme": "header", "name": "X:Y"}, "'X:Y' is no name of a header"),
    ((), "auth", {"scheme": "oauth2"}, "[auth], token_url: is needed"),
    ((), "auth", {"scheme": "oauth2", "token_url": "https://u:p@x/t"}, "token_url: a user and a password must not"),
    ((), "auth", {}, "auth, scheme: is needed and not said."),
    ((), "errors", {"busy": [99]}, "[errors], busy: 99 is no status. Write one from 200 to 599."),
    ((), "errors", {"busy": [404], "nothing": [404]}, "busy: 404 stands under 'nothing', too"),
    ((), "errors", {"busy_when": "a.["}, "[errors], busy_when: 'a.[' is no JMESPath"),
    ((), "limits", {"at_once": 0}, "limits, at_once: 0 cannot stand here"),
    ((), "source", {"zone": "Mars"}, "[source], zone: 'Mars' is no time zone"),
    ((), "table", [{"name": "t", "file": "none.csv", "key": "k"}], "[[table]] 1, file: none.csv cannot be read"),
    (ASK, "capability", "ticket", "ask 1, capability: 'ticket' cannot stand here: it must be 'profile'"),
    (ASK, "path", "people", "path: 'people' must begin with a slash"),
    (ASK, "path", "/a/../b", "must begin with a slash, without dots"),
    (ASK, "path", "/a?b={who}", "without dots, ? and #. Write `params`"),
    (ASK, "path", "/{whoo}", NO_GAP),
    (ASK, "params", {"a": "{whoo}"}, NO_GAP),
    (
        ASK,
        "headers",
        {"X-A": "{who}"},
        "headers: {who} is nothing that is filled in there. Nothing is filled in there.",
    ),
    (
        ASK,
        "headers",
        {"Authorization": "Bearer x"},
        "headers: 'Authorization' would hold a secret, which no mapping does",
    ),
    (ASK, "body", {"a": 1}, 'body: a GET has none. Write `params`, or method = "POST".'),
    (ASK, "paging", {"kind": "cursor"}, "paging, next: is needed: the path of the next page's cursor"),
    (ASK, "paging", {"kind": "page"}, 'no parameter says which page. Write one with "{page}"'),
    (ASK, "paging", {"kind": "page", "next": "x"}, "a paging by page takes none"),
    (ASK, "records", [], "ask 1, records: [] cannot stand here"),
    ((*ASK, "records", 0), "record", "people", "record: 'people' is none that can stand here. Known: 'tickets'"),
    ((*ASK, "records", 0), "lists", "x", "ask 1, records 1: 'lists' means nothing here. Did you mean 'list'?"),
    ((*ASK, "records", 0), "lines", "x", "lines: only orders have such"),
    ((*ASK, "records", 0), "only", "a ==", "only: 'a ==' is no JMESPath"),
    (FIELDS, "sujbect", "x", "fields.sujbect: there is no such field. Did you mean 'subject'?"),
    (FIELDS, "subject", 5, "fields.subject: 5 is neither a path nor a table"),
    (FIELDS, "subject", "a-b", "'a-b' is no JMESPath"),
    (FIELDS, "subject", {"path": "a", "answer": "b"}, "says 2 of path, above, answer, asked"),
    (FIELDS, "subject", {"asked": "name"}, "asked: 'name' is nothing that a question has"),
    (FIELDS, "subject", {"constant": [1]}, "constant: [1] is no single value"),
    (FIELDS, "subject", {"template": "x"}, "template: 'x' names no path"),
    (FIELDS, "subject", {"lookup": "t", "by": "x", "give": "y"}, "lookup: there is no table 't'"),
    (FIELDS, "subject", {"path": "a", "styles": ["iso"]}, "'styles' says nothing about a text"),
    (FIELDS, "subject", {"path": "a", "otherwise": "b"}, "otherwise: it is for texts that are not in `values`"),
    (FIELDS, "subject", {"path": "a", "required": 1}, "required: 1 is neither true nor false"),
    (FIELDS, "subject", {"path": "a", "values": ["b"]}, "values: ['b'] is no table"),
    (FIELDS, "created_at", {"path": "a", "styles": ["tomorrow"]}, "styles: 'tomorrow' is neither iso, unix, unix_ms"),
    (FIELDS, "created_at", None, "fields.created_at: is needed and not said; it holds a moment."),
    (HOOK, "signature", {"scheme": "hmac"}, "signature, header: is needed"),
    (HOOK, "signature", {"scheme": "hmac", "header": "X", "over": "{time}"}, "over: {time} is nothing that is signed"),
    (HOOK, "signature", {"scheme": "hmac", "header": "X", "over": "{timestamp}"}, "leaves the body out"),
    (HOOK, "type", "a b", "[webhook], type: 'a b' is no JMESPath"),
    (
        HOOK,
        "event",
        [{"types": ["a"], "records": [{"record": "tickets", "fields": {"id": "a", "created_at": "b"}}]}],
        "fields.who: is needed: a delivery answers no question",
    ),
]


@pytest.mark.parametrize(("place", "key", "value", "words"), BAD, ids=[one[3][:50] for one in BAD])
def test_mistakes_are_told(place: tuple[Any, ...], key: str, value: Any, words: str) -> None:
    """Each mistake is told by its place and value, with what to write instead."""
    mapping = copy.deepcopy(GOOD)
    table: Any = mapping
    for part in place:
        table = table[part]
    table[key] = value
    if value is None:
        del table[key]
    with pytest.raises(BadMapping) as caught:
        load(mapping)
    assert words in str(caught.value)


def test_all_mistakes_at_once() -> None:
    """Everything that is wrong is told in one go."""
    mapping = copy.deepcopy(GOOD)
    mapping["ask"][0]["path"] = "x"
    mapping["ask"][0]["records"][0]["fields"]["subject"] = "a-b"
    with pytest.raises(BadMapping) as caught:
        load(mapping)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "cannot be read"), ("[[", "is no TOML"), (b"\xff", "cannot be read"), ("", "base_url: is needed")],
)
def test_files_are_named(tmp_path: Path, text: str | bytes | None, words: str) -> None:
    """What is wrong with a file is told with its name."""
    path = tmp_path / "acme.toml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadMapping) as caught:
        load(str(path))
    assert words in str(caught.value)
    assert "acme.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["people_data_labs", "hubspot", "shop"])
def test_shipped_mappings_load(name: str) -> None:
    """The mappings that are shipped are right."""
    assert load(str(MAPPINGS / f"{name}.toml")).asks


def test_missing_secrets_are_told() -> None:
    """What a mapping needs beside it is told by the names of the settings."""
    with pytest.raises(ValidationError, match="the mapping needs `token` beside it"):
        CHANNEL.Settings(mapping=GOOD)


def test_signed_url_is_needed() -> None:
    """Where the vendor signs the URL under which it reaches us, that must be known."""
    with pytest.raises(ValidationError, match="the mapping needs `webhook_url` beside it"):
        CHANNEL.Settings(mapping=str(MAPPINGS / "hubspot.toml"), token="x", webhook_secret="y")


def test_settings_tell_mistakes() -> None:
    """A mistake in the mapping is told where the settings are read."""
    with pytest.raises(ValidationError, match=r"no-such\.toml cannot be read"):
        CHANNEL.Settings(mapping="no-such.toml", token="x")


def test_orders_need_their_person() -> None:
    """An order asked for by an address says whose it is on the shop's own account."""
    mapping = copy.deepcopy(GOOD)
    fields = {"id": "id", "placed_at": "at", "line.title": "t", "line.total": "m"}
    mapping["source"] = {"currency": "EUR"}
    mapping["ask"][0] |= {"capability": "purchases", "by": "email", "path": "/o"}
    mapping["ask"][0]["records"] = [{"record": "orders", "fields": fields}]
    with pytest.raises(BadMapping, match="an order stands on its person's channel account"):
        load(mapping)


def test_every_word_is_documented() -> None:
    """mappings/rest.md names every word that a mapping may say."""
    text = (MAPPINGS.parent / "rest.md").read_text()
    schema = StatedMapping.model_json_schema()
    words = {name for model in (schema, *schema["$defs"].values()) for name in model["properties"]}
    assert sorted(word for word in words if f"`{word}`" not in text and f"{word} =" not in text) == []


def test_documented_example_loads() -> None:
    """The mapping that mappings/rest.md begins with is a whole one."""
    blocks = (MAPPINGS.parent / "rest.md").read_text().split("\n\n    base_url")[1].partition("\n\nPaths")[0]
    plan = load(tomllib.loads(textwrap.dedent(f"    base_url{blocks}")))
    assert list(plan.asks) == [("tickets", "who")]
