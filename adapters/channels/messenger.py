"""How are customers on Messenger heard and answered? By the Messenger Platform of Meta's Graph API."""

from typing import ClassVar, Final

from pydantic import Field

from adapters.channels import meta
from adapters.channels.meta import Secret
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.channels.meta_messaging.settings import MessagingSettings
from adapters.contract.examples import Examples


class MessengerSettings(MessagingSettings):
    """Credentials and choices of one Facebook page; the channel account is the page's id.

    Subscribe the app's webhook, and the page to the app, to these fields: messages, message_echoes, message_edits,
    message_reactions, message_deliveries, message_reads, messaging_postbacks, messaging_optins, messaging_referrals,
    messaging_feedback, standby.
    """

    access_token: Secret = Field(description="The page's token, with pages_messaging.")


class Messenger(MetaMessaging):
    """A Facebook page; people are known by ids that hold for this page alone (PSID)."""

    name: ClassVar[str] = "messenger"
    Settings: ClassVar[type[MessengerSettings]] = MessengerSettings
    # Send API, `message.text`.
    longest_text: ClassVar[int | None] = 2_000
    kind: ClassVar[str] = "page"
    platform: ClassVar[str] = "messenger"
    fields: ClassVar[str] = "id,name,first_name,last_name,profile_pic"
    granted_fields: ClassVar[str] = "locale,timezone,gender"
    said_fields: ClassVar[str] = "sticker,attachments{name,mime_type}"
    file_fields: ClassVar[str] = "sticker"
    gives_key_back: ClassVar[bool] = True


CHANNEL = Messenger

_TEXT: Final = b"""{"object": "page", "entry": [{"id": "sample-account", "time": 1764149400500, "messaging": [
{"sender": {"id": "sample-person"}, "recipient": {"id": "sample-account"}, "timestamp": 1764149400000,
"message": {"mid": "m_sample-1", "text": "Does it come in another color?"}}]}]}"""
_ECHO: Final = b"""{"object": "page", "entry": [{"id": "sample-account", "time": 1764149460500, "messaging": [
{"sender": {"id": "sample-account"}, "recipient": {"id": "sample-person"}, "timestamp": 1764149460000,
"message": {"is_echo": true, "app_id": 1517776481860111, "metadata": "sample-key", "mid": "m_sample-2",
"text": "It does."}}]}]}"""
_IMAGE: Final = b"""{"object": "page", "entry": [{"id": "sample-account", "time": 1764149465500, "messaging": [
{"sender": {"id": "sample-person"}, "recipient": {"id": "sample-account"}, "timestamp": 1764149465000,
"message": {"mid": "m_sample-4", "attachments": [{"type": "image", "payload": {"url":
"https://scontent.fbcdn.net/lamp.jpg"}}]}}]}]}"""
_FILE: Final = b"""{"id": "m_sample-4", "attachments": {"data": [{"id": "1", "mime_type": "image/jpeg",
"name": "lamp.jpg", "image_data": {"url": "https://scontent.fbcdn.net/lamp.jpg"}}]}}"""
_READ: Final = b"""{"object": "page", "entry": [{"id": "sample-account", "time": 1764149470500, "messaging": [
{"sender": {"id": "sample-person"}, "recipient": {"id": "sample-account"}, "timestamp": 1764149470000,
"read": {"watermark": 1764149465000}}]}]}"""
_PROFILE: Final = b"""{"id": "sample-person", "name": "Sheena Nelson", "first_name": "Sheena", "last_name": "Nelson",
"profile_pic": "https://example.com/sheena.jpg", "locale": "en_US", "timezone": -7, "gender": "female"}"""
_CONVERSATIONS: Final = b"""{"data": [{"id": "t_100", "updated_time": "2025-11-26T09:31:00+0000"}],
"paging": {"cursors": {"before": "QVFI", "after": "QVFJ"}}}"""
_MESSAGES: Final = b"""{"id": "t_100", "messages": {"data": [
{"id": "m_sample-2", "created_time": "2025-11-26T09:31:00+0000", "from": {"id": "sample-account"},
"message": "It does."},
{"id": "m_sample-1", "created_time": "2025-11-26T09:30:00+0000", "from": {"id": "sample-person"},
"message": "Does it come in another color?"}], "paging": {"cursors": {"before": "QVFK", "after": "QVFL"}}}}"""
_TAKEN: Final = b'{"recipient_id": "sample-person", "message_id": "m_sample-3"}'

EXAMPLES: Final = Examples(
    settings={
        "access_token": "sample-access-token-of-the-page",
        "app_secrets": ["sample-app-secret", "sample-former-app-secret"],
        "verify_token": "sample-verify-token",
        "app_id": "1517776481860111",
        # Of which pages the recorded deliveries are.
        "also_accounts": ["112130216863063"],
    },
    address="base_url",
    answers={
        "/v26.0/sample-person": _PROFILE,
        "/v26.0/sample-account/conversations": _CONVERSATIONS,
        "/v26.0/t_100": _MESSAGES,
        "/v26.0/m_sample-4": _FILE,
        "/v26.0/sample-account/messages": _TAKEN,
    },
    deliveries=(_TEXT, _ECHO, _READ, _IMAGE),
    deliveries_named="webhook_*.json",
    sign=meta.sign,
)
