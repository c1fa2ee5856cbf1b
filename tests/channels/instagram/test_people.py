"""Who somebody is, and what was said with them, as far as Instagram shows it."""

from typing import Any

import pytest

from adapters.channels.instagram import Instagram
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.channel import WantedFile
from adapters.contract.errors import ChannelRefused, NoSuchIdentity
from adapters.contract.found import Portion
from adapters.contract.records import Person, Utterance, Who
from tests.channels.instagram.double import ACCOUNT, IGSID
from tests.channels.meta_graph import Graph, reaching, spoken

WHO = Who("instagram", ACCOUNT, IGSID)
SHOWN = {
    "name": "Kerry",
    "username": "kerry.k",
    "profile_pic": "https://cdn.example.com/kerry.jpg",
    "is_verified_user": False,
    "follower_count": 12,
    "is_user_follow_business": True,
    "is_business_follow_user": False,
}


async def person(instagram: MetaMessaging) -> Person:
    """Whom the channel tells of."""
    (found,) = (await instagram.person(WHO)).records
    assert isinstance(found, Person)
    assert found.who == WHO
    return found


async def test_whole_profile(instagram: MetaMessaging, graph: Graph) -> None:
    """Names and picture are the profile; who follows whom stands beside the customer's own data."""
    graph.people[IGSID] = SHOWN
    found = await person(instagram)
    assert found.profile == {
        "name": "Kerry",
        "username": "kerry.k",
        "picture_url": "https://cdn.example.com/kerry.jpg",
    }
    assert found.custom_data == {
        "instagram_is_verified": "false",
        "instagram_followers": "12",
        "instagram_follows_us": "true",
        "instagram_is_followed_by_us": "false",
    }
    assert found.attributes == {}


@pytest.mark.parametrize(("shown", "profile"), [({}, {}), ({"name": None, "username": "k"}, {"username": "k"})])
async def test_partial_profiles(
    instagram: MetaMessaging, graph: Graph, shown: dict[str, Any], profile: dict[str, str]
) -> None:
    """What is not shown is not made up."""
    graph.people[IGSID] = shown
    assert (await person(instagram)).profile == profile


@pytest.mark.parametrize(("code", "subcode"), [(230, None), (9010, None), (100, None), (100, 2018218)])
async def test_no_profile(instagram: MetaMessaging, graph: Graph, code: int, subcode: int | None) -> None:
    """Without consent, and where nobody is found for an echo, it is a person without a name."""
    graph.fails("profile", code, subcode)
    assert (await person(instagram)).profile == {}
    assert sum(path.endswith(IGSID) for path, _ in graph.asked) == 1


@pytest.mark.parametrize(("code", "subcode", "kind"), [(190, None, ChannelRefused), (100, 33, NoSuchIdentity)])
async def test_failures(
    instagram: MetaMessaging, graph: Graph, code: int, subcode: int | None, kind: type[Exception]
) -> None:
    """A dead token, and an id that is nobody's, are no person without a name."""
    graph.fails("profile", code, subcode)
    with pytest.raises(kind):
        await instagram.person(WHO)


async def test_past(instagram: MetaMessaging, graph: Graph) -> None:
    """The past is asked for by the platform's name, and is of the one conversation with the person."""
    graph.threads[IGSID] = [spoken(1, ACCOUNT), spoken(0, IGSID)]
    found = await instagram.past(WHO, Portion())
    told = [(one.text, one.direction, one.talk) for one in found.records if isinstance(one, Utterance)]
    assert told == [("Word 1", "OUT", IGSID), ("Word 0", "IN", IGSID)]
    path, query = graph.asked[0]
    assert (path, query["platform"], query["user_id"]) == (f"/v26.0/{ACCOUNT}/conversations", "instagram", IGSID)


async def test_by_page(graph: Graph) -> None:
    """Where the account belongs to a page, that one is asked; people are asked for by their ids all the same."""
    graph.people[IGSID] = SHOWN
    async with reaching(graph, Instagram, ACCOUNT, page_id="42") as instagram:
        assert (await instagram.past(WHO, Portion())).records == ()
        assert (await person(instagram)).profile["username"] == "kerry.k"
    assert [path for path, _ in graph.asked] == ["/v26.0/42/conversations", f"/v26.0/{IGSID}"]


async def test_version(graph: Graph) -> None:
    """The version of the Graph API is the one that the settings name, v26.0 unless they do."""
    async with reaching(graph, Instagram, ACCOUNT, graph_version="v27.0") as instagram:
        with pytest.raises(NoSuchIdentity):
            await instagram.person(WHO)
    assert Instagram.Settings.model_fields["graph_version"].default == "v26.0"


async def test_story_is_fetched(instagram: MetaMessaging, graph: Graph) -> None:
    """The story in which somebody mentioned us is a file of the message, for the day that it lives."""
    graph.held["aWc=="] = {"id": "aWc==", "story": {"mention": {"id": "1", "link": f"{graph.url}/media/story"}}}
    wanted = WantedFile(external_id="aWc==/0", of="aWc==", of_kind="message")
    assert (await instagram.file(wanted)).body == b"story"
    graph.held["aWc=="] = {"id": "aWc=="}
    with pytest.raises(NoSuchIdentity):
        await instagram.file(wanted)
