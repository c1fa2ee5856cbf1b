"""Is there what the limits need beside the gateway: a Redis that answers, and files enough that may be open?"""

import resource
from typing import Final

from gateway.findings import Finding, broken, ok, warning
from gateway.limit_settings import PREFIX, LimitSettings
from gateway.limits import BadLimits, RateLimit
from gateway.settings import Settings

# Files of a process beside its connections: those to the database and to channels (a hundred each at most), libraries,
# and whoever is told that there is no place.
_BESIDE: Final = 300


async def counts_together(settings: Settings) -> Finding:
    """Whether the Redis in which processes count together can be asked."""
    if settings.redis_url is None:
        return ok(f"Not used: {PREFIX}REDIS_URL is not set, and each process counts for itself.")
    try:
        rates = RateLimit(settings)
    except BadLimits as error:
        return broken(str(error))
    try:
        if reason := await rates.away():
            meanwhile = "refuses what is bounded" if settings.rates_without_redis == "refuse" else "counts for itself"
            return warning(
                f"The Redis of {PREFIX}REDIS_URL does not answer ({reason}); each process {meanwhile} meanwhile. "
                "Start it, or check address, password and network."
            )
    finally:
        await rates.close()
    return ok("It answers.")


def open_files(settings: LimitSettings) -> Finding:
    """Whether a process may have as many files open as it holds connections."""
    may, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.connections + _BESIDE
    if may != resource.RLIM_INFINITY and may < needed:
        return warning(
            f"A process may have {may} files open, too few for {settings.connections} connections "
            f"({PREFIX}CONNECTIONS) and what else it opens. Allow {needed} (`ulimit -n {needed}`, or LimitNOFILE of "
            f"systemd), or lower {PREFIX}CONNECTIONS."
        )
    return ok(f"{'Any number' if may == resource.RLIM_INFINITY else may} may be open in a process.")
