"""With what is the WhatsApp channel tried out?"""

from collections.abc import Mapping
from typing import Any, Final

from adapters.channels import meta
from adapters.contract.deliveries import Delivery
from adapters.contract.examples import Examples

_TEXT: Final = b"""{"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [
{"field": "messages", "value": {"messaging_product": "whatsapp",
"metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
"contacts": [{"profile": {"name": "Sheena Nelson", "username": "sheena"}, "wa_id": "16505551234",
"user_id": "US.13491208655302741918"}],
"messages": [{"from": "16505551234", "from_user_id": "US.13491208655302741918", "id": "wamid.sample-1",
"timestamp": "1749416383", "type": "text", "text": {"body": "Does it come in another color?"}}]}}]}]}"""
_STATUS: Final = b"""{"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [
{"field": "messages", "value": {"messaging_product": "whatsapp",
"metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
"statuses": [{"id": "wamid.sample-2", "status": "delivered", "timestamp": "1749416390",
"recipient_id": "16505551234", "biz_opaque_callback_data": "sample-key"}]}}]}]}"""
_IMAGE: Final = b"""{"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [
{"field": "messages", "value": {"messaging_product": "whatsapp",
"metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
"contacts": [{"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234"}],
"messages": [{"from": "16505551234", "id": "wamid.sample-4", "timestamp": "1749416400", "type": "image",
"image": {"id": "1479537139650973", "mime_type": "image/jpeg", "sha256": "sample", "caption": "This one."}}]}}]}]}"""
_MEDIA: Final = b"""{"messaging_product": "whatsapp", "id": "1479537139650973", "mime_type": "image/jpeg",
"url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1479537139650973", "file_size": 303833}"""
# As in the guide on sending messages.
_TAKEN: Final = b"""{"messaging_product": "whatsapp", "contacts": [{"input": "16505551234", "wa_id": "16505551234"}],
"messages": [{"id": "wamid.sample-3"}]}"""


def sign(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    """The header by which Meta proves a delivery."""
    return {meta.SIGNATURE: meta.signature(settings.app_secrets[0], delivery.body)}


EXAMPLES: Final = Examples(
    settings={
        "access_token": "sample-access-token-of-whatsapp",
        "app_secrets": ["sample-app-secret", "sample-former-app-secret"],
        "verify_token": "sample-verify-token",
        # Of which numbers the recorded deliveries are.
        "also_accounts": ["106540352242922", "1122334455667", "<BUSINESS_PHONE_NUMBER_ID>"],
    },
    address="base_url",
    person="16505551234",
    answers={"/v26.0/sample-account/messages": _TAKEN, "/v26.0/1479537139650973": _MEDIA},
    deliveries=(_TEXT, _STATUS, _IMAGE),
    sign=sign,
)
