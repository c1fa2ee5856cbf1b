"""The questions by which speed and commands are judged: the agent panel and the inbox."""

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
