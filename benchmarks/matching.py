"""How many doubles are found, and how many are wrong? Run as `python -m benchmarks.matching [--data FOLDER]`.

Each set's columns become attributes as an administrator would define them; the engine sees nothing else. Who is who is
read by the scorer alone. Pairs are counted after clustering.
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from adapters.records import Document
from benchmarks.made_up_people import People
from resolvers.attribute_rules import AttributeType, checked
from resolvers.attribute_schema import SYSTEM_DEFINITIONS, definition_document
from resolvers.matching import doubles_among, evidence_of, telling

DATA = Path(__file__).parent.parent.parent / "shared" / "data"

Row = Mapping[str, str]


def _attribute(name: str, role: str, type_name: str = "STRING") -> Document:
    return definition_document(name=name, label=name, type=AttributeType(type_name), matching_role=role)


@dataclass(frozen=True)
class Task:
    """One set: where it lies, which column goes to which attribute, and who a row is, which only the scorer reads."""

    name: str
    files: Sequence[str]
    columns: Mapping[str, str]
    who: Callable[[Row], str]
    definitions: Sequence[Document] = ()
    least: tuple[float, float] | None = None
    encoding: str = "utf-8"
    clean: Mapping[str, Callable[[str], str]] = field(default_factory=dict)

    def rows(self, data: Path) -> list[Row]:
        """The rows of all files, without blanks around what stands in them."""
        found = []
        for name in self.files:
            with (data / name).open(encoding=self.encoding, newline="") as lines:
                found += [
                    {key.strip(): (value or "").strip() for key, value in row.items()} for row in csv.DictReader(lines)
                ]
        return found


def _iso_from_us(text: str) -> str:
    """Dates of AdventureWorks come as 05/14/1965 or 5-14-1965."""
    month, day, year = text.replace("-", "/").split("/")
    return f"{year}-{month:0>2}-{day:0>2}"


FEBRL_COLUMNS = {
    "given_name": "firstName",
    "surname": "lastName",
    "date_of_birth": "birthDate",
    "soc_sec_id": "socialSecurity",
    "street_number": "streetNumber",
    "address_1": "street",
    "address_2": "site",
    "suburb": "suburb",
    "postcode": "postcode",
    "state": "state",
}
FEBRL_ATTRIBUTES = (
    _attribute("birthDate", "BIRTH_DATE"),
    _attribute("socialSecurity", "IDENTIFIER"),
    *(_attribute(name, "ADDRESS") for name in ("streetNumber", "street", "site", "suburb", "postcode", "state")),
)


def _febrl_person(row: Row) -> str:
    return row["rec_id"].split("-")[1]


TASKS = (
    Task(
        "Febrl 4",
        ("febrl/dataset4a.csv", "febrl/dataset4b.csv"),
        FEBRL_COLUMNS,
        _febrl_person,
        FEBRL_ATTRIBUTES,
        least=(0.97, 0.995),
    ),
    Task("Febrl 1", ("febrl/dataset1.csv",), FEBRL_COLUMNS, _febrl_person, FEBRL_ATTRIBUTES),
    Task(
        "fake_1000",
        ("splink/fake_1000.csv",),
        {"first_name": "firstName", "surname": "lastName", "dob": "birthDate", "city": "city", "email": "email"},
        lambda row: row["cluster"],
        (
            _attribute("birthDate", "BIRTH_DATE", "DATE"),
            _attribute("city", "ADDRESS"),
            _attribute("email", "EMAIL", "EMAIL"),
        ),
        least=(0.75, 0.99),
    ),
    Task(
        "AdventureWorks",
        ("adventureworks/AdventureWorks_Customers.csv",),
        {"FirstName": "firstName", "LastName": "lastName", "BirthDate": "birthDate", "EmailAddress": "email"},
        lambda row: row["CustomerKey"],
        (_attribute("birthDate", "BIRTH_DATE", "DATE"), _attribute("email", "EMAIL", "EMAIL")),
        encoding="cp1252",
        clean={"BirthDate": _iso_from_us},
    ),
)

MADE_UP_SEEDS = (1, 2)
MADE_UP_ATTRIBUTES = (
    _attribute("birthDate", "BIRTH_DATE", "DATE"),
    _attribute("member", "IDENTIFIER"),
    *(_attribute(name, "ADDRESS") for name in ("street", "city", "postcode")),
)


def documents(task: Task, rows: Iterable[Row]) -> list[Document]:
    """The rows as customers' documents; values that break their attribute's rules are left out, as an import does."""
    definitions = {one["name"]: one for one in (*SYSTEM_DEFINITIONS, *task.definitions)}
    found = []
    for row in rows:
        values: dict[str, Any] = {}
        for column, name in task.columns.items():
            if row[column]:
                try:
                    text = task.clean.get(column, str)(row[column])
                    values[name] = checked(definitions[name], text)
                except ValueError:
                    continue
        found.append({"attributes": values})
    return found


def same_people(who: Iterable[str]) -> set[tuple[int, int]]:
    """The pairs of rows that are one person."""
    by_person: dict[str, list[int]] = {}
    for number, one in enumerate(who):
        by_person.setdefault(one, []).append(number)
    return paired(by_person.values())


def paired(people: Iterable[Sequence[int]]) -> set[tuple[int, int]]:
    """Every pair of each person's records, the smaller number first."""
    return {pair for members in people for pair in combinations(sorted(members), 2)}


@dataclass(frozen=True)
class Found:
    """How right a set of pairs is."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Which share of what was found is true."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Which share of what is true was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right or self.wrong else 1.0


def judged(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> Found:
    """What was found against what is true."""
    return Found(len(found & true), len(found - true), len(true - found))


def score(
    name: str, customers: Sequence[Document], definitions: Sequence[Document], true: set[tuple[int, int]]
) -> Found:
    """Runs the engine over these documents, prints the figures, gives those of merging."""
    began = time.perf_counter()
    known = telling([*SYSTEM_DEFINITIONS, *definitions])
    doubles = doubles_among({number: evidence_of(one, known) for number, one in enumerate(customers)})
    merged, suggested = paired(doubles.to_merge()), paired(doubles.to_suggest())
    took = time.perf_counter() - began
    size, each = len(customers), doubles.compared / len(customers)
    print(f"{name}: {size:,} customers, {len(true):,} true pairs, {each:.1f} comparisons each, {took:.1f} s")
    for what, pairs in (("merge", merged), ("suggest", suggested)):
        one = judged(pairs, true)
        print(
            f"  {what:8} precision {one.precision:.4f}  recall {one.recall:.4f}  F1 {one.f1:.4f}"
            f"  (right {one.right:,}, wrong {one.wrong:,}, missed {one.missed:,})"
        )
    return judged(merged, true)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table for each real set and each made-up one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="where the real sets lie")
    parser.add_argument("--only", help="the one set of this name")
    asked = parser.parse_args(arguments)
    data = asked.data
    for task in TASKS:
        if asked.only not in (None, task.name):
            continue
        try:
            rows = task.rows(data)
        except FileNotFoundError as error:
            print(f"{task.name}: left out, because {error.filename} is not there; `--data` says where the sets lie")
            continue
        found = score(task.name, documents(task, rows), task.definitions, same_people(map(task.who, rows)))
        if task.least and (found.f1 < task.least[0] or found.precision < task.least[1]):
            print(f"  BELOW what it must reach: F1 {task.least[0]}, precision {task.least[1]}")
    for seed in MADE_UP_SEEDS if asked.only in (None, "made up") else ():
        customers, who = People(seed=seed, households=1_000).records()
        score(f"Made up, seed {seed}", customers, MADE_UP_ATTRIBUTES, same_people(map(str, who)))


if __name__ == "__main__":
    main()
