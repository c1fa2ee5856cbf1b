"""How much may anybody ask at once, how often, and how long may it take?

Part of the knobs (gateway/settings.py), each an environment variable as all are.
"""

from typing import Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "GATEWAY_"


class LimitSettings(BaseSettings):
    """The limits of the gateway."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    profile: Literal["development", "production"] = Field(
        default="development",
        description="`production` where the public comes in: then the schema (introspection, `_service`, the "
        "playground, `Did you mean ...?`) is told to administrators alone, and to partners with the scope `schema`. "
        "Visitors are never told.",
    )
    federation_rights: Literal["told", "enforced"] = Field(
        default="told",
        description="How a subgraph's `_service` says who may ask for what. `told`: for people to read, and every "
        "router takes it. `enforced`: by Federation's own `@authenticated` and `@policy`, for a router that sees to "
        "them, too; Apollo's `@apollo/gateway` refuses them. This gateway sees to all rights either way.",
    )
    page_size: int = Field(default=20, ge=1, description="Rows of a page when a question names no number: a screenful.")
    largest_page: int = Field(
        default=100, ge=1, description="Rows of a page at most: the work of one answer stays bounded."
    )
    most_references: int = Field(
        default=1_000,
        ge=1,
        description="References that a router may send in one `_entities`: it sends all that a page of another "
        "subgraph refers to, and does not ask in parts. Each costs as a row does.",
    )
    most_rows: int = Field(
        default=15_000,
        ge=100,
        description="Rows that one question may load, all its lists and levels together: 100 customers with 100 orders "
        "each, and half as much again beside them. Lists inside lists would otherwise multiply without end.",
    )
    connections: int = Field(
        default=5_000,
        ge=10,
        description="Connections of all kinds that one process holds. For one more that one gives way which has been "
        "idle longest, with no whole request that waits for its answer: so connections that ask nothing shut nobody "
        "out, wherever they come from. WebSockets are never idle. Where all wait for answers, the new one is answered "
        "503. Each takes a file descriptor: `ulimit -n` must be some 300 higher.",
    )
    head_bytes: int = Field(
        default=32 * 1024,
        ge=4 * 1024,
        description="A request's head at most, its address and headers: a token has 8 KiB.",
    )
    head_read_s: float = Field(
        default=10.0, gt=0, description="How long a head may take to arrive: a slow sender must not hold a place."
    )
    body_bytes: int = Field(
        default=256 * 1024, ge=1024, description="A request's body at most: the longest question with its variables."
    )
    question_bytes: int = Field(
        default=64 * 1024,
        ge=1024,
        description="A question's text at most: parsing costs time before anything is known.",
    )
    question_tokens: int = Field(
        default=2_000,
        ge=200,
        description="A question's words, numbers and signs at most: checking costs far more for each than reading. The "
        "playground's own question about the schema has 163.",
    )
    question_depth: int = Field(
        default=12,
        ge=1,
        description="Fields inside fields at most, introspection's own apart: panels need seven, and each level may "
        "multiply what is read.",
    )
    question_root_fields: int = Field(default=20, ge=1, description="Fields at a question's top at most.")
    question_fields: int = Field(
        default=300,
        ge=1,
        description="A question's fields at most, each fragment written out where it is spread: a few words could "
        "otherwise stand for millions. The tools' own question about the schema has 229.",
    )
    question_aliases: int = Field(
        default=30, ge=0, description="Aliases at most, counted so: under many names one thing can be asked for often."
    )
    question_directives: int = Field(
        default=30, ge=0, description="Directives at most, counted so: each is looked at for each place."
    )
    question_fragments: int = Field(default=50, ge=0, description="Fragments of a document at most.")
    question_operations: int = Field(default=10, ge=1, description="Operations of a document at most.")
    question_name_length: int = Field(
        default=128,
        ge=32,
        description="Letters at most of an alias, and of the name of an operation, a fragment or a variable: an alias "
        "stands in the answer for each row.",
    )
    question_entries: int = Field(
        default=500,
        ge=1,
        description="Entries at most of all the lists in a question's arguments together, such as the words of a "
        "filter, with each list counted wherever it is used. Ids that name rows (`nodes`) count as rows instead.",
    )
    question_cost: int = Field(
        default=5_000,
        ge=1,
        description="What a question may cost: a row each, lists inside lists multiplied, as far as its text and "
        "variables tell; 200 for the `totalCount` of all there are; 1,000 for a condition on customers by their "
        "records, and as much again where they are counted. `POST /graphql/cost` tells it without asking.",
    )
    new_questions_ms_per_s: float = Field(
        default=100.0,
        ge=0,
        le=1000,
        description="Milliseconds of each second that one caller's new questions may take of a process to be read and "
        "checked, thirty times as many at once, and a tenth of both for such as are refused; 0: no bound. A question "
        "whose text is known takes none: clients send values as variables.",
    )
    answer_bytes: int = Field(
        default=16 * 1024 * 1024,
        ge=64 * 1024,
        description="An answer at most, over HTTP or in a WebSocket message: it is kept until somebody has taken it.",
    )
    body_read_s: float = Field(
        default=10.0, gt=0, description="How long a body may take to arrive: a slow sender must not hold a place."
    )
    delivery_bytes: int = Field(
        default=4 * 1024 * 1024,
        ge=1024,
        description="A vendor's delivery at most (`/webhooks/`): Meta's are documented with up to 3 MB.",
    )
    bodies_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024,
        description="The bodies that arrive in one process at once, all together, of questions and as much again of "
        "deliveries; of more the largest are answered 503. One alone always fits.",
    )
    execution_s: float = Field(
        default=15.0,
        gt=0,
        description="How long an answer may take, and before it to verify who asks: no agent waits longer with a "
        "customer on the line.",
    )
    long_at_once: int = Field(
        default=4,
        ge=1,
        description="Questions of more than 250 rows, or of counts that cost as much, that one process has under way, "
        "half of them of one caller; the others wait, and short ones never wait behind them. Raise it where the "
        "database is far away.",
    )
    live_s: float = Field(
        default=0.8,
        gt=0,
        description="How long an answer waits for channels that are asked live, in seconds, all of them together: what "
        "comes later is kept for the next question, and `sources` says so. An agent notices a second.",
    )
    lookups_per_minute: int = Field(
        default=600,
        ge=0,
        description="How often one viewer may ask within a minute who stands behind an identity, in each process; 0 "
        "sets no bound. Ten a second is a busy team behind one key, and to try a million numbers takes a day; for "
        "people 60 would do.",
    )
    requests_per_minute: int = Field(
        default=6_000,
        ge=0,
        description="How often one viewer may ask within a minute; a visitor a tenth of it. 0 sets no bound. A hundred "
        "a second is a busy program behind one key.",
    )
    cost_per_minute: int = Field(
        default=600_000,
        ge=0,
        description="What the questions of one viewer may cost within a minute, all together; a visitor's a tenth of "
        "it. 0 sets no bound. It is an agent's panel seventy times a second.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="The Redis (`redis://`, `rediss://`) in which all processes count together how often somebody "
        "asked; without it each counts for itself. Needs `profile-gateway[redis]`. Secret, because it may hold a "
        "password.",
    )
    rates_without_redis: Literal["count", "refuse"] = Field(
        default="count",
        description="While that Redis does not answer: `count` in each process meanwhile, or `refuse` what is bounded "
        "with UNAVAILABLE.",
    )
    subscriptions: int = Field(
        default=1_000,
        ge=1,
        description="Subscriptions that one process holds: each keeps a connection open. A tenth of them "
        "is never given to visitors, so that agents find a place.",
    )
    subscriptions_per_caller: int = Field(
        default=20,
        ge=1,
        description="Subscriptions that one process holds for one caller: an agent's panels, a visitor's tabs. Raise "
        "it where a program follows for many people with one key.",
    )
    subscriptions_per_address: int = Field(
        default=100,
        ge=1,
        description="Subscriptions that one process holds for the visitors behind one address of the internet, or one "
        "/64 network of the sixth version: an office whose people all chat. Agents are not counted by address.",
    )
    resuming: int = Field(
        default=100,
        ge=1,
        description="Subscriptions of one process that catch up at once with what they missed (`resumeAt`): each holds "
        "a change stream of the database meanwhile. Others are told to try again in a few seconds.",
    )
    resuming_per_caller: int = Field(
        default=20,
        ge=1,
        description="Of those, how many one caller holds: all that an agent follows, behind a lost connection.",
    )
    sockets: int = Field(
        default=2_000,
        ge=1,
        description="WebSocket connections that one process holds, also such as ask nothing.",
    )
    sockets_per_address: int = Field(
        default=200,
        ge=1,
        description="Of those, how many one address of the internet (or one /64 network of the sixth version) holds "
        "that have not said yet who asks, or whose caller is a visitor. Agents are not counted by address.",
    )
    sockets_per_caller: int = Field(
        default=50,
        ge=1,
        description="Of those, how many one caller holds: an agent's tabs. Raise it where a program connects for many "
        "people with one key.",
    )
    questions_per_caller: int = Field(
        default=200,
        ge=1,
        description="Questions that one caller has under way on all WebSocket connections of one process.",
    )
    subscriptions_per_socket: int = Field(
        default=100, ge=1, description="Questions under way on one WebSocket connection, subscriptions and others."
    )
    message_bytes: int = Field(
        default=256 * 1024, ge=1024, description="A WebSocket message at most, as a request's body."
    )
    socket_frames_per_s: int = Field(
        default=20,
        ge=5,
        description="Frames that may come on one WebSocket connection, signs of life too, for a long time; twenty "
        "times as many at once, or fifty before it is said who asks. Whoever sends more is closed out with 1008.",
    )
    init_wait_s: float = Field(
        default=10.0,
        gt=0,
        description="How long a WebSocket connection may take to say who asks: a silent one must not hold a place.",
    )
    keep_alive_s: float = Field(
        default=10.0,
        gt=0,
        description="After so many silent seconds a subscription sends a sign of life, so that no proxy ends it, and "
        "sees whether the caller's token is still good. Proxies wait for 30 or 60.",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not given.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("it must begin with redis:// or rediss://")
        return given

    @model_validator(mode="after")
    def _dearest_fits(self) -> Self:
        if 0 < self.cost_per_minute < self.question_cost:
            raise ValueError(
                f"{PREFIX}COST_PER_MINUTE is {self.cost_per_minute}, less than one question may cost, which is "
                f"{self.question_cost} ({PREFIX}QUESTION_COST). Raise the first or lower the second"
            )
        return self

    @model_validator(mode="after")
    def _pages_fit(self) -> Self:
        if self.page_size > self.largest_page:
            raise ValueError(
                f"{PREFIX}PAGE_SIZE is {self.page_size}, more than {PREFIX}LARGEST_PAGE, which is {self.largest_page}. "
                "Raise the second or lower the first"
            )
        return self
