"""Which words may a mapping of a REST channel say, and in which shape?"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

By = Literal["who", "email", "phone"]
Scalar = str | int | float | bool


class Stated(BaseModel):
    """One table of a mapping; a word that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class StatedSource(Stated):
    """`[source]`: what holds for every record."""

    zone: str | None = None
    currency: str | None = None
    decimal: str = "."
    empty: list[str] = []


class StatedTable(Stated):
    """`[[table]]`: a file in which fields look things up."""

    name: str
    file: str
    key: str


class StatedAuth(Stated):
    """`[auth]`: how requests show whose they are; the secrets themselves stand in the channel's settings."""

    scheme: Literal["bearer", "basic", "header", "query", "oauth2", "none"]
    name: str | None = None
    prefix: str = ""
    token_url: str | None = None
    token_host: str | None = None
    scope: str | None = None


class StatedErrors(Stated):
    """`[errors]`: what an answer means that is no plain good one."""

    nothing: list[int] = []
    not_found: list[int] = []
    busy: list[int] = []
    refused: list[int] = []
    down: list[int] = []
    nothing_when: str | None = None
    not_found_when: str | None = None
    busy_when: str | None = None
    refused_when: str | None = None
    down_when: str | None = None
    retry_after: str = "retry-after"
    retry_after_path: str | None = None
    code: str | None = None


class StatedLimits(Stated):
    """`[limits]`: within which bounds the vendor is called."""

    at_once: PositiveInt = 8
    try_s: PositiveFloat = 5.0
    tries: PositiveInt = 3
    largest_body: PositiveInt = 8 * 1024 * 1024


class StatedRequest(Stated):
    """A request: what stands in braces is filled in when it is made."""

    method: Literal["GET", "POST"] = "GET"
    path: str
    params: dict[str, Scalar] = {}
    headers: dict[str, str] = {}
    body: Any = None
    quotes: Literal["backslash", "double"] | None = None


class StatedPaging(Stated):
    """`paging`: how an answer is gone on from."""

    kind: Literal["cursor", "link", "link_header", "page", "offset"]
    next: str | None = None
    more: str | None = None
    start: int = Field(default=1, ge=0)
    size: PositiveInt = 100


class StatedRecords(Stated):
    """`records`: which part of an answer becomes which record."""

    record: str
    elements: str | list[str] = Field(default="@", alias="list")
    only: str | None = None
    optional: bool = False
    currency: str | None = None
    lines: str | None = None
    parcels: str | None = None
    fields: dict[str, Any]


class StatedMany(StatedRequest):
    """`many`: how several people are asked for at once."""

    at_most: PositiveInt
    each: str
    whose: str


class StatedAsk(StatedRequest):
    """`[[ask]]`: the request of one capability, and what its answer says."""

    capability: Literal["profile", "history", "tickets", "purchases", "interests"]
    by: By = "who"
    fresh_s: NonNegativeFloat = 0.0
    stale_s: NonNegativeFloat = 0.0
    paging: StatedPaging | None = None
    records: list[StatedRecords] = Field(min_length=1)
    many: StatedMany | None = None


class StatedFind(StatedRequest):
    """`[[find]]`: by which request a person's own id is found from an address."""

    by: Literal["email", "phone"]
    id: str
    fresh_s: NonNegativeFloat = 300.0
    stale_s: NonNegativeFloat = 0.0


class StatedSignature(Stated):
    """`webhook.signature`: how a delivery proves that it is the vendor's."""

    scheme: Literal["hmac", "standard_webhooks", "token"]
    header: str | None = None
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    over: str = "{body}"
    timestamp: str | None = None
    timestamp_style: Literal["unix", "unix_ms", "iso"] = "unix"
    tolerance_s: PositiveFloat = 300.0
    status: int = Field(default=401, ge=400, le=499)


class StatedEvent(Stated):
    """`[[webhook.event]]`: which records events of these types tell of."""

    types: list[str] = Field(min_length=1)
    records: list[StatedRecords] = Field(min_length=1)


class StatedWebhook(Stated):
    """`[webhook]`: how deliveries are proven and taken apart."""

    signature: StatedSignature
    delivery_key: str | None = None
    events: str = "@"
    type: str
    key: Any
    order_by: Any
    at: Any = None
    leave: list[str] = []
    event: list[StatedEvent] = []


class StatedSend(StatedRequest):
    """`[send]`: the request that sends a text, and where its answer names the message."""

    method: Literal["GET", "POST"] = "POST"
    id: str | None = None
    repeatable: bool = False


class StatedOrder(StatedRequest):
    """`[order]`: the request that places an order, and what its answer says of it."""

    method: Literal["POST"] = "POST"
    id: str | None = None
    records: list[StatedRecords] = []
    repeatable: bool = False


class StatedPayment(StatedRequest):
    """`[payment]`: the request that asks for money, and where its answer names the page on which it is paid."""

    method: Literal["POST"] = "POST"
    id: str
    url: str
    expires_at: Any = None
    repeatable: bool = False


class StatedMapping(Stated):
    """A whole mapping."""

    name: str | None = None
    base_url: str
    source: StatedSource = StatedSource()
    auth: StatedAuth
    errors: StatedErrors = StatedErrors()
    limits: StatedLimits = StatedLimits()
    table: list[StatedTable] = []
    find: list[StatedFind] = []
    ask: list[StatedAsk] = []
    webhook: StatedWebhook | None = None
    send: StatedSend | None = None
    order: StatedOrder | None = None
    payment: StatedPayment | None = None
