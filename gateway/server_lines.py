"""What may the server below say in our log: when it begins and ends, and of its connections no word that was sent?

Its protocols log who connects, with the query string of a WebSocket and all, and what is no HTTP once for each time.
"""

from collections import defaultdict
from logging import WARNING, LogRecord
from pathlib import PurePath
from typing import Final

import structlog

from gateway.seldom import Seldom

# What a client alone has to answer for, and may do without end.
_FAULTS: Final = {
    "Invalid HTTP request received.": "broken HTTP",
    "Invalid UTF-8 sequence received from client.": "a text on a WebSocket is no UTF-8",
    "Unsupported upgrade request.": "another protocol was asked for",
}
_OF_SERVER: Final = "uvicorn"
_OF_CONNECTIONS: Final = "protocols"

_seldom: Final = defaultdict[str, Seldom](Seldom)
_log = structlog.get_logger("gateway.server")


def without_clients(record: LogRecord) -> bool:
    """A filter for `uvicorn.error`: what comes from its connections passes from `warning` on, and quotes nobody.

    What clients do wrong is told in the place of its lines, seldom and with a count.
    """
    if _is_of_server(record):
        return True
    if record.levelno < WARNING:
        return False
    if fault := _FAULTS.get(str(record.msg)):
        if count := _seldom[fault].count():
            _log.warning(fault, count=count)
        return False
    # Where a traceback stands beside it, that leaves out what quotes (gateway/tracebacks.py).
    record.args = None
    return True


def _is_of_server(record: LogRecord) -> bool:
    """Whether it comes from who begins and ends it all: libraries for connections share the logger."""
    folders = PurePath(record.pathname).parts[:-1]
    return _OF_SERVER in folders and _OF_CONNECTIONS not in folders
