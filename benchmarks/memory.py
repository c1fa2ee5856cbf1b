"""Does memory stay bounded when ever new documents are sent: 100,000 of them, each twice, so that each is compiled?

Run as `python -m benchmarks.memory [DOCUMENTS]`. The first fifth warms up and fills the cache; growth is counted from
there.
"""

import asyncio
import gc
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench import Bench, bench
from gateway.answering import Answering
from gateway.limit_settings import LimitSettings
from gateway.questions import Question
from resolvers.kit.context import Context
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.viewer import Role, Viewer

DOCUMENTS = 100_000
MUST = 0.05


async def main() -> None:
    """Sends the documents and prints the resident memory along the way."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    async with bench() as house:
        answering = Answering(house.graph, LimitSettings(long_at_once=2))
        warm = 0.0
        for number in range(count):
            await _asked_twice(house, answering, number)
            if number + 1 == count // 5:
                warm = _resident_mb()
                print(f"  after {number + 1:>7,} documents: {warm:7.1f} MB, the cache is full")
            elif (number + 1) % (count // 5) == 0:
                print(f"  after {number + 1:>7,} documents: {_resident_mb():7.1f} MB")
        growth = _resident_mb() / warm - 1
        print(f"memory: {growth:+.1%} after warm-up (at most {MUST:.0%}); {dict(answering.plans.counts)}")


async def _asked_twice(house: Bench, answering: Answering, number: int) -> None:
    text = f"query Q{number} {{ viewer {{ role subject a{number}: maySeePersonal agent {{ name }} }} }}"
    for _ in range(2):
        question = Question(text=text)
        context = Context(
            viewer=Viewer(subject="bench", role=Role.AGENT),
            store=house.store,
            declared=house.graph.declared,
            seal=CursorSeal("a sample secret for benchmarks"),
            clock=lambda: datetime.now(UTC),
        )
        answer = await answering.answer(answering.preparing.prepare(question), question, context)
        if "errors" in answer.body:
            raise RuntimeError(answer.body)
        # As between two questions that come over a socket: else the loop drops none of the timers that were called off.
        await asyncio.sleep(0)


def _resident_mb() -> float:
    gc.collect()
    # The second number of proc(5)'s statm is what is resident, in pages.
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    asyncio.run(main())
