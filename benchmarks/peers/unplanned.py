"""How fast is the gateway without its plans: `profile-gateway serve`, answering everything by graphql-core."""

from gateway.app import House
from gateway.execution import Plans
from gateway.logs import configure_logs
from gateway.serving import Welcome, serve
from gateway.settings import load_settings


async def _without_plans(house: House) -> Welcome:
    house.answering.plans = Plans(house.graph, is_on=False)
    return Welcome()


if __name__ == "__main__":
    settings = load_settings()
    configure_logs(settings.log_level)
    serve(settings, announce=print, prepare=_without_plans)
