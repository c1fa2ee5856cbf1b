"""What does a message of WhatsApp's say, in words, and which file came with it?

What a customer wrote stands as it was written. What is no writing is told in square brackets, for whoever reads the
conversation: `[location: 37.46, -122.21, Facebook HQ]`. So is a message whose type nobody knew when this was written.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from adapters.asides import aside
from adapters.attached import UNKNOWN_TYPE, file_name
from adapters.channels.whatsapp.shapes import (
    Button,
    Card,
    Cart,
    Interactive,
    Location,
    Media,
    Reaction,
    Text,
    Unsupported,
)
from adapters.contract.legible import read_json
from adapters.payload import Shape, shaped
from adapters.quiet import quiet

_MOST_ANSWERS: Final = 50
_LONGEST_TYPE: Final = 40


@quiet
class Attached(NamedTuple):
    """A file that came with a message; its bytes stay at WhatsApp."""

    id: str
    name: str
    media_type: str


@quiet
class Said(NamedTuple):
    """What a message says."""

    text: str | None
    file: Attached | None = None


class _Cards(Shape):
    contacts: list[Card]


def said(kind: str, raw: Mapping[str, Any], place: str) -> Said:
    """What a message of that type says; raises BadPayload where its body is none of that type."""
    read = _READERS.get(kind)
    if read is None:
        return Said(f"[{kind[:_LONGEST_TYPE]}]")
    return read(kind, raw.get(kind), f"{place}.{kind}")


def _text(_kind: str, body: Any, place: str) -> Said:
    return Said(shaped(Text, body, place).body or None)


def _media(kind: str, body: Any, place: str) -> Said:
    media = shaped(Media, body, place)
    media_type = (media.mime_type or "").strip() or UNKNOWN_TYPE
    name = file_name(media.filename, kind, media_type)
    return Said(media.caption or None, Attached(media.id, name, media_type))


def _location(_kind: str, body: Any, place: str) -> Said:
    at = shaped(Location, body, place)
    return Said(aside("location", f"{at.latitude}, {at.longitude}", at.name, at.address))


def _contacts(_kind: str, body: Any, place: str) -> Said:
    cards = shaped(_Cards, {"contacts": body}, place.rpartition(".")[0]).contacts
    return Said("\n".join(map(_card, cards)) or "[contact]")


def _card(card: Card) -> str:
    name = (card.name.formatted_name or card.name.first_name) if card.name else None
    return aside("contact", name, *(one.phone for one in card.phones))


def _interactive(_kind: str, body: Any, place: str) -> Said:
    if body is None:
        # WhatsApp tells of answers that it cannot hand over, with the reason in `value.errors`.
        return Said("[interactive: without its content]")
    answer = shaped(Interactive, body, place)
    if choice := answer.button_reply or answer.list_reply:
        return Said("\n".join(filter(None, (choice.title, choice.description))))
    if form := answer.nfm_reply:
        return Said(_filled_in(form.response_json) or aside("form", form.body))
    if permission := answer.call_permission_reply:
        return Said(aside("permission to call", permission.response))
    return Said(aside("interactive", answer.type[:_LONGEST_TYPE]))


def _filled_in(answers: str | None) -> str | None:
    """The answers of a flow, a line for each; its token is a secret of its own and left out."""
    try:
        form = read_json((answers or "null").encode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(form, dict):
        return None
    lines = [
        f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in form.items()
        if key != "flow_token"
    ]
    return "\n".join(lines[:_MOST_ANSWERS]) or None


def _button(_kind: str, body: Any, place: str) -> Said:
    button = shaped(Button, body, place)
    return Said(button.text or button.payload or "[button]")


def _reaction(_kind: str, body: Any, place: str) -> Said:
    emoji = shaped(Reaction, body, place).emoji
    return Said(aside("reaction", emoji) if emoji else "[reaction taken back]")


def _order(_kind: str, body: Any, place: str) -> Said:
    """A cart is a wish, not a purchase: nobody has confirmed or paid it, so it is told and not counted."""
    cart = shaped(Cart, body, place)
    lines = [
        f"{one.quantity} x {one.product_retailer_id or 'a product'}"
        + (f" at {one.item_price} {one.currency or ''}".rstrip() if one.item_price is not None else "")
        for one in cart.product_items
    ]
    told = aside("cart", *lines)
    return Said(f"{cart.text}\n{told}" if cart.text else told)


def _unsupported(kind: str, body: Any, place: str) -> Said:
    of = shaped(Unsupported, body, place).type if body is not None else None
    return Said(aside(kind, of[:_LONGEST_TYPE] if of else None))


def _placeholder(_kind: str, _body: Any, _place: str) -> Said:
    return Said("[file]")


_READERS: Final[Mapping[str, Callable[[str, Any, str], Said]]] = {
    "text": _text,
    "image": _media,
    "audio": _media,
    "voice": _media,
    "video": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "unsupported": _unsupported,
    "unknown": _unsupported,
    "media_placeholder": _placeholder,
}
