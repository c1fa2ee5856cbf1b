"""How are customers on Instagram heard and answered? By Meta's Graph API, through a page or an account alone."""

from typing import Any, ClassVar, Final

from pydantic import Field

from adapters.channels import meta
from adapters.channels.meta import Secret
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.channels.meta_messaging.settings import MessagingSettings
from adapters.contract.channel import Equipment
from adapters.contract.examples import Examples


class InstagramSettings(MessagingSettings):
    """Credentials and choices of one professional account; the channel account is its `user_id` (17841...).

    Subscribe the app's webhook, and the account to the app, to these fields: messages, message_edit, message_reactions,
    messaging_postbacks, messaging_optins, messaging_referral, messaging_seen, standby, comments, live_comments,
    mentions.
    """

    access_token: Secret = Field(
        description="The page's token, with instagram_basic and instagram_manage_messages; or one of Instagram's login."
    )
    page_id: str | None = Field(
        None,
        min_length=1,
        description="The Facebook page to which the account belongs, where messages go out by its token. Without one "
        "they go out by the account itself; with a token of Instagram's login `base_url` is "
        "https://graph.instagram.com then.",
    )


class Instagram(MetaMessaging):
    """A professional account; people are known by ids that hold for this account alone (IGSID)."""

    name: ClassVar[str] = "instagram"
    Settings: ClassVar[type[InstagramSettings]] = InstagramSettings
    # Send API: 1,000 bytes of UTF-8, so that there are never more characters.
    longest_text: ClassVar[int | None] = 1_000
    longest_bytes: ClassVar[int | None] = 1_000
    kind: ClassVar[str] = "instagram"
    platform: ClassVar[str] = "instagram"
    fields: ClassVar[str] = (
        "name,username,profile_pic,is_verified_user,follower_count,is_user_follow_business,is_business_follow_user"
    )
    said_fields: ClassVar[str] = "attachments"
    file_fields: ClassVar[str] = "story"
    gives_key_back: ClassVar[bool] = False

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        self._page_id: str | None = settings.page_id
        super().__init__(account, settings, equipment)

    @property
    def node(self) -> str:
        """The page where there is one, else the account."""
        return self._page_id or self.account


CHANNEL = Instagram

_TEXT: Final = b"""{"object": "instagram", "entry": [{"id": "sample-account", "time": 1764149400500, "messaging": [
{"sender": {"id": "sample-person"}, "recipient": {"id": "sample-account"}, "timestamp": 1764149400000,
"message": {"mid": "aWdf-sample-1", "text": "Does it come in another color?"}}]}]}"""
_STORY: Final = b"""{"object": "instagram", "entry": [{"id": "sample-account", "time": 1764149465500, "messaging": [
{"sender": {"id": "sample-person"}, "recipient": {"id": "sample-account"}, "timestamp": 1764149465000,
"message": {"mid": "aWdf-sample-4", "attachments": [{"type": "story_mention", "payload": {"url":
"https://scontent.fbcdn.net/story.jpg"}}]}}]}]}"""
_FILE: Final = b"""{"id": "aWdf-sample-4", "story": {"mention": {"id": "1",
"link": "https://scontent.fbcdn.net/story.jpg"}}}"""
_DELETED: Final = b"""{"object": "instagram", "entry": [{"id": "sample-account", "time": 1764149460500, "messaging": [
{"sender": {"id": "sample-person"}, "recipient": {"id": "sample-account"}, "timestamp": 1764149460000,
"message": {"mid": "aWdf-sample-1", "is_deleted": true}}]}]}"""
_COMMENT: Final = b"""{"object": "instagram", "entry": [{"id": "sample-account", "time": 1764149470, "changes": [
{"field": "comments", "value": {"id": "17900000000000001", "from": {"id": "sample-person", "username": "sheena"},
"text": "So blue", "media": {"id": "17900000000000002", "media_product_type": "FEED"}}}]}]}"""
_PROFILE: Final = b"""{"id": "sample-person", "name": "Sheena Nelson", "username": "sheena",
"profile_pic": "https://example.com/sheena.jpg", "is_verified_user": false, "follower_count": 12,
"is_user_follow_business": true, "is_business_follow_user": false}"""
_CONVERSATIONS: Final = b"""{"data": [{"id": "aWdfZAG06", "updated_time": "2025-11-26T09:31:00+0000"}]}"""
_MESSAGES: Final = b"""{"id": "aWdfZAG06", "messages": {"data": [
{"id": "aWdf-sample-2", "created_time": "2025-11-26T09:31:00+0000", "from": {"id": "sample-account",
"username": "shop"}, "message": "It does."},
{"id": "aWdf-sample-1", "created_time": "2025-11-26T09:30:00+0000", "from": {"id": "sample-person",
"username": "sheena"}, "message": "Does it come in another color?"}]}}"""
_TAKEN: Final = b'{"recipient_id": "sample-person", "message_id": "aWdf-sample-3"}'

EXAMPLES: Final = Examples(
    settings={
        "access_token": "sample-access-token-of-instagram",
        "app_secrets": ["sample-app-secret", "sample-former-app-secret"],
        "verify_token": "sample-verify-token",
        "app_id": "1517776481860111",
        # Of which accounts the recorded deliveries are.
        "also_accounts": ["chatwoot-app-user-id-1", "17841400000000001"],
    },
    address="base_url",
    answers={
        "/v26.0/sample-person": _PROFILE,
        "/v26.0/sample-account/conversations": _CONVERSATIONS,
        "/v26.0/aWdfZAG06": _MESSAGES,
        "/v26.0/aWdf-sample-4": _FILE,
        "/v26.0/sample-account/messages": _TAKEN,
    },
    deliveries=(_TEXT, _DELETED, _COMMENT, _STORY),
    deliveries_named="webhook_*.json",
    sign=meta.sign,
)
