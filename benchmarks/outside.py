"""What does a call to a vendor cost by the gateway's way out, beside plain aiohttp?

    python -m benchmarks.outside

A vendor on this machine answers with 2 kB of JSON at once, in the same process: so the network's part is as small as
it can be, and the way's part as large. All ways read the body whole; the tasks take turns.
"""

import asyncio
import statistics

import aiohttp
from aiohttp import web

from adapters.contract.manners import Manners
from adapters.http.session import Outside
from benchmarks.bench import interleaved, judged, report

# A hundredth of the 50 ms that a fast vendor takes.
MOST_ADDED_MS = 0.5
BODY = b'{"name": "' + b"x" * 2000 + b'"}'


async def _answer(_request: web.Request) -> web.Response:
    return web.Response(body=BODY, content_type="application/json")


async def main(rounds: int = 25, calls: int = 100) -> None:
    """Prints milliseconds a call."""
    vendor = web.Application()
    vendor.router.add_get("/people", _answer)
    runner = web.AppRunner(vendor)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/people"
    async with Outside() as outside, aiohttp.ClientSession() as session:
        way = outside.way("acme", "main", Manners())

        async def plain() -> bytes:
            async with session.get(url) as answer:
                return await answer.read()

        tasks = {"aiohttp": plain, "way": lambda: way.get(url), "way, kept": lambda: way.get(url, fresh_s=3600)}
        times = await interleaved(tasks, rounds=rounds, calls=calls)
    await runner.cleanup()
    print("a call to a vendor that answers at once")
    report(times, "aiohttp")
    added = statistics.median(a - b for a, b in zip(times["way"], times["aiohttp"], strict=True))
    print(f"{judged(added <= MOST_ADDED_MS)}: {added:.2f} ms more than plain aiohttp (at most {MOST_ADDED_MS})")


if __name__ == "__main__":
    asyncio.run(main())
