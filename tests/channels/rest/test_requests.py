"""Does what is filled into a request stay where it is filled in?"""

import json
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from adapters.channels.rest.requests import Request
from adapters.channels.rest.stated import StatedRequest
from adapters.contract.errors import NoSuchIdentity
from adapters.contract.found import Portion
from adapters.contract.records import Who

BASE = "https://api.example.com/v1"
PATH = StatedRequest(path="/people/{who}/orders", params={"of": "{who}", "all": True})
BODY = StatedRequest(method="POST", path="/search", body={"filters": [{"value": "{who}"}], "limit": "{size}"})


@pytest.mark.parametrize(
    "who",
    [
        "../admin",
        "a/b",
        "a?b=c",
        "a#b",
        "a%2Fb",
        "a%2e%2e",
        "жанна",
        "名前",
        "a b",
        "a&b=c",
        "a;b",
        "a@b:c",
        "//x",
        "a\\b",
        "😀",
    ],
)
def test_gaps_keep_their_segment(who: str) -> None:
    """Whatever an id holds, it is one segment of the path and one parameter, on the same host."""
    made = Request(PATH, BASE).made({"who": who})
    url = URL(made.url)
    assert (url.host, url.raw_query_string, url.raw_fragment) == ("api.example.com", "", "")
    assert len(url.raw_parts) == 5
    assert unquote(url.raw_parts[3]) == who
    assert made.params == {"of": who, "all": "true"}


@pytest.mark.parametrize("who", ["", ".", "..", "a\r\nHost: evil", "a\nb", "a\x00b", "\ud800", "x" * 513])
def test_impossible_ids_are_nobodys(who: str) -> None:
    """What would walk up a path or cannot be written down is nobody's id, and is not asked for."""
    with pytest.raises(NoSuchIdentity) as caught:
        Request(PATH, BASE).made({"who": who})
    assert who not in str(caught.value) or len(who) < 3


@given(st.text(max_size=40))
@example("..%2f..")
@example(".%2e")
def test_no_text_escapes(who: str) -> None:
    """No text changes the host or the number of segments, nor what stands in the body around it."""
    try:
        made = Request(PATH, BASE).made({"who": who})
        body = Request(BODY, BASE).made({"who": who, "size": 5}).body
    except NoSuchIdentity:
        return
    url = URL(made.url)
    assert (url.host, len(url.raw_parts), url.raw_parts[-1]) == ("api.example.com", 5, "orders")
    assert json.loads(json.dumps(body)) == {"filters": [{"value": who}], "limit": 5}


@pytest.mark.parametrize("who", ["x' OR '1'='1", 'a"b', "a b", "a)b", "a\\b", "a,b", "a*"])
def test_queries_take_plain_words(who: str) -> None:
    """Within a longer text, which may be a query, only a plain word is filled in."""
    request = Request(StatedRequest(path="/q", params={"q": "type:ticket requester:{who}"}), BASE)
    with pytest.raises(NoSuchIdentity):
        request.made({"who": who})
    assert request.made({"who": "a-b.c@d+e"}).params == {"q": "type:ticket requester:a-b.c@d+e"}


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [("backslash", r"Email = 'o\'neil\\ \"x\"'"), ("double", "Email = 'o''neil\\ \"\"x\"\"'")],
)
def test_quotes_are_escaped(quotes: str, expected: str) -> None:
    """Where the mapping says how its query escapes quotes, they are."""
    stated = StatedRequest(path="/q", params={"q": "Email = '{who}'"}, quotes=quotes)
    assert Request(stated, BASE).made({"who": 'o\'neil\\ "x"'}).params["q"] == expected


def test_empty_gaps_are_left_out() -> None:
    """A parameter whose gap stays empty is left out, in bodies, too."""
    stated = StatedRequest(method="POST", path="/q", params={"after": "{after}"}, body={"a": ["{after}"], "b": "{who}"})
    made = Request(stated, BASE).made({"who": "1"})
    assert made.params == {}
    assert made.body == {"a": [], "b": "1"}


async def test_escapes_reach_the_vendor(make, double) -> None:
    """Over the wire, too, an odd id stays one segment."""
    channel = make("crm", "hubspot")
    with pytest.raises(NoSuchIdentity):
        await channel.person(Who("crm", "main", "../51?x=#y/..%2f"))
    with pytest.raises(NoSuchIdentity):
        await channel.tickets(Who("crm", "main", ".."), Portion(after="\r\n"))
    (seen,) = double.seen
    assert seen.raw_path.split("/")[:5] == ["", "crm", "v3", "objects", "contacts"]
    assert [unquote(one) for one in seen.raw_path.split("/")[5:]] == ["../51?x=#y/..%2f"]
