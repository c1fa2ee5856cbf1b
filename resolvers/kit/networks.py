"""Whose is an address of the internet, where something is counted by address?"""

import ipaddress
from typing import Final

# A household or office has as many addresses of the sixth version as it likes, and one such network (RFC 6177).
_NETWORK: Final = 64
SITE: Final = 48
"""Of the sixth version: as much as a single site gets at most."""
_NOWHERE: Final = "no address"


def network_of(address: str | None, *, bits: int = _NETWORK) -> str | None:
    """The address, or in the sixth version its network of so many bits; None where nobody knows it.

    Whatever is no address is one and the same: nobody has more of what is bounded for sending junk.
    """
    if not address:
        return None
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return _NOWHERE
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    # The fourth version as the sixth writes it: all of it stands in one network.
    return str(found.ipv4_mapped or ipaddress.ip_network((found, bits), strict=False))
