"""How are customers on Telegram heard and answered? By a bot of the company's, in one file: a model for your own.

Facts: core.telegram.org/bots/api. Bots cannot ask for the past, and are not told whether a message was delivered, read
or deleted. Links to pictures and files hold the bot's token, so none is handed out. Tell Telegram where to deliver:

    setWebhook url=https://.../webhooks/telegram/ACCOUNT secret_token=WORD
        allowed_updates=["message","edited_message","callback_query","my_chat_member","message_reaction"]
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AliasChoices, AliasPath, Field, SecretStr

from adapters.asides import aside
from adapters.attached import UNKNOWN_TYPE, file_name
from adapters.channels.telegram_words import label, said
from adapters.contract.addresses import VendorHost
from adapters.contract.bounds import LARGEST_EXACT
from adapters.contract.channel import Channel, ChannelSettings
from adapters.contract.deliveries import Answer, Delivery, Event, NotProven
from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
    OutcomeUnknown,
)
from adapters.contract.examples import Examples
from adapters.contract.found import Found
from adapters.contract.manners import Manners, by_status
from adapters.contract.records import File, HandedOver, Person, Reach, Say, Talk, Utterance, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.moments import UnixSeconds
from adapters.payload import Shape, shaped
from adapters.reaching import as_phone
from adapters.signatures import is_signed_by_any

# Whoever finds an empty secret could sign by it.
_Secret = Annotated[SecretStr, Field(min_length=1)]
_Secrets = Annotated[tuple[_Secret, ...], Field(min_length=1, max_length=2)]


class TelegramSettings(ChannelSettings):
    """Credentials of one bot; the channel account is a name for it, as its username."""

    bot_token: _Secret = Field(description="The bot's token, as @BotFather gives it.")
    webhook_secrets: _Secrets = Field(description="The `secret_token` of setWebhook; while it is changed, new and old.")
    base_url: VendorHost = Field("https://api.telegram.org", description="Where the Bot API, or your own, answers.")


# What of Telegram's JSON matters. The rest is not looked at, and what is of another type is told by its place.

_Id = Annotated[int, Field(gt=0, le=LARGEST_EXACT)]  # more than 32 bits, and at most 52
_IN_CHAT: Final = AliasChoices(AliasPath("chat", "type"), AliasPath("message", "chat", "type"))


class _Update(Shape):
    update_id: _Id


class _User(Shape):
    id: _Id
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class _ByUser(Shape):
    user: _User = Field(validation_alias=AliasChoices("from", "user"))


class _About(Shape):
    user: _Id = Field(validation_alias=AliasChoices(AliasPath("from", "id"), AliasPath("user", "id")))


class _InChat(Shape):
    type: Literal["private", "group", "supergroup", "channel"] = Field(validation_alias=_IN_CHAT)
    is_bot: bool | None = Field(None, validation_alias=AliasPath("from", "is_bot"))


class _Message(_ByUser):
    message_id: _Id
    date: UnixSeconds
    edit_date: UnixSeconds | None = None
    text: str | None = None
    caption: str | None = None
    phone: str | None = Field(None, validation_alias=AliasPath("contact", "phone_number"))
    phone_of: int | None = Field(None, validation_alias=AliasPath("contact", "user_id"))


class _Attached(Shape):
    file_id: Annotated[str, Field(min_length=1, max_length=512)]
    file_name: str | None = None
    mime_type: str | None = None
    file_size: Annotated[int, Field(ge=0, le=LARGEST_EXACT)] | None = None


class _Press(_ByUser):
    id: Annotated[str, Field(min_length=1, max_length=64)]
    data: str | None = None
    keys: Any = Field(None, validation_alias=AliasPath("message", "reply_markup", "inline_keyboard"))


class _Reaction(_ByUser):
    message_id: _Id
    date: UnixSeconds
    new_reaction: list[dict[str, Any]]


class _Membership(_ByUser):
    date: UnixSeconds
    status: Literal["member", "kicked"] = Field(validation_alias=AliasPath("new_chat_member", "status"))


class _Sent(Shape):
    message_id: _Id = Field(validation_alias=AliasPath("result", "message_id"))


class _Known(Shape):
    result: _User


class _Failure(Shape):
    error_code: int
    description: str = ""
    retry_after: float | None = Field(None, validation_alias=AliasPath("parameters", "retry_after"))


_NOBODY: Final = ("chat not found", "user not found", "peer_id_invalid")
_UNKNOWN_BOT: Final = "The bot's token is not known there. Take the one that @BotFather shows"
_REFUSALS: Final = {401: _UNKNOWN_BOT, 404: _UNKNOWN_BOT, 403: "The person blocked the bot, never began it, or is gone"}


def judged(reply: Reply) -> ChannelError | None:
    """What an answer of Telegram's means that may be a failure. Its own words are looked at, and never quoted."""
    error = by_status(reply)
    try:
        told = shaped(_Failure, reply.json())
    except BadPayload:
        # It is good, or the word of something before Telegram.
        return error
    code = told.error_code
    if told.retry_after is not None:
        return ChannelBusy(f"It takes no more requests for now ({code}).", retry_after_s=told.retry_after)
    if any(one in told.description.lower() for one in _NOBODY):
        return NoSuchIdentity(f"It knows nobody by that id, or nobody who began to write to the bot ({code}).")
    if words := _REFUSALS.get(code):
        return ChannelRefused(f"{words} ({code}).", code=str(code), is_of_account=words is _UNKNOWN_BOT)
    return error


_News = tuple[datetime, tuple[HandedOver, ...]]
_Spoken = tuple[Person, Talk, Utterance]
_SECRET: Final = "x-telegram-bot-api-secret-token"  # noqa: S105  the header's name
_BEING_WRITTEN_TO: Final = "telegram messages"
"""The purpose of which a blocked bot is a word: one of its own, for it says nothing of other ways to be written to."""


class Telegram(Channel):
    """A bot on Telegram. It hears in private chats alone, each of which is one conversation."""

    name: ClassVar[str] = "telegram"
    Settings: ClassVar[type[TelegramSettings]] = TelegramSettings
    manners: ClassVar[Manners] = Manners(judge=judged)
    is_proven_by_headers = True
    is_repeatable: ClassVar[bool] = False
    longest_text: ClassVar[int | None] = 4096

    async def person(self, who: Who) -> Found:
        """How the person is called there; raises NoSuchIdentity where nobody began to write to the bot by that id."""
        _require_person(who, NoSuchIdentity)
        reply = await self.way.get(self._url("getChat"), params={"chat_id": who.value})
        told = shaped(_Known, reply.json()).result
        return Found(records=(self._person(told),), as_of=reply.as_of, is_stale=reply.is_stale)

    def talk_with(self, who: Who) -> str:
        """The person's own id, which is that of the private chat, too."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Raises ChannelRefused without words, and for templates, of which Telegram knows none."""
        _require_person(outgoing.who, ChannelRefused)
        if outgoing.template is not None or not (outgoing.text or "").strip():
            raise ChannelRefused("Telegram takes free words alone. Send a text.", code="no_text")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands words to Telegram once. It takes no key of ours and echoes nothing: what is unknown stays unknown."""
        self.require_allowed(outgoing)
        words = {"chat_id": outgoing.who.value, "text": outgoing.text}
        try:
            reply = await self.way.post(self._url("sendMessage"), json=words)
            number = shaped(_Sent, reply.json()).message_id
        except (OutcomeUnknown, BadPayload) as error:
            return Sent(state=SendState.UNKNOWN, why=str(error))
        return Sent(state=SendState.TAKEN, external_id=f"{outgoing.who.value}:{number}")

    def _url(self, method: str) -> str:
        # With the token in it: the way out names no address in errors and logs, and nor may we.
        return f"{self.settings.base_url.rstrip('/')}/bot{self.settings.bot_token.get_secret_value()}/{method}"

    def handshake(self, delivery: Delivery) -> Answer | None:
        """None: Telegram does not check the address."""
        del delivery
        return None

    def prove(self, delivery: Delivery) -> None:
        """By the word that setWebhook was told and that comes with every delivery; raises NotProven."""
        given, words = delivery.headers.get(_SECRET, ""), self.settings.webhook_secrets
        if not is_signed_by_any(words, b"", given, sign=lambda word, _: word.get_secret_value()):
            raise NotProven("The secret token is none of webhook_secrets. Tell setWebhook one of them.")

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The update's id; raises BadPayload where it has none."""
        return str(shaped(_Update, delivery.json()).update_id)

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """The one thing that an update tells of; raises BadPayload where it is no update."""
        update = delivery.json()
        number = shaped(_Update, update).update_id
        told = [self._event(number, kind, update[kind], delivery.received_at) for kind in update if kind != "update_id"]
        return told or [Event(key=str(number), order_by=self.account, left_alone="an update without content")]

    def _event(self, number: int, kind: str, told: Any, received_at: datetime) -> Event:
        raw = told if isinstance(told, dict) else {}
        try:
            who = self._who(shaped(_About, raw).user)
        except BadPayload:
            who = None
        event = Event(key=f"{number}:{kind[:40]}", order_by=who.value if who else self.account, who=who)
        try:
            if why := _none_of_ours(kind, raw):
                return replace(event, left_alone=why)
            at, records = self._read(kind, raw, received_at)
        except BadPayload as error:
            return replace(event, unread=error.reason)
        return replace(event, at=at, records=tuple(_numbered(one, number) for one in records))

    def _read(self, kind: str, raw: Mapping[str, Any], received_at: datetime) -> _News:
        """When it happened, and what it means."""
        if kind == "my_chat_member":
            told = shaped(_Membership, raw, kind)
            status = "WITHDRAWN" if told.status == "kicked" else "GRANTED"
            say = Say(who=self._who(told.user.id), purpose=_BEING_WRITTEN_TO, status=status, at=told.date)
            return say.at, (say,)
        if kind == "callback_query":
            press = shaped(_Press, raw, kind)
            at, text = received_at, aside("button", label(press.keys, press.data))  # Telegram does not say when.
            return at, self._spoken(press.user, f"button:{press.id}", at, text, None)
        if kind == "message_reaction":
            reaction = shaped(_Reaction, raw, kind)
            signs, at = [str(one.get("emoji") or "") for one in reaction.new_reaction], reaction.date
            text = aside("reaction", *signs) if signs else "[reaction taken back]"
            # One thing said, which is another one when they change their mind.
            return at, self._spoken(reaction.user, f"{reaction.message_id}:reaction", at, text, at)
        return self._message(shaped(_Message, raw, kind), raw, kind)

    def _message(self, told: _Message, raw: Mapping[str, Any], kind: str) -> _News:
        """A message, new or edited. What was forwarded is told as if written by the person, and proves nothing."""
        attached = next((one for one in _FILES if raw.get(one) is not None), None)
        is_own = raw.keys().isdisjoint({"forward_origin", "forward_date"})
        text = said(raw, told.text or told.caption, is_file=attached is not None)
        person, talk, utterance = self._spoken(told.user, str(told.message_id), told.date, text, told.edit_date)
        start = _START.fullmatch(told.text or "")
        if start and is_own:
            came_by = {"channel": self.name, "page": None, "referrer": start[1]}
            person, talk = replace(person, entry_point=came_by), replace(talk, entry_point=came_by)
        # Mostly with its country code; of which country one without it is nobody says: it is told in words alone.
        own = told.phone if told.phone_of == told.user.id and is_own else None
        if number := as_phone(f"+{(own or '').removeprefix('+')}", None):
            person = replace(person, reaches=(Reach(type="PHONE", value=number),))
        files = (self._file(attached, raw, kind, utterance),) if attached else ()
        return told.edit_date or told.date, (person, talk, utterance, *files)

    def _spoken(self, by: _User, number: str, at: datetime, text: str | None, edited_at: datetime | None) -> _Spoken:
        """The person, the conversation, and what was said in it."""
        who = self._who(by.id)
        talk, place = self.talk_with(who), dict[str, Any](channel=self.name, account=self.account)
        told: dict[str, Any] = {"direction": "IN", "sent_at": at, "text": text, "updated_at": edited_at}
        utterance = Utterance(**place, external_id=f"{talk}:{number}", talk=talk, who=who, **told)
        private = Talk(**place, external_id=talk, who=who, started_at=at, last_message_at=at)
        return replace(self._person(by), seen_at=edited_at or at), private, utterance

    def _file(self, attached: str, raw: Mapping[str, Any], kind: str, of: Utterance) -> File:
        """What is known of the file that came along; of a photo's sizes the last, which is the largest."""
        one = raw[attached]
        told = shaped(_Attached, one[-1] if one and isinstance(one, list) else one, f"{kind}.{attached}")
        media_type = (told.mime_type or "").strip() or _FILES[attached]
        # One file may come with several messages, and is one of each.
        place = dict[str, Any](channel=self.name, account=self.account, external_id=f"{of.external_id}:{told.file_id}")
        known = dict[str, Any](media_type=media_type, size_bytes=told.file_size, created_at=of.sent_at, who=of.who)
        name = file_name(told.file_name, attached, media_type)
        return File(**place, **known, name=name, of=of.external_id, of_kind="message")

    def _person(self, told: _User) -> Person:
        """What somebody shows of themselves: the name that people give themselves there is none that we were told."""
        name = " ".join(filter(None, (told.first_name, told.last_name)))
        shown = {"name": name, "username": told.username, "locale": told.language_code}
        return Person(who=self._who(told.id), profile={key: value for key, value in shown.items() if value})

    def _who(self, user: int) -> Who:
        return Who(self.name, self.account, str(user))


_KINDS: Final = frozenset({"message", "edited_message", "callback_query", "message_reaction", "my_chat_member"})
_FILES: Final[Mapping[str, str]] = {
    # An animation comes as a document, too.
    **dict.fromkeys(("animation", "video", "video_note"), "video/mp4"),
    "audio": "audio/mpeg",
    "document": UNKNOWN_TYPE,
    "photo": "image/jpeg",
    "sticker": "image/webp",
    "voice": "audio/ogg",
}
"""Of each kind of file the type that it has where Telegram tells none."""
# What Telegram notes in a chat by itself.
_NOTES: Final = re.compile(
    "pinned_message|(message_auto_|write_access|proximity_|boost_|giveaway|managed_bot_|poll_option_|checklist_tasks_).*"
    "|new_chat_(members|title|photo)|(left|delete|migrate_to|migrate_from|video|voice)_chat_.*|chat_(background|owner)_.*"
    "|connected_website|(super)?(group|channel)_chat_created|(general_)?forum_.*|\\w+_price_changed"
    "|suggested_post_(?!info).*"
)
# What comes of a link t.me/BOT?start=WORD, by which the company sees where somebody came from.
_START: Final = re.compile(r"/start(?:@\w+)? (\S{1,64})")


def _none_of_ours(kind: str, raw: Mapping[str, Any]) -> str | None:
    """Why an update is none of the house's business; None for all others. Raises BadPayload."""
    if "inline_message_id" in raw or (kind not in _KINDS and "message_id" not in raw):
        return f"an update of the kind {kind[:40]}"
    place = shaped(_InChat, raw, kind)
    if place.type != "private" or place.is_bot:
        return "a bot" if place.is_bot else "a group or channel"
    if any(one not in (None, False) and _NOTES.fullmatch(name) for name, one in raw.items()):
        return "a note of Telegram's"
    if kind not in _KINDS:
        # A customer's words, perhaps: whoever reads them one day finds them set aside.
        raise BadPayload("a message in a kind of update that is not known")
    return None


def _numbered(one: HandedOver, number: int) -> HandedOver:
    """The record; of a text that was changed which it is: seconds are too coarse for that, and updates are counted."""
    return replace(one, edition=number) if isinstance(one, Utterance) and one.updated_at else one


def _require_person(who: Who, error: type[ChannelError]) -> None:
    # An `@name` would be a public channel, and a negative number a group: in both, others would read it.
    if not (who.value.isascii() and who.value.isdecimal()):
        raise error("That is no id of a person on Telegram, which is a number.")


_ANN: Final = b'"id": 5123456789, "first_name": "Ann", "last_name": "Sample", "username": "ann_sample"'
_BY: Final = b'"from": {%s}, "chat": {"type": "private", %s}' % (_ANN, _ANN)

CHANNEL = Telegram
EXAMPLES: Final = Examples(
    settings={"bot_token": "1234567890:sample-token", "webhook_secrets": ["sample-secret", "sample-former-secret"]},
    address="base_url",
    person="5123456789",
    answers={
        "/bot1234567890:sample-token/getChat": b'{"ok": true, "result": {%s}}' % _ANN,
        "/bot1234567890:sample-token/sendMessage": b'{"ok": true, "result": {"message_id": 42}}',
    },
    deliveries=(
        b'{"update_id": 1, "message": {"message_id": 7, "date": 1764149400, "text": "/start spring", %s}}' % _BY,
        b'{"update_id": 2, "my_chat_member": {"date": 1764149500, "new_chat_member": {"status": "kicked"}, %s}}' % _BY,
    ),
    sign=lambda _, settings: {_SECRET: settings.webhook_secrets[0].get_secret_value()},
    signs_body=False,
)
