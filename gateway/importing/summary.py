"""What did an import do, in numbers, and how does the command end?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

from rich.console import Console
from rich.table import Table

from resolvers.ingest.report import Outcome

ALL_TAKEN, SOME_REJECTED, NOTHING_TAKEN, BROKEN_OFF = 0, 1, 2, 3


def broken_off(error: Exception) -> str:
    """What is said where something ends an import that nobody foresaw: what and where, and no value of a row."""
    what = type(error).__name__
    if isinstance(error, OSError) and error.filename:
        what = f"{error.filename}: {error.strerror}"
    place = extract_tb(error.__traceback__)[-1]
    return (
        f"The import broke off ({what}; {Path(place.filename).name}, line {place.lineno}). What was taken in stays, "
        "and no row is lost: the same command goes on behind it, once that is put right."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSummary:
    """What became of the rows of one section."""

    number: int
    """The section's place in the mapping, from 1."""
    record: str
    files: Sequence[Path]
    rows: int
    """Rows that this run read; after an interruption the whole files'."""
    counts: Mapping[str, int]
    """Records by outcome, those before an interruption among them."""
    counts_rows: bool
    """Whether a field counts the rows of the whole file, so that rejected rows cannot come without the others."""
    reject_files: Mapping[Path, int]
    """Files of rejected rows with their numbers of rows."""

    def count(self, outcome: Outcome) -> int:
        """How many records came to the outcome."""
        return self.counts.get(outcome.value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an import did."""

    sections: Sequence[SectionSummary]
    notes: Sequence[str]
    seconds: float
    is_rehearsal: bool

    def count(self, outcome: Outcome) -> int:
        """How many records came to the outcome."""
        return sum(one.count(outcome) for one in self.sections)

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return sum(one.rows for one in self.sections)

    @property
    def exit_code(self) -> int:
        """0: all was taken; 1: some was rejected; 2: nothing could be taken."""
        rejected = self.count(Outcome.REJECTED)
        taken = sum(self.count(one) for one in Outcome) - rejected
        if rejected:
            return SOME_REJECTED if taken else NOTHING_TAKEN
        return ALL_TAKEN

    def show(self, console: Console) -> None:
        """Prints the numbers, and where the rejected rows are."""
        table = Table("records", "rows", *(one.value for one in Outcome))
        for one in self.sections:
            table.add_row(one.record, f"{one.rows:,}", *(f"{one.count(outcome):,}" for outcome in Outcome))
        console.print(table)
        for note in self.notes:
            console.print(note, highlight=False, markup=False)
        pace = f", {self.rows / self.seconds:,.0f} rows/s" if self.seconds > 0 else ""
        console.print(f"{self.rows:,} rows in {self.seconds:.1f} s{pace}", highlight=False)
        if self.is_rehearsal:
            console.print(
                "A rehearsal: the database is as it was. What two files say, or one says twice, is counted each time.",
                highlight=False,
            )
        for one in self.sections:
            for path, number in one.reject_files.items():
                told = f"{number:,} rejected rows with their reasons: {path}. {_remedy(one)}"
                console.print(told, highlight=False, markup=False)


def _remedy(section: SectionSummary) -> str:
    if section.counts_rows:
        return "Mend them in the file that they are from and import that again: their place among its rows counts."
    return "Mend them there and import that file."
