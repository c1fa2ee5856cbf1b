"""What does a newcomer see in the first minute: a real shop, and a question about one whole customer?"""

import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console

from adapters.mongo import Store
from adapters.records import key_hash
from gateway.app import House
from gateway.importing.run import Options, run_import
from gateway.playground import Welcome
from gateway.settings import Settings, environment_name
from gateway.tokens import signed_token
from resolvers.conversations import MESSAGES
from resolvers.identities import IDENTITY_KEYS
from resolvers.ingest.report import Outcome
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import LOOKUP_SCOPE, PERSONAL_SCOPE, Role
from resolvers.matching_base import BASE

DATA: Final = Path(__file__).parent / "demo_data"
"""The demo's rows; its SOURCES.md says whose they are."""

# A week is longer than anyone looks at a demo, and whoever can open the page can read the tokens anyway.
TOKENS_GOOD_FOR_S: Final = 7 * 86_400

_HERE: Final = Path(__file__).parent
# In a wheel the mappings stand inside the package, in a checkout beside it.
MAPPINGS: Final = _HERE / "mappings" if (_HERE / "mappings").is_dir() else _HERE.parent / "mappings"

CUSTOMER: Final = ("shop", "adventureworks", "13078")
"""A customer of whom every kind of record is there."""

QUESTION: Final = """# One customer, whole: press run (Ctrl-Enter).
# Then change it: Ctrl-Space says what there is.
query WholeCustomer {
  customerByIdentity(
    channel: "shop"
    account: "adventureworks"
    value: "13078"
  ) {
    kind
    customer {
      displayName
      labels { name color }
      tags { word }
      customData { name value }
      assignedAgent { name }
      identities { channel value claim }
      contactPoints { type value isPrimary }
      attributes { label value }
      purchaseTotals { orders amount { amount } }
      purchases(first: 3) {
        nodes {
          number
          placedAt
          total { amount currency }
          lines { title quantity }
          tracking { company number }
        }
      }
      tickets(first: 3) {
        nodes {
          number
          subject
          status
          assignedAgent { name }
          attachments { name }
        }
      }
      notes(first: 3) { nodes { text } }
      summary(top: 2) {
        factCount
        categories {
          category
          count
          top { name value score }
        }
      }
      history(last: 20) {
        totalCount
        nodes {
          at
          kind
          channel
          item {
            ... on Message { direction text }
            ... on Purchase { number }
            ... on Ticket { number subject }
            ... on Interest { name score }
            ... on Note { text }
          }
        }
        pageInfo { hasPreviousPage startCursor }
      }
    }
  }
}
"""

VISITOR_QUESTION: Final = """# What a customer sees: of themselves alone,
# and nothing that agents wrote. Press run.
query AboutMe {
  customer(id: "CUSTOMER") {
    displayName
    contactPoints { type value isPrimary }
    purchaseTotals { orders amount { amount } }
    purchases(first: 3) {
      nodes {
        number
        status
        total { amount currency }
        lines { title quantity }
        tracking { company number }
      }
    }
    conversations(first: 3) {
      nodes {
        channel
        status
        messages(last: 5) { nodes { direction text } }
      }
    }
    history(last: 10) {
      totalCount
      nodes { at kind channel }
    }
  }
}
"""
"""The question of a visitor, who looks nobody up; CUSTOMER stands for the visitor's own id."""

# Which files go through which mapping, in this order: what others name comes first.
_IMPORTS: Final[Sequence[tuple[Path, Sequence[str]]]] = (
    (MAPPINGS / "adventureworks.toml", ("*Product*.csv.gz", "*Customers.csv.gz", "*Sales_2021*", "*Sales_2022*")),
    (MAPPINGS / "iab_audience.toml", ("Audience_Taxonomy*",)),
    (DATA / "demo.toml", ("*.jsonl.gz", "parcels.csv.gz", "*Products.csv.gz", "*Sales_2023*")),
)


class DoublesSearch:
    """A process beside the demo's that finds who may be one person, so that nobody waits for it at the start."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    async def begin(self, store: Store, console: Console) -> None:
        """Searches as `profile-gateway duplicates` does, unless that was done before."""
        if await store.first(BASE, {}) is not None:
            return
        console.print(
            "Doubles are searched for beside it: in about a minute `duplicateSuggestions` shows Katherine Castellane, "
            "who is here twice, and others.",
            soft_wrap=True,
        )
        self._start({"MONGODB_URL": store.url, environment_name("database"): store.database})

    def _start(self, where: Mapping[str, str]) -> None:
        # What it prints would stand between the tokens.
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "duplicates"],
            env={**os.environ, **where},
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
        )

    def end(self) -> None:
        """Ends the search where it is still under way; what it has not found, the next start searches for."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


async def prepare(house: House, console: Console, doubles: DoublesSearch) -> Welcome:
    """Fills an empty database with the shop, has its doubles searched for, and answers what the playground shows."""
    if not await _is_full(house.store):
        console.print("Filling the database with a shop: real customers, products and orders of AdventureWorks.")
        await fill(house.store, console)
    await doubles.begin(house.store, console)
    keys = await house.store.by_ids(IDENTITY_KEYS, [key_hash(*CUSTOMER)])
    customer = global_id("Customer", next(iter(keys.values()))["customer_id"])
    question = VISITOR_QUESTION.replace("CUSTOMER", customer)
    return Welcome(
        question=QUESTION,
        tokens=_tokens(house, customer),
        questions={"visitor": question},
        bound_to=house.settings.host,
    )


async def fill(store: Store, console: Console) -> None:
    """Imports the demo's rows, going on where an interrupted filling stopped; the same rows again change nothing."""
    with tempfile.TemporaryDirectory() as folder:
        options = Options(rejects_folder=Path(folder))
        for mapping, patterns in _IMPORTS:
            files = sorted({file for pattern in patterns for file in DATA.glob(pattern)})
            summary = await run_import(store, mapping, files, console=console, options=options)
            if rejected := summary.count(Outcome.REJECTED):
                raise RuntimeError(f"{mapping.name} rejected {rejected} of the demo's own rows; the demo is broken.")


async def _is_full(store: Store) -> bool:
    """Whether the last row of the last file is there."""
    with gzip.open(DATA / "dialogue_messages.jsonl.gz", "rt", encoding="utf-8") as file:
        last = orjson.loads(list(file)[-1])
    key = MESSAGES.id_of({"channel": "webchat", "account": CUSTOMER[1], "external_id": last["id"]})
    return await store.first(MESSAGES, {"_id": key}) is not None


def _tokens(house: House, customer: str) -> dict[str, str]:
    """A ready-made token for each role; the visitor is that customer."""
    now = time.time()

    def token(role: Role, subject: str, **more: str) -> str:
        return signed_token(house.settings, role, subject, at=now, for_s=TOKENS_GOOD_FOR_S, more=more)

    return {
        "agent": token(Role.AGENT, "anna"),
        "supervisor": token(Role.SUPERVISOR, "sven"),
        "administrator": token(Role.ADMINISTRATOR, "alma"),
        "partner": token(Role.PARTNER, "sample-partner", scope=LOOKUP_SCOPE),
        "partner with personal values": token(Role.PARTNER, "sample-partner", scope=f"{LOOKUP_SCOPE} {PERSONAL_SCOPE}"),
        "visitor": token(Role.VISITOR, "sample-visitor", customer_id=customer),
    }


def settings_for(settings: Settings) -> Settings:
    """The settings with a database that is the demo's alone, so that it never mixes with real customers.

    Its log tells of trouble alone, unless a level is set: a newcomer looks for the tokens.
    """
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    own = {"data_folder": settings.data_folder / "demo", "database": "demo", "workers": 1, "log_level": level}
    return settings.model_copy(update=own)
