"""How much may one question load, and for how long?

Lists inside lists multiply: ten fragments, each with two lists, ask for a thousand times a page. What a list reads, and
each thing that is handed out by its id or beside its parent, counts as a row. Who is over the bound, or over the time,
is refused at the next list or load; the timer of the gate alone would fire only once everything at hand was answered.
"""

import time

from resolvers.kit.errors import LimitExceeded


class Budget:
    """What one request may still load."""

    def __init__(self, most_rows: int, execution_s: float) -> None:
        self.most_rows = most_rows
        self._execution_s = execution_s
        self._deadline = time.monotonic() + execution_s
        self.rows = 0
        """Loaded or handed out by now."""
        self.batches: list[int] = []
        """How many parents or keys were asked for at once, each time."""

    @property
    def left_s(self) -> float:
        """The seconds that the answer may still take."""
        return max(0.0, self._deadline - time.monotonic())

    def spend(self, rows: int) -> None:
        """Counts rows that were loaded or handed out; raises LimitExceeded where there are too many by now."""
        self.rows += rows
        self.require()

    def require(self) -> None:
        """Returns where there are rows and time left; raises LimitExceeded."""
        if self.rows > self.most_rows:
            raise LimitExceeded(
                f"The question asks for {self.rows} rows or more, all its lists together; at most {self.most_rows} "
                "are loaded for one. Ask for shorter pages with `first` or `last`, for fewer lists inside lists, or "
                "in several questions."
            )
        if time.monotonic() > self._deadline:
            raise LimitExceeded(
                f"The answer took longer than {self._execution_s:g} seconds and was given up. Ask for fewer rows or "
                "fields."
            )
