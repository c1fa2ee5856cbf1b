"""How does a mongod that has just started become the primary of its own replica set?

Transactions and change streams exist only in replica sets, so a single mongod is made a set of one.
Its member's host is the path of its socket; when the socket has moved, the set is told the new path,
for a member that does not find itself in its configuration never becomes primary.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

__all__ = ["SET_NAME", "ReplicaSetError", "become_primary", "url_of"]

SET_NAME = "profile-gateway"

# mongod's error codes (src/mongo/base/error_codes.yml).
_NO_CONFIGURATION = 94  # NotYetInitialized
# What a server answers while it is still reading or changing its configuration: look again.
_PASSING = frozenset(
    {
        23,  # AlreadyInitialized: the configuration was being loaded when we looked
        109,  # ConfigurationInProgress
        189,  # PrimarySteppedDown
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
    }
)
# An election in a set of one takes about 10 ms; looking as often adds little to a start of 700 ms.
_LOOK_AGAIN_S = 0.01
# The server is on this machine and listens already: longer means that it hangs or is gone.
_ANSWER_MS = 2_000


class ReplicaSetError(Exception):
    """The server refuses to become a replica set of one; the message quotes its reason."""


def url_of(socket: Path) -> str:
    """Give the URL for clients of the set behind this socket.

    It names the set instead of asking for a direct connection, so that a client waits for the primary while mongod
    restarts. PyMongo then reads the address from the server's answer and lowers its case, so the path must have no
    capitals.
    """
    return f"mongodb://{quote(str(socket), safe='')}/?replicaSet={SET_NAME}"


async def become_primary(socket: Path) -> None:
    """Return when the server behind the socket is a writable primary under that path.

    Waits for the socket, initiates a set that has no configuration, and gives a set from elsewhere this address.
    Has no end of its own while nothing answers: the caller bounds it. Raises ReplicaSetError when the server refuses.
    """
    await _listening(socket)
    while not await _step(socket):  # noqa: ASYNC110  what is awaited happens in another process
        await asyncio.sleep(_LOOK_AGAIN_S)


async def _listening(socket: Path) -> None:
    # mongod makes the socket's file long before it listens, so only a connection tells.
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(socket)
        except OSError:
            await asyncio.sleep(_LOOK_AGAIN_S)
        else:
            writer.close()
            return


async def _step(socket: Path) -> bool:
    """Go one step towards primary; say whether it is one.

    Every step connects anew, and to this server only: mongod closes connections when its configuration changes.
    """
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        f"mongodb://{quote(str(socket), safe='')}/", directConnection=True, serverSelectionTimeoutMS=_ANSWER_MS
    )
    try:
        return await _look(client, str(socket))
    except ConnectionFailure:
        return False
    except OperationFailure as error:
        if error.code in _PASSING:
            return False
        raise ReplicaSetError(f"the server refuses (code {error.code}): {_reason(error)}") from error
    except PyMongoError as error:
        raise ReplicaSetError(f"the server cannot be used: {error}") from error
    finally:
        await client.close()


async def _look(client: AsyncMongoClient[dict[str, Any]], host: str) -> bool:
    try:
        answer = await client.admin.command("replSetGetConfig")
    except OperationFailure as error:
        if error.code != _NO_CONFIGURATION:
            raise
        await client.admin.command("replSetInitiate", {"_id": SET_NAME, "members": [{"_id": 0, "host": host}]})
        return False
    config = answer["config"]
    if [member["host"] for member in config["members"]] != [host]:
        await client.admin.command("replSetReconfig", _readdressed(config, host), force=True)
        return False
    hello = await client.admin.command("hello")
    return bool(hello.get("isWritablePrimary"))


def _readdressed(config: Mapping[str, Any], host: str) -> dict[str, Any]:
    """Give the configuration with this host as its only member."""
    return {**config, "version": config["version"] + 1, "members": [{"_id": 0, "host": host}]}


def _reason(error: OperationFailure) -> str:
    return str((error.details or {}).get("errmsg", error))
