"""A company on five channels, with its gateway at work, and one person who comes to it by each of them."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, cast

import httpx
import jwt
from pydantic import SecretStr

from adapters.channels import meta
from adapters.channels.email.channel import Email
from adapters.channels.email.opening import SIGNATURE, TIMESTAMP, signed_part
from adapters.channels.messenger import Messenger
from adapters.channels.shopify.channel import Shopify
from adapters.channels.webchat import WebChat
from adapters.channels.whatsapp.channel import WhatsApp
from adapters.conformance.post_office import PostOffice, post_office
from adapters.contract.channel import Channel, Equipment
from adapters.contract.way import Standing, Way
from adapters.http.session import Outside
from adapters.lines import Lines
from adapters.signatures import hmac_sha256_hex
from gateway.app import House, application
from gateway.tokens import signed_token
from resolvers.kit.viewer import Role
from tests.channels import meta_graph
from tests.channels.email.letters import OURS, mail
from tests.channels.messenger import double as page
from tests.channels.shopify import double as till
from tests.channels.shopify.making import buyer, goods, mailbox, sale, told_sale
from tests.channels.whatsapp import double as cloud
from tests.desks import SIGNING_SECRET, Stood
from tests.waiting import until
from tests.workloads import W1

ADDRESS, NUMBER, CUSTOMER = "ann@example.com", "14155550123", 7
"""The person's e-mail address, telephone, and number among the shop's customers."""
MAIL_SECRET: Final = "a sample secret of the mailbox's webhook"
_TOKEN_S: Final = 86_400.0
ORIGIN: Final = "https://www.shop.example"
CHECKED: Final = "Authentication-Results: mx.shop.example; dmarc=pass header.from=example.com"


@dataclass
class Clock:
    """A clock that a test sets ahead, so that one thing happens a while after the other.

    It begins three hours ago: tokens of a time that is to come are good nowhere.
    """

    ahead: timedelta = timedelta(hours=-3)

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self.ahead

    def later(self, minutes: int = 1) -> datetime:
        """A while later, in whole seconds, as mails tell the time."""
        self.ahead += timedelta(minutes=minutes)
        return self().replace(microsecond=0)


@dataclass
class Vendors:
    """Those behind the channels, and the lines to them."""

    shop: till.Shop = field(default_factory=lambda: till.Shop(today=datetime.now(UTC)))
    office: PostOffice = field(default_factory=PostOffice)
    meta: meta_graph.Graph = field(default_factory=meta_graph.Graph)
    whatsapp: cloud.Cloud = field(default_factory=cloud.Cloud)
    lines: Lines = field(default_factory=Lines)


@asynccontextmanager
async def vendors() -> AsyncIterator[Vendors]:
    """The vendors for as long as the block lasts, each reachable on this machine."""
    async with AsyncExitStack() as opened:
        made = Vendors()
        await opened.enter_async_context(till.serving(made.shop))
        await opened.enter_async_context(post_office(made.office))
        await opened.enter_async_context(meta_graph.serving(made.meta))
        await opened.enter_async_context(cloud.serving(made.whatsapp))
        outside = await opened.enter_async_context(Outside())
        made.lines = Lines(_channels(made, outside))
        yield made


def _channels(made: Vendors, outside: Outside) -> list[Channel]:
    def line(cls: Any, account: str, **settings: Any) -> Channel:
        way = outside.way(cls.name, account, cls.manners)
        equipment = Equipment(way=way, default_region="US")
        channel: Channel = cls(account, cls.Settings.model_validate(settings), equipment)
        return channel

    of_page = {"access_token": meta_graph.TOKEN, "app_secrets": [meta_graph.SECRET], "app_id": meta_graph.APP}
    of_cloud = {"access_token": cloud.TOKEN, "app_secrets": [cloud.SECRET], "verify_token": cloud.VERIFY_TOKEN}
    of_mail = {"address": OURS, "webhook_secrets": [MAIL_SECRET], "trusted_servers": ["mx.shop.example"]}
    chat = WebChat.Settings.model_validate(
        {"allowed_origins": [ORIGIN], "identity_secrets": [SIGNING_SECRET], "token_minutes": 24 * 60}
    )
    return [
        WebChat("main", chat, Equipment(way=cast("Way", Stood(Standing())))),
        line(*(Shopify, "acme"), base_url=made.shop.url, access_token=till.TOKEN, client_secrets=[till.SECRET]),
        line(Email, "support", smtp_url=f"smtp://127.0.0.1:{made.office.port}", **of_mail),
        line(Messenger, page.PAGE, base_url=made.meta.url, verify_token=meta_graph.VERIFY_TOKEN, **of_page),
        line(WhatsApp, cloud.NUMBER, base_url=made.whatsapp.url, **of_cloud),
    ]


@dataclass
class Company:
    """The gateway of the company, at work, by its front door alone."""

    house: House
    clock: Clock
    vendors: Vendors
    client: httpx.AsyncClient
    _keys: Any = field(default_factory=lambda: itertools.count(1))

    # The agent

    def token(self, role: Role = Role.AGENT) -> str:
        """A token of a colleague's."""
        at = self.clock().timestamp()
        return signed_token(self.house.settings, role, "anna", at=at, for_s=_TOKEN_S)

    async def ask(self, query: str, *, token: str | None = None, **variables: Any) -> Any:
        """What is answered to an agent, or to whoever has the token."""
        token = self.token() if token is None else token
        headers = {"Origin": ORIGIN, **({"Authorization": f"Bearer {token}"} if token else {})}
        response = await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def changes(self, mutation: str, shown: str = "", by: Role = Role.AGENT, **input: Any) -> Any:
        """What a change of the agent's comes to; a refusal is a failure."""
        name = f"{mutation[0].upper()}{mutation[1:]}"
        more = f"... on {name}Payload {{ {shown} }}" if shown else ""
        query = f"""mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename
          {more} ... on Refusal {{ code message }} }} }}"""
        got = (await self.ask(query, token=self.token(by), input=input))[mutation]
        assert "code" not in got, got
        return got

    async def panel(self, channel: str, account: str, value: str) -> Any:
        """The agent's panel of whoever is known by that: W1; None where nobody is."""
        found = (await self.ask(W1, channel=channel, account=account, value=value))["customerByIdentity"]
        return found and found["customer"]

    async def answers(self, talk: str, text: str) -> None:
        """The agent writes in a conversation; returns when it is queued."""
        await self.changes("sendMessage", key=f"{next(self._keys)}", conversationId=talk, text=text)

    async def joins(self, customer: str, channel: str, account: str, value: str) -> None:
        """The agent has made sure that who writes there is the customer."""
        query = """query ($channel: String!, $account: String!, $value: String!) {
          customerByIdentity(channel: $channel, account: $account, value: $value) { customer {
            conversations { nodes { id } } } } }"""
        named = {"channel": channel, "account": account, "value": value}
        found: Any = None

        async def is_there() -> bool:
            nonlocal found
            found = (await self.ask(query, **named))["customerByIdentity"]
            return found is not None

        await until(is_there, within_s=30)
        (talk,) = found["customer"]["conversations"]["nodes"]
        of = "customer { identities { id channel value } }"
        got = await self.changes("relinkConversation", of, id=talk["id"], customerId=customer)
        # It was theirs of whom nothing else was known; as the customer's it is another one.
        identities = [
            one for one in got["customer"]["identities"] if (one["channel"], one["value"]) == (channel, value)
        ]
        await self.changes("verifyIdentity", id=identities[0]["id"])

    async def knows_number(self, customer: str) -> None:
        """The agent has made sure of the customer's number, by which customers are known on channels."""
        rules = {"isChannelIdentifier": True}
        name, of = "mobile", "query ($id: ID!) { customer(id: $id) { version } }"
        given = {"name": name, "type": "PHONE_NUMBER", "rules": rules}
        await self.changes("addAttributeDefinition", by=Role.ADMINISTRATOR, **given)
        version = (await self.ask(of, id=customer))["customer"]["version"]
        value = {"name": name, "value": f"+{NUMBER}", "isVerified": True}
        await self.changes("editCustomer", id=customer, version=version, attributes=[value])

    # What vendors deliver

    async def post(self, channel: str, account: str, body: bytes, **headers: str) -> None:
        """A delivery that is acknowledged."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.post(f"/webhooks/{channel}/{account}", content=body, headers=named)
        assert response.status_code == httpx.codes.OK, response.text

    async def told_by_shop(self, topic: str, told: Mapping[str, Any]) -> None:
        """The shop tells of something."""
        body = json.dumps(told).encode()
        signature = base64.b64encode(hmac.new(till.SECRET.encode(), body, hashlib.sha256).digest()).decode()
        more = {"x_shopify_shop_domain": till.DOMAIN, "x_shopify_webhook_id": f"w-{next(self._keys)}"}
        await self.post("shopify", "acme", body, x_shopify_topic=topic, x_shopify_hmac_sha256=signature, **more)

    async def mailed(self, raw: bytes) -> None:
        """A mail server hands a mail over."""
        at = str(int(self.clock().timestamp()))
        made = f"sha256={hmac_sha256_hex(SecretStr(MAIL_SECRET), signed_part(at, raw))}"
        await self.post("email", "support", raw, **{TIMESTAMP: at, SIGNATURE: made, "content_type": "message/rfc822"})

    async def told_by_meta(self, channel: str, account: str, told: Mapping[str, Any], secret: str) -> None:
        """Meta tells of something on one of its channels."""
        body = json.dumps(told).encode()
        await self.post(channel, account, body, x_hub_signature_256=meta.signature(SecretStr(secret), body))


@dataclass
class Person:
    """Ann, who comes to the company by all of its channels."""

    company: Company
    token: str = ""
    resume: str = ""
    talk: str = ""

    @property
    def clock(self) -> Clock:
        """The clock by which she lives."""
        return self.company.clock

    # In the browser

    async def visits(self) -> None:
        """Opens a page with the widget on it."""
        self.clock.later()
        given = {"account": "main", "page": f"{ORIGIN}/bells", "referrer": "https://search.example/"}
        query = """mutation ($input: StartChatInput!) { startChat(input: $input) { ... on StartChatPayload {
          token resume chat { conversation { id } } } ... on Refusal { code message } } }"""
        got = (await self.company.ask(query, token="", input=given))["startChat"]
        self.token, self.resume, self.talk = got["token"], got["resume"], got["chat"]["conversation"]["id"]

    async def does(self, query: str, **variables: Any) -> Any:
        """What the widget is answered."""
        return await self.company.ask(query, token=self.token, **variables)

    async def is_refused(self, query: str) -> bool:
        """Whether the widget's token is not good for that."""
        headers = {"Origin": ORIGIN, "Authorization": f"Bearer {self.token}"}
        response = await self.company.client.post("/graphql", json={"query": query}, headers=headers)
        return [one["extensions"]["code"] for one in response.json()["errors"]] == ["FORBIDDEN"]

    async def chats(self, text: str) -> None:
        """Writes into the chat."""
        self.clock.later()
        query = """mutation ($input: SendChatMessageInput!) { sendChatMessage(input: $input) { __typename } }"""
        got = await self.does(query, input={"key": text, "text": text})
        assert got["sendChatMessage"]["__typename"] == "SendChatMessagePayload"

    async def identifies(self, **given: Any) -> bool:
        """Says who she is; whether that is proven."""
        self.clock.later()
        query = """mutation ($input: IdentifyVisitorInput!) { identifyVisitor(input: $input) {
          ... on IdentifyVisitorPayload { isVerified token } ... on Refusal { code message } } }"""
        got = (await self.does(query, input=given))["identifyVisitor"]
        self.token = got["token"]
        return bool(got["isVerified"])

    async def signs_in(self, **claims: Any) -> bool:
        """The company's backend signs who she is."""
        now = int(self.clock().timestamp())
        told = {"sub": "4711", "aud": "main", "exp": now + 300, "email": ADDRESS, "email_verified": True}
        return await self.identifies(signed=jwt.encode({**told, **claims}, SIGNING_SECRET, algorithm="HS256"))

    async def reads(self) -> list[str]:
        """What stands in the chat."""
        found = await self.does("{ chat { messages { text } } }")
        return [one["text"] for one in found["chat"]["messages"]]

    # In the shop

    def orders(self, number: int = 1001, **told: Any) -> dict[str, Any]:
        """Buys two bells, as the shop's own system shows it; nobody was told yet."""
        at = self.clock.later().isoformat().replace("+00:00", "Z")
        moments = dict.fromkeys(("processedAt", "createdAt", "updatedAt"), at)
        made = sale(number, CUSTOMER, goods(81, quantity=2), email=ADDRESS, **moments)
        shop = self.company.vendors.shop
        if not shop.buyers:
            shop.buyers.append(self.as_buyer() | told)
        shop.sales.append(made)
        return made

    def as_buyer(self) -> dict[str, Any]:
        """As the shop knows her: she has an account there."""
        return buyer(CUSTOMER, state="ENABLED", defaultEmailAddress=mailbox(ADDRESS))

    async def buys(self, **told: Any) -> None:
        """Buys two bells, of which the shop tells at once; `told` is what it says else of her."""
        made = self.orders(**told)
        await self.company.told_by_shop("orders/create", told_sale(made, self.company.vendors.shop.buyers[0]))

    # By mail and messenger

    async def mails(self, text: str, *, is_proven: bool = True) -> None:
        """Writes a mail, which the company's mail server has checked."""
        at = self.clock.later()
        raw = mail(
            text, given=[CHECKED] if is_proven else [], date=format_datetime(at), message_id=f"<{at.timestamp():.0f}@x>"
        )
        await self.company.mailed(raw)

    async def messages(self, text: str) -> None:
        """Writes on Messenger, where the company knows her by nothing else."""
        at = int(self.clock.later().timestamp() * 1000)
        told = page.enveloped(page.message(f"m_{at}", text, at=at))
        await self.company.told_by_meta("messenger", page.PAGE, told, meta_graph.SECRET)

    async def texts(self, text: str) -> None:
        """Writes on WhatsApp, where the company knows her by her number."""
        at = int(self.clock.later().timestamp())
        one = cloud.message(text={"body": text}, id=f"wamid.{at}", timestamp=str(at), **{"from": NUMBER})
        await self.company.told_by_meta("whatsapp", cloud.NUMBER, cloud.enveloped({"messages": [one]}), cloud.SECRET)


@asynccontextmanager
async def opened(house: House, clock: Clock, behind: Vendors) -> AsyncIterator[Company]:
    """The company, whose gateway works for as long as the block lasts."""
    transport = httpx.ASGITransport(application(house))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gate.example") as client, house.working():
            yield Company(house, clock, behind, client)
    finally:
        if house.asking:
            await house.asking.close()
        await house.inbox.close()
        await house.ledger.close()
