"""Which campaigns bring customers and tickets in?"""

import pytest

from resolvers.kit.viewer import Role
from tests.conftest import Asking
from tests.crowd import campaign
from tests.makers import Makers


async def test_campaigns_by_name(ask: Asking, make: Makers) -> None:
    """Every campaign, by name."""
    for name in ("Winter", "Autumn", "Spring"):
        await campaign(make, name)
    answer = await ask("{ campaigns { name startsAt endsAt } }")
    assert [one["name"] for one in answer.data["campaigns"]] == ["Autumn", "Spring", "Winter"]
    assert answer.data["campaigns"][0] == {"name": "Autumn", "startsAt": "2026-01-01T00:00:00Z", "endsAt": None}


@pytest.mark.parametrize("role", Role)
async def test_campaigns_by_role(ask: Asking, role: Role) -> None:
    """Campaigns are for everyone but visitors."""
    answer = await ask("{ campaigns { name } }", as_=role)
    assert answer.codes == (["FORBIDDEN"] if role is Role.VISITOR else [])
