"""Does an enrichment source work by its mapping alone?"""

import pytest

from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Portion
from adapters.contract.records import Leaning, Who
from tests.channels.rest.conftest import ADA

NOBODY = Who("email", "main", "nobody@example.com")


@pytest.fixture
def channel(make):
    """People Data Labs by the shipped mapping."""
    return make("enrichment", "people_data_labs", "/v5")


async def test_interests_have_topics(channel, double) -> None:
    """Free words become places of the taxonomy, the source's likelihood a score from 0 to 1."""
    found = await channel.interests(ADA, Portion())
    leanings = [one for one in found.records if isinstance(one, Leaning)]
    assert [(one.topic, one.score, one.who) for one in leanings] == [("644", 0.8, ADA), ("544", 0.8, ADA)]
    assert {one.taxonomy for one in leanings} == {"iab-audience-1.1"}
    assert leanings[0].observed_at == found.as_of
    assert double.seen[0].headers["x-api-key"] == "secret of token"
    assert double.seen[0].query == {"email": "ada@example.com", "min_likelihood": "6"}


async def test_unknown_words_are_told(channel) -> None:
    """A word without a place is one record unread, which names the field and no value."""
    (unread,) = (await channel.interests(ADA, Portion())).unread
    assert unread.what == "interest at place 3"
    assert unread.why.startswith("`topic`: the table 'topics' has no row of that key")
    assert "whistling" not in unread.why


async def test_no_match_is_no_error(channel) -> None:
    """404 says that nothing is known, which is a good answer."""
    found = await channel.interests(NOBODY, Portion())
    assert found.records == found.unread == ()


async def test_unknown_person_is_null(channel) -> None:
    """Nobody has a profile of whom the source knows nothing."""
    with pytest.raises(NoSuchIdentity):
        await channel.person(NOBODY)


async def test_profile_is_read(channel) -> None:
    """What it says of a person stands where the mapping puts it."""
    (person,) = (await channel.person(ADA)).records
    assert person.profile == {"name": "Ada Lovett"}
    assert person.custom_data == {"job_title": "tax adviser", "industry": "wireless"}


async def test_other_identities_are_refused(channel, double) -> None:
    """Who has no address that the mapping asks by is nobody there, and is not asked for."""
    with pytest.raises(NoSuchIdentity):
        await channel.interests(Who("whatsapp", "1", "4930123"), Portion())
    assert double.seen == []


def test_capabilities_are_the_mappings(channel) -> None:
    """A channel offers what its mapping says, and tells by what people are asked for."""
    assert channel.capabilities() == (Capability.PROFILE, Capability.INTERESTS)
    assert channel.asked_by() == ("enrichment", "email")


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, ChannelBusy), (402, ChannelRefused), (401, ChannelRefused), (500, ChannelDown), (503, ChannelBusy)],
)
async def test_failures_have_names(channel, double, status, error) -> None:
    """Each status becomes the error by its consequence, with the vendor's own code and wait."""
    double.answers({"error": {"type": "quota"}}, status=status, headers={"Retry-After": "7"})
    with pytest.raises(error) as caught:
        await channel.interests(ADA, Portion())
    assert getattr(caught.value, "retry_after_s", 7.0) == 7.0
    assert getattr(caught.value, "code", "quota") == "quota"


@pytest.mark.parametrize("junk", ["", "<html>", "[]", "null", '"x"', '{"data": 1}', "[" * 100_000, '{"a": 1e999}'])
async def test_junk_is_unreadable(make, double, junk) -> None:
    """What is no answer of the vendor's shape is BadPayload, which quotes nothing."""
    channel = make("enrichment", "people_data_labs", "/v5")
    double.answers(junk)
    with pytest.raises(BadPayload):
        await channel.person(ADA)
