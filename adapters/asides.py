"""How is told, among what a customer wrote, what is no writing: a place, a contact, a button?"""


def aside(what: str, *parts: str | None) -> str:
    """What it is and what it says, in square brackets: `[location: 37.46, -122.21]`, or `[location]` alone.

    What a customer wrote stands as it was written, and never in such brackets by our hand.
    """
    told = ", ".join(one for one in parts if one)
    return f"[{what}: {told}]" if told else f"[{what}]"
