"""Who is told of the commands that go to the database?"""

from typing import Protocol, runtime_checkable

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from adapters.records import Document


class CommandObserver(Protocol):
    """Who is told of every command that goes to the database."""

    def command_started(self, name: str, command: Document) -> None:
        """Called just before a command leaves, in the task that sends it."""


@runtime_checkable
class CommandTimer(CommandObserver, Protocol):
    """Who is told when a command ends, too."""

    def command_sent(self, number: int, name: str, command: Document) -> None:
        """Called after `command_started`, with the number by which the command's end is told."""

    def command_ended(self, number: int, *, is_good: bool) -> None:
        """Called when the answer of that number has come, or none will."""


class Listener(CommandListener):
    """Passes on to an observer what the driver tells."""

    def __init__(self, observer: CommandObserver) -> None:
        self._observer = observer
        self._timer = observer if isinstance(observer, CommandTimer) else None

    def started(self, event: CommandStartedEvent) -> None:
        """One leaves."""
        self._observer.command_started(event.command_name, event.command)
        if self._timer is not None:
            self._timer.command_sent(event.request_id, event.command_name, event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Its answer has come."""
        if self._timer is not None:
            self._timer.command_ended(event.request_id, is_good=True)

    def failed(self, event: CommandFailedEvent) -> None:
        """It was refused, or the connection is gone."""
        if self._timer is not None:
            self._timer.command_ended(event.request_id, is_good=False)
