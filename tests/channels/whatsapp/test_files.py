"""A file that came with a message on WhatsApp is fetched while WhatsApp has it."""

import pytest

from adapters.channels import meta
from adapters.channels.whatsapp.channel import WhatsApp
from adapters.contract.channel import WantedFile
from adapters.contract.errors import BadPayload, NoSuchIdentity
from tests.channels.whatsapp.double import TOKEN, Cloud

KEY = "137524587935346"


def wanted(key: str = KEY) -> WantedFile:
    """A file of that id."""
    return WantedFile(external_id=key, of="wamid.1", of_kind="message")


async def test_fetched(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """Its address is asked for by its id, and its bytes by the address, both with our token."""
    cloud.keep(KEY, b"a picture")
    assert (await whatsapp.file(wanted())).body == b"a picture"
    assert cloud.tokens == [f"Bearer {TOKEN}"]


async def test_another_file(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """Bytes of another SHA-256 than WhatsApp said are not given."""
    cloud.keep(KEY, b"a picture", sha256="0" * 64)
    with pytest.raises(BadPayload):
        await whatsapp.file(wanted())


@pytest.mark.parametrize("key", [KEY, "../../secret"])
async def test_gone(whatsapp: WhatsApp, key: str) -> None:
    """A file that WhatsApp no longer has is known by nobody, and an id leads to nothing else."""
    with pytest.raises(NoSuchIdentity):
        await whatsapp.file(wanted(key))


@pytest.mark.parametrize(
    ("url", "is_metas"),
    [
        ("https://lookaside.fbsbx.com/a", True),
        ("https://graph.example.org/a", True),
        ("http://lookaside.fbsbx.com/a", False),
        ("https://fbsbx.com.example.org/a", False),
        ("https://notfbsbx.com/a", False),
        ("https://graph.example.org:8443/a", False),
        ("", False),
    ],
)
def test_whose_host(url: str, is_metas: bool) -> None:
    """Our token goes to Meta's hosts and to where its API is asked, and to no other."""
    assert meta.is_metas(url, "https://graph.example.org") is is_metas
