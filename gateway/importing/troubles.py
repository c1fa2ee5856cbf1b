"""What can go wrong with an import, and what are people told?

CannotImport   the mapping or a file cannot be used: nothing was written
`adapters.values.BadValue` is a row whose value cannot be read: it is set aside, the others are taken.
"""

from collections.abc import Sequence


class CannotImport(Exception):
    """Nothing was read and nothing written. `problems` says everything that is wrong, a sentence or two each."""

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems
