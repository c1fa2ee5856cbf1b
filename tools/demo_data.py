"""What does the demo show: how are its files made from real rows, and what had to be invented?

    python tools/demo_data.py FOLDER_OF_SETS gateway/demo_data

Real rows are copied, compressed and otherwise untouched: the shop (AdventureWorks), the taxonomy of interests (IAB Tech
Lab) and three dialogues (ABCD). What no set holds (tickets, notes, most conversations, phone numbers, agents, labels)
is invented here from a fixed seed, about the real orders; every invented row comes from a source named `demo`.
"""

import csv
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from demo_words import (
    CAMPAIGNS,
    COLLEAGUES,
    DOUBLES,
    LABELS,
    LEANINGS,
    REMARKS,
    STATUSES,
    SUBJECTS,
    TALKS,
    VISITS,
)

SEED = 20_231_121
REAL = (
    "adventureworks/AdventureWorks_Customers.csv",
    "adventureworks/AdventureWorks_Products.csv",
    "adventureworks/AdventureWorks_Product_Categories.csv",
    "adventureworks/AdventureWorks_Product_Subcategories.csv",
    "adventureworks/AdventureWorks_Sales_2021.csv",
    "adventureworks/AdventureWorks_Sales_2022.csv",
    "adventureworks/AdventureWorks_Sales_2023.csv",
    "iab_taxonomies/Audience_Taxonomy_1.1.tsv",
)
LAST_YEAR = datetime(2023, 1, 1, tzinfo=UTC)
LAST_QUARTER = datetime(2023, 4, 1, tzinfo=UTC)
LAST_WEEK = datetime(2023, 6, 24, tzinfo=UTC)


class Order(NamedTuple):
    """A real order, as far as invented rows speak of it."""

    number: str
    at: datetime
    products: list[str]
    amount: float


def main(sets: Path, out: Path) -> None:
    """Writes every file of the demo anew."""
    out.mkdir(parents=True, exist_ok=True)
    for name in REAL:
        source = sets / name
        _write(out / f"{source.name}.gz", source.read_bytes())
    names = {row["CustomerKey"]: row["FirstName"].title() for row in _table(sets, "Customers", "cp1252")}
    orders = _orders(sets)
    chance = random.Random(SEED)
    service = _service(names, orders, chance)
    files: dict[str, Iterable[dict[str, Any]]] = {
        "groups": ({"name": name} for name in sorted({name for *_, names in COLLEAGUES for name in names})),
        "colleagues": _colleagues(),
        "campaigns": ({"name": name, "starts_at": start, "ends_at": end} for name, start, end in CAMPAIGNS),
        "labels": (dict(zip(("name", "color", "priority", "description"), one, strict=True)) for one in LABELS),
        "people": _people(orders, service, chance),
        "doubles": _doubles(),
        "interests": _interests(orders, _subcategories(sets)),
        **service,
    }
    parcels = [["order", "company", "number", "status"], *_parcels(orders, chance)]
    _write(out / "parcels.csv.gz", "".join(",".join(row) + "\n" for row in parcels).encode())
    files |= _visits(chance)
    dialogues = _dialogues(sets)
    for kind, rows in dialogues.items():
        files[kind] = [*rows, *files.get(kind, ())]
    for kind, rows in files.items():
        text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
        _write(out / f"{kind}.jsonl.gz", text.encode())


def _write(path: Path, data: bytes) -> None:
    # No time and no name in the header: the same rows give the same bytes.
    path.write_bytes(gzip.compress(data, 9, mtime=0))


def _table(sets: Path, name: str, encoding: str = "utf-8-sig") -> Iterator[dict[str, str]]:
    with (sets / f"adventureworks/AdventureWorks_{name}.csv").open(encoding=encoding, newline="") as file:
        yield from csv.DictReader(file)


def _subcategories(sets: Path) -> dict[str, str]:
    """Each product's subcategory by the product's name."""
    known = {row["ProductSubcategoryKey"]: row["SubcategoryName"] for row in _table(sets, "Product_Subcategories")}
    return {row["ProductName"]: known[row["ProductSubcategoryKey"]] for row in _table(sets, "Products", "cp1252")}


def _orders(sets: Path) -> dict[str, list[Order]]:
    """The real orders by customer, oldest first."""
    products = {row["ProductKey"]: row["ProductName"] for row in _table(sets, "Products", "cp1252")}
    found: dict[tuple[str, str], Order] = {}
    for year in (2021, 2022, 2023):
        for row in _table(sets, f"Sales_{year}"):
            key = row["CustomerKey"], row["OrderNumber"]
            order = found.get(key) or Order(row["OrderNumber"], _day(row["OrderDate"]), [], 0.0)
            order.products.append(products[row["ProductKey"]])
            found[key] = order._replace(amount=order.amount + float(row["Sales"]))
    by_customer: dict[str, list[Order]] = defaultdict(list)
    for (customer, _), order in sorted(found.items(), key=lambda item: (item[1].at, item[1].number)):
        by_customer[customer].append(order)
    return dict(sorted(by_customer.items()))


def _day(text: str) -> datetime:
    style = "%m/%d/%Y" if "/" in text else "%m-%d-%y"
    return datetime.strptime(text, style).replace(tzinfo=UTC)


def _colleagues() -> Iterator[dict[str, Any]]:
    for subject, name, role, groups in COLLEAGUES:
        yield {"subject": subject, "name": name, "role": role, "email": f"{subject}@example.com", "groups": groups}


def _people(
    orders: dict[str, list[Order]], service: dict[str, list[dict[str, Any]]], chance: random.Random
) -> Iterator[dict[str, Any]]:
    """What is known of shop customers beside the shop's own rows, with the identities on channels that they use."""
    used = {talk["id"][1:]: {talk["channel"]: talk["who"]} for talk in service["conversations"]}
    for ticket in service["tickets"]:
        used[ticket["customer"]]["helpdesk"] = ticket["customer"]
    for n, (customer, placed) in enumerate(orders.items()):
        spent = sum(order.amount for order in placed)
        label = "VIP" if spent >= 5000 else "Loyal" if len(placed) >= 3 else "New" if n % 7 == 0 else None
        row: dict[str, Any] = {"customer": customer, "labels": [label] if label else []}
        if phone := _phone(n):
            row["phone"] = phone
        row |= used.get(customer, {})
        row["tags"] = chance.sample(("newsletter", "club", "workshop", "commuter", "racer"), chance.randint(0, 2))
        if chance.random() < 0.4:
            row["frame_size"] = chance.choice(("S", "M", "L", "XL"))
        if label == "VIP" or chance.random() < 0.1:
            row["agent"] = chance.choice(("anna", "bela", "chidi", "dara"))
        yield row


def _phone(n: int) -> str | None:
    """A phone number for every second customer; 555-0100 to 555-0199 are set aside for fiction in every area code."""
    return f"+1{201 + n // 200 % 780}55501{n // 2 % 100:02}" if n % 2 == 0 else None


def _scoped(customer: str) -> str:
    """An id as a messenger gives it: the same for one person on one page, and nothing elsewhere."""
    return str(7_000_000_000_000_000 + int(customer) * 97)


def _interests(orders: dict[str, list[Order]], subcategories: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What the orders say that customers lean to: the more they bought, the more strongly."""
    for customer, placed in orders.items():
        first: dict[str, datetime] = {}
        last: dict[str, datetime] = {}
        times: dict[str, int] = defaultdict(int)
        for order in placed:
            for product in order.products:
                for topic in LEANINGS.get(subcategories[product], ()):
                    first.setdefault(topic, order.at)
                    last[topic] = order.at
                    times[topic] += 1
        for topic, count in times.items():
            yield {
                "customer": customer,
                "topic": topic,
                "score": round(count / (count + 1), 3),
                "triggered_at": _text(first[topic]),
                "observed_at": _text(last[topic]),
            }


def _service(
    names: dict[str, str], orders: dict[str, list[Order]], chance: random.Random
) -> dict[str, list[dict[str, Any]]]:
    """Conversations, tickets, notes and files about every fifth customer's orders."""
    files: dict[str, list[dict[str, Any]]] = {
        kind: [] for kind in ("conversations", "messages", "tickets", "notes", "attachments")
    }
    numbers = {customer: _phone(n) for n, customer in enumerate(orders)}
    for customer in sorted(chance.sample(sorted(orders), len(orders) // 5)):
        order = chance.choice(orders[customer])
        words = {
            "name": names.get(customer, "there"),
            "product": order.products[0],
            "number": order.number,
            "day": f"{order.at:%A}",
        }
        agent = chance.choice(("anna", "bela", "chidi", "dara"))
        ways = {"messenger": _scoped(customer), "webchat": f"member-{customer}"}
        if phone := numbers[customer]:
            ways["whatsapp"] = phone
        channel = chance.choice(sorted(ways))
        _talk(files, customer, order, words | {"channel": channel, "who": ways[channel]}, (agent, chance))
        if chance.random() < 0.6:
            _ticket(files, customer, order, words, (agent, chance))
        if chance.random() < 0.3:
            at = order.at + timedelta(days=chance.randint(2, 20), minutes=chance.randint(0, 500))
            text = chance.choice(REMARKS)
            files["notes"].append(
                {"id": f"n{customer}", "customer": customer, "text": text, "created_at": _text(at), "author": agent}
            )
    return files


def _talk(files: dict[str, list[dict[str, Any]]], customer: str, order: Order, words: dict[str, str], by: Any) -> None:
    agent, chance = by
    channel, who = words["channel"], words["who"]
    at = order.at + timedelta(days=chance.randint(1, 9), hours=chance.randint(8, 18), minutes=chance.randint(0, 59))
    begin = at
    turns = chance.choice(TALKS)
    for n, turn in enumerate(turns):
        is_in = n % 2 == 0
        files["messages"].append(
            {
                "id": f"m{customer}-{n}",
                "conversation": f"c{customer}",
                "channel": channel,
                "who": who,
                "direction": "IN" if is_in else "OUT",
                "status": "RECEIVED" if is_in else "READ",
                "author": None if is_in else agent.title(),
                "text": turn.format(**words),
                "sent_at": _text(at),
            }
        )
        at += timedelta(seconds=chance.randint(30, 900))
    status = chance.choice(("RESOLVED", "RESOLVED", "RESOLVED", "OPEN", "FOLLOW_UP"))
    files["conversations"].append(
        {
            "id": f"c{customer}",
            "channel": channel,
            "who": who,
            "status": status,
            "agent": agent,
            "started_at": _text(begin),
            "last_message_at": files["messages"][-1]["sent_at"],
            "resolved_at": files["messages"][-1]["sent_at"] if status == "RESOLVED" else None,
            "page": f"/products/{words['product'].lower().replace(' ', '-')}" if channel == "webchat" else None,
        }
    )


def _ticket(
    files: dict[str, list[dict[str, Any]]], customer: str, order: Order, words: dict[str, str], by: Any
) -> None:
    agent, chance = by
    at = order.at + timedelta(days=chance.randint(2, 30), hours=chance.randint(8, 18), minutes=chance.randint(0, 59))
    number = f"T{customer}"
    campaign = next((name for name, begin, end in CAMPAIGNS if begin <= f"{at:%Y-%m-%d}" <= end), None)
    files["tickets"].append(
        {
            "id": number,
            "customer": customer,
            "subject": chance.choice(SUBJECTS).format(**words),
            "status": chance.choice(STATUSES),
            "created_at": _text(at),
            "updated_at": _text(at + timedelta(hours=chance.randint(1, 90))),
            "agent": agent,
            "campaign": campaign,
        }
    )
    if chance.random() < 0.25:
        files["attachments"].append(
            {
                "id": f"a{customer}",
                "customer": customer,
                "ticket": number,
                "name": f"photo-{customer}.jpg",
                "media_type": "image/jpeg",
                "size_bytes": chance.randint(80_000, 2_400_000),
                "created_at": _text(at),
            }
        )


def _parcels(orders: dict[str, list[Order]], chance: random.Random) -> Iterator[list[str]]:
    """Where the parcels of the last year's orders are."""
    for placed in orders.values():
        for order in placed:
            if order.at >= LAST_YEAR:
                carrier = chance.choice(("UPS", "DHL", "USPS"))
                status = "delivered" if order.at < LAST_WEEK else "in transit"
                yield [order.number, carrier, f"{carrier[:2]}{chance.randrange(10**9):09}", status]


def _visits(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Conversations of people in the web chat of whom nothing else is known."""
    talks, messages = [], []
    for n in range(60):
        visitor, at = f"visitor-{n:03}", LAST_QUARTER + timedelta(minutes=chance.randrange(90 * 24 * 60))
        page = chance.choice(("/", "/bikes/mountain", "/bikes/road", "/helmets", "/sale"))
        asked = chance.choice(VISITS)
        talks.append(
            {
                "id": f"v{n:03}",
                "visitor": visitor,
                "page": page,
                "referrer": chance.choice((None, "https://www.example.com/search", "https://news.example.com/ride")),
                "status": chance.choice(("OPEN", "RESOLVED")),
                "started_at": _text(at),
                "last_message_at": _text(at + timedelta(minutes=len(asked) - 1)),
            }
        )
        messages += [
            {
                "id": f"v{n:03}-{turn}",
                "conversation": f"v{n:03}",
                "visitor": visitor,
                "direction": "OUT" if turn % 2 else "IN",
                "status": "READ" if turn % 2 else "RECEIVED",
                "text": text,
                "sent_at": _text(at + timedelta(minutes=turn)),
            }
            for turn, text in enumerate(asked)
        ]
    return {"visits": talks, "visit_messages": messages}


def _dialogues(sets: Path) -> dict[str, list[dict[str, Any]]]:
    """The three real dialogues of ABCD with the people who hold them; only the clock times are invented."""
    files: dict[str, list[dict[str, Any]]] = {"dialogue_people": [], "dialogues": [], "dialogue_messages": []}
    for n, talk in enumerate(json.loads((sets / "abcd_sample/abcd_sample.json").read_text("utf-8"))):
        personal, order = talk["scenario"]["personal"], talk["scenario"]["order"]
        who = personal.get("username") or personal["customer_name"].replace(" ", "")
        first, _, last = personal["customer_name"].title().partition(" ")
        begin = datetime(2022, 11, 28 + n % 2, 9 + n, 12, tzinfo=UTC)
        spoken = [(speaker, text) for speaker, text in talk["original"] if speaker in {"agent", "customer"}]
        end = begin + timedelta(seconds=40 * len(spoken))
        files["dialogue_people"].append(
            {
                "username": who,
                "first_name": first,
                "last_name": last,
                "email": personal.get("email"),
                "phone": personal["phone"],
                "street": order.get("street_address"),
                "city": order.get("city", "").title(),
                "region": order.get("state", "").upper(),
                "postal_code": order.get("zip_code"),
                "member_level": personal.get("member_level"),
                "created_at": _text(begin),
            }
        )
        files["dialogues"].append(
            {
                "id": f"abcd-{talk['convo_id']}",
                "username": who,
                "subject": talk["scenario"]["subflow"].replace("_", " "),
                "status": "RESOLVED",
                "started_at": _text(begin),
                "last_message_at": _text(end - timedelta(seconds=40)),
                "resolved_at": _text(end),
            }
        )
        files["dialogue_messages"] += [
            {
                "id": f"abcd-{talk['convo_id']}-{turn}",
                "conversation": f"abcd-{talk['convo_id']}",
                "username": who,
                "direction": "IN" if speaker == "customer" else "OUT",
                "status": "RECEIVED" if speaker == "customer" else "READ",
                "text": text,
                "sent_at": _text(begin + timedelta(seconds=40 * turn)),
            }
            for turn, (speaker, text) in enumerate(spoken)
        ]
    return files


def _doubles() -> Iterator[dict[str, Any]]:
    """The people of whom there are two records, and a family, of whom each has one."""
    names = ("who", "first_name", "last_name", "birth_date", "phone", "email", "street", "city")
    for n, one in enumerate(DOUBLES):
        yield dict(zip(names, one, strict=True)) | {"created_at": _text(LAST_QUARTER + timedelta(days=2 * n, hours=10))}


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
