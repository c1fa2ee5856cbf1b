"""Who is told of the commands that go to the database?"""

from typing import Protocol

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from adapters.records import Document


class CommandObserver(Protocol):
    """Who is told of every command that goes to the database."""

    def command_started(self, name: str, command: Document) -> None:
        """Called just before a command leaves, in the task that sends it."""


class Listener(CommandListener):
    """Passes on to an observer what the driver tells."""

    def __init__(self, observer: CommandObserver) -> None:
        self._observer = observer

    def started(self, event: CommandStartedEvent) -> None:
        """One leaves."""
        self._observer.command_started(event.command_name, event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nobody asked for that."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nobody asked for that either."""
