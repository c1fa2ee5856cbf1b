"""How do rows of files become records of the gateway, by a mapping that people write?"""

from gateway.importing.crew import Crew, LostHands, crew_for
from gateway.importing.position import IMPORTS
from gateway.importing.run import Options, run_import
from gateway.importing.summary import Summary
from gateway.importing.taking import LANES
from gateway.importing.troubles import CannotImport

__all__ = ["IMPORTS", "LANES", "CannotImport", "Crew", "LostHands", "Options", "Summary", "crew_for", "run_import"]
