"""How do rows of files become records of the gateway, by a mapping that people write?"""

from gateway.importing.position import IMPORTS
from gateway.importing.run import Options, run_import
from gateway.importing.summary import Summary
from gateway.importing.troubles import CannotImport

__all__ = ["IMPORTS", "CannotImport", "Options", "Summary", "run_import"]
