"""Which knobs are there, as a page shows them?"""

from pydantic.fields import FieldInfo

from gateway.limit_settings import LimitSettings
from gateway.settings import Settings, environment_name, is_secret


def settings_table() -> str:
    """Every knob with its default and its reason, as a table in Markdown."""
    rows = ["| Variable | Default | What it is, and why so |", "|---|---|---|"]
    limits = LimitSettings.model_fields
    for name, field in sorted(Settings.model_fields.items(), key=lambda one: one[0] in limits):
        secret = " Secret: may stand in a file." if is_secret(field) else ""
        rows.append(f"| `{environment_name(name)}` | {_default(field)} | {field.description}{secret} |")
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.default_factory is dict:
        return "none"
    if field.default_factory is not None:
        return "see there"
    match field.default:
        case None:
            return "none"
        case bool() as switch:
            return "`true`" if switch else "`false`"
        case tuple() as several:
            return f"`{','.join(several)}`"
        case plain:
            return f"`{plain}`"
