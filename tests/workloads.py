"""The questions by which speed and commands are judged: the agent panel and the inbox."""

from tests.crowd import label
from tests.makers import BEGIN, Made, Makers

# Of the nine and seven that are allowed.
PANEL_COMMANDS, INBOX_COMMANDS = 2, 2

W1 = """
query Panel($channel: String!, $account: String!, $value: String!) {
  customerByIdentity(channel: $channel, account: $account, value: $value) {
    kind
    customer {
      id displayName firstName lastName isAnonymous createdAt updatedAt lastInteractionAt version hiddenFields
      identities { channel account value claim }
      labels { name color priority }
      tags { word }
      customData { name value }
      assignedAgent { name }
      purchases(first: 5) { nodes {
        number placedAt status total { amount currency } lines { title quantity total { amount currency } }
      } }
      tickets(first: 5) { nodes { number subject status createdAt assignedAgent { name } } }
      summary(top: 3) { factCount categories { category count top { name value score } } }
      history(last: 20) {
        edges { cursor node { at kind channel item {
          __typename
          ... on Message { text direction }
          ... on Ticket { number status }
          ... on Purchase { number total { amount currency } }
          ... on Interest { name score }
          ... on Note { text }
        } } }
        pageInfo { hasPreviousPage startCursor }
      }
    }
  }
}
"""

W2 = """
query Inbox($first: Int!) {
  customers(first: $first) {
    nodes {
      id displayName lastInteractionAt
      identities { channel value }
      labels { name color }
      assignedAgent { name }
      tickets(first: 3) { nodes { number status assignedAgent { name } } }
      purchases(first: 1) { nodes { number total { amount currency } lines { title quantity } } }
      interests(first: 5) { nodes { name score } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def busy_customers(make: Makers, customers: int, rows: int) -> list[Made]:
    """Customers with so many rows of each kind, known by their phone: +14155550000 and on.

    Each has a label, and an agent of their own, as has each of their tickets.
    """
    await make.channel("shop")
    await make.channel("desk")
    made = []
    entry = {"label_id": await label(make), "added_by": "maker", "added_at": BEGIN}
    for n in range(customers):
        agent = await make.agent(f"Of Ann{n}")
        one = await make.customer(f"Ann{n}", labels=[entry], assigned_agent_id=agent)
        await make.identity(one, "whatsapp", f"+1415555{n:04}")
        for _ in range(rows):
            await make.purchase(one, "10.00", "2.50")
            await make.ticket(one, assigned_agent_id=await make.agent(f"Of {n}"))
            await make.interest(one)
            await make.note(one)
        await make.conversation(one, *["Hello"] * rows)
        made.append(one)
    return made
