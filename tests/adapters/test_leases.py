"""A named lease is held by one process, and falls free when it dies."""

import asyncio

import pytest

from adapters.mongo import Store


@pytest.fixture
async def leases(store: Store) -> Store:
    """A store in which nobody holds anything."""
    await store._database["leases"].delete_many({})
    return store


async def test_one_winner(leases: Store) -> None:
    """Of many who want a free lease at once one has it."""
    won = await asyncio.gather(*(leases.leases.take("backfill", f"p{n}", for_s=60) for n in range(20)))
    assert won.count(True) == 1
    assert await leases.leases.holder_of("backfill") == f"p{won.index(True)}"


async def test_lease_renewed(leases: Store) -> None:
    """The one who has it already renews it, and nobody else."""
    assert await leases.leases.take("backfill", "a", for_s=0.3)
    assert await leases.leases.take("backfill", "a", for_s=60)
    await asyncio.sleep(0.35)
    assert not await leases.leases.take("backfill", "b", for_s=60)
    assert await leases.leases.holder_of("backfill") == "a"


async def test_lease_expired(leases: Store) -> None:
    """A lease that was not renewed falls free, and one of many takes it over."""
    await leases.leases.take("backfill", "dead", for_s=0.1)
    await asyncio.sleep(0.2)
    assert await leases.leases.holder_of("backfill") is None
    won = await asyncio.gather(*(leases.leases.take("backfill", f"p{n}", for_s=60) for n in range(20)))
    assert won.count(True) == 1


async def test_lease_given_back(leases: Store) -> None:
    """A lease is given back by the one who has it alone."""
    await leases.leases.take("backfill", "a", for_s=60)
    await leases.leases.give_back("backfill", "b")
    assert await leases.leases.holder_of("backfill") == "a"
    await leases.leases.give_back("backfill", "a")
    assert await leases.leases.holder_of("backfill") is None
    assert await leases.leases.take("backfill", "b", for_s=60)


async def test_names_apart(leases: Store) -> None:
    """Leases of different names are held apart."""
    assert await leases.leases.take("backfill", "a", for_s=60)
    assert await leases.leases.take("outbox", "b", for_s=60)
    assert await leases.leases.holder_of("nothing") is None
