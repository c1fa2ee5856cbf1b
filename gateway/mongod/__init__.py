"""A database of one's own: a real mongod that goes when the gateway goes."""

from gateway.mongod.glance import Glance, glance, is_held
from gateway.mongod.run import find_binary
from gateway.mongod.server import Mongod
from gateway.mongod.trouble import CannotStart, FolderInUse, FolderUnusable, GaveUp, MongodError, PathTooLong

__all__ = [
    "CannotStart",
    "FolderInUse",
    "FolderUnusable",
    "GaveUp",
    "Glance",
    "Mongod",
    "MongodError",
    "PathTooLong",
    "find_binary",
    "glance",
    "is_held",
]
