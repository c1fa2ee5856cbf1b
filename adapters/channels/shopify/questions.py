"""What is the Admin API asked, in its own language?

A question may cost 1,000 points: an object costs one, a list as much as all that it may hold. So little is asked for
at once, and what an order has more is asked for by itself.
"""

import re
from typing import Final

LINES_AT_ONCE: Final = 8
MORE_LINES_AT_ONCE: Final = 100
VARIANTS_AT_ONCE: Final = 50
PARCELS_AT_ONCE: Final = (4, 3)
"""Fulfillments of an order, and parcels of each: neither list has a cursor."""
MORE_PARCELS_AT_ONCE: Final = (60, 15)

_MONEY: Final = "{ shopMoney { amount currencyCode } }"


def _fulfillments(several: int, parcels: int) -> str:
    tracks = f"trackingInfo(first: {parcels}) {{ company number url }}"
    return f"fulfillments(first: {several}) {{ status displayStatus {tracks} }}"


_BUYER: Final = """
fragment Buyer on Customer {
  id firstName lastName verifiedEmail state note locale tags createdAt updatedAt
  defaultEmailAddress { emailAddress marketingState marketingUpdatedAt }
  defaultPhoneNumber { phoneNumber marketingState marketingUpdatedAt }
  defaultAddress { address1 address2 city zip province country countryCodeV2 phone }
}"""
_LINE: Final = f"""
fragment Goods on LineItem {{
  id title sku quantity currentQuantity
  originalUnitPriceSet {_MONEY}
  discountAllocations {{ allocatedAmountSet {_MONEY} }}
  product {{ id }}
}}"""
_SALE: Final = f"""
fragment Sale on Order {{
  id name processedAt createdAt updatedAt cancelledAt displayFinancialStatus displayFulfillmentStatus
  email phone note test
  customAttributes {{ key value }}
  billingAddress {{ country countryCodeV2 phone }}
  totalPriceSet {_MONEY}
  currentTotalPriceSet {_MONEY}
  lineItems(first: {LINES_AT_ONCE}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...Goods }} }}
  {_fulfillments(*PARCELS_AT_ONCE)}
}}{_LINE}"""
_DRAFT: Final = f"""
fragment Draft on DraftOrder {{
  id name status createdAt updatedAt invoiceUrl email phone note2
  customer {{ id }}
  customAttributes {{ key value }}
  totalPriceSet {_MONEY}
  lineItems(first: 100) {{
    nodes {{
      id title sku quantity
      originalUnitPriceSet {_MONEY}
      discountedTotalSet {_MONEY}
      product {{ id }}
    }}
  }}
}}"""
_ORDERS: Final = """orders(first: $first, after: $after, sortKey: PROCESSED_AT, reverse: true) {
    pageInfo { hasNextPage endCursor } nodes { ...Sale } }"""

PERSON: Final = "query Person($id: ID!) { customer(id: $id) { ...Buyer } }" + _BUYER
PERSON_BY: Final = (
    "query PersonBy($query: String!) { customers(first: 5, query: $query) { nodes { ...Buyer } } }" + _BUYER
)
PEOPLE: Final = "query People($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { ...Buyer } } }" + _BUYER
NEWEST: Final = """query Newest($ids: [ID!]!, $first: Int!) { nodes(ids: $ids) { ... on Customer { id
  orders(first: $first, sortKey: PROCESSED_AT, reverse: true) {
    pageInfo { hasNextPage } edges { cursor node { id } } } } } }"""
ORDERS: Final = "query Orders($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { ...Sale customer { id } } } }" + _SALE
PURCHASES: Final = (
    f"query Purchases($id: ID!, $first: Int!, $after: String) {{ customer(id: $id) {{ id {_ORDERS} }} }}{_SALE}"
)
MORE_LINES: Final = f"""query MoreLines($id: ID!, $after: String) {{ order(id: $id) {{
  lineItems(first: {MORE_LINES_AT_ONCE}, after: $after) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ ...Goods }} }} }} }}{_LINE}"""
MORE_PARCELS: Final = f"query MoreParcels($id: ID!) {{ order(id: $id) {{ {_fulfillments(*MORE_PARCELS_AT_ONCE)} }} }}"
PRODUCTS: Final = """query Products($query: String!, $first: Int!, $after: String) {
  products(first: $first, after: $after, query: $query, sortKey: RELEVANCE) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id title status productType description updatedAt
      variants(first: 1) { nodes { id sku price } }
      priceRangeV2 { minVariantPrice { amount currencyCode } }
      featuredMedia { preview { image { url } } }
    } } }"""
VARIANTS: Final = f"""query Variants($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Product {{
  id variants(first: {VARIANTS_AT_ONCE}) {{ nodes {{ id sku }} }} }} }} }}"""
CHANGES: Final = f"""query Changes($people: String, $afterPerson: String, $orders: String, $afterOrder: String,
    $first: Int!, $drafts: String!, $afterDraft: String) {{
  customers(first: 25, after: $afterPerson, sortKey: UPDATED_AT, query: $people) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ ...Buyer }} }}
  orders(first: $first, after: $afterOrder, sortKey: UPDATED_AT, query: $orders) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ ...Sale customer {{ id }} }} }}
  draftOrders(first: 10, after: $afterDraft, sortKey: UPDATED_AT, query: $drafts) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ id status updatedAt }} }}
}}{_BUYER}{_SALE}"""
PAGE_OF_DRAFT: Final = f"query PageOfDraft($id: ID!) {{ draftOrder(id: $id) {{ ...Draft }} }}{_DRAFT}"
PAGE_OF_ORDER: Final = f"""query PageOfOrder($id: ID!) {{ order(id: $id) {{
  id totalOutstandingSet {_MONEY} paymentCollectionDetails {{ additionalPaymentCollectionUrl }} }} }}"""

DRAFT: Final = f"""mutation Draft($input: DraftOrderInput!) {{ draftOrderCreate(input: $input) {{
  draftOrder {{ ...Draft }} userErrors {{ field message }} }} }}{_DRAFT}"""
COMPLETE: Final = f"""mutation Complete($id: ID!) {{ draftOrderComplete(id: $id, paymentPending: true) {{
  draftOrder {{ id order {{ ...Sale customer {{ id }} }} }} userErrors {{ field message }} }} }}{_SALE}"""
DROP: Final = """mutation Drop($id: ID!) { draftOrderDelete(input: { id: $id }) {
  deletedId userErrors { field message } } }"""


ONE_OF_SEVERAL: Final = re.compile("p[0-9]+")
"""How the answers to `people_by` are named."""


def people_by(count: int) -> str:
    """A question for the customers of so many searches, `$q0` and on, whose answers are named `p0` and on."""
    wanted = ", ".join(f"$q{n}: String!" for n in range(count))
    parts = " ".join(f"p{n}: customers(first: 5, query: $q{n}) {{ nodes {{ ...Buyer }} }}" for n in range(count))
    return f"query PeopleBy({wanted}) {{ {parts} }}{_BUYER}"
