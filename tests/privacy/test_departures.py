"""What becomes of a channel's word that a person was deleted there, or asked to be?"""

import pytest

from resolvers.customers import CUSTOMERS
from resolvers.deliveries.waiting import DELIVERIES
from tests.channels.toy import event
from tests.conftest import Asking
from tests.privacy.conftest import Erase
from tests.privacy.test_asides import asides, known
from tests.test_deliveries import Post


@pytest.fixture
def post(ask: Asking) -> Post:
    """Two accounts of the toy channel, and nothing waits."""
    return Post(ask)


async def test_stands_aside(post: Post) -> None:
    """No machine erases anybody: the word stands aside, named for its customer, and says what to do."""
    await post.bring(event("ann", 1), event("ben", 1))
    await post.bring(event("ann", 2, "leaves"), event("ben", 2))
    tally = await post.take_in()
    assert (tally.taken, tally.set_aside) == (3, 1)
    assert await asides(post) == [sorted([(await known(post, "ann")).key, (await known(post, "ben")).key])]
    ((reason,),) = await post.aside()
    assert reason.endswith("erase what is to go with `eraseCustomer`; a machine does not erase people.")
    assert await post.texts() == ["word 1", "word 1", "word 2"]


async def test_erased_is_done(post: Post, erase: Erase) -> None:
    """Once the person is erased the word goes along, and told again it is taken for done."""
    await post.bring(event("ann", 1))
    await post.bring(event("ann", 2, "leaves"))
    await post.take_in()
    await erase(await known(post, "ann"))
    assert await post.store.count(DELIVERIES, {}) == 0
    await post.bring(event("ann", 2, "leaves"))
    tally = await post.take_in()
    assert (tally.taken, tally.set_aside) == (1, 0)


async def test_of_nobody(post: Post) -> None:
    """Of whom nothing is known nothing is left to do, and nobody is made by it."""
    await post.bring(event("ann", 1, "leaves"))
    assert (await post.take_in()).done == 1
    assert await post.store.count(CUSTOMERS, {}) == 0
