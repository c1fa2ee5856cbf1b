// The resolvers that all Node servers share, and their scalars. Lists of customers come through `context.lists`, which
// each way of batching makes anew for each request.
import { GraphQLScalarType } from 'graphql'
import { customerByIdentity, newestCustomers } from './customers.js'
import { agentOf } from './held.js'
import { customDataOf, labelsOf } from './shapes.js'

const PAGE = 20

const scalar = (name, serialize) => new GraphQLScalarType({ name, serialize })

// As the gateway writes moments: without a fraction where there is none.
function moment (date) {
  const text = date.toISOString()
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text
}

const found = {
  DateTime: scalar('DateTime', moment),
  Decimal: scalar('Decimal', value => value.toString()),
  CurrencyCode: scalar('CurrencyCode', value => value),
  AttributeScalar: scalar('AttributeScalar', value => value instanceof Date ? moment(value) : value),
  Query: {
    customerByIdentity: (_, args, { viewer }) => customerByIdentity(args, viewer),
    customers: (_, { first }, { viewer }) => newestCustomers(first ?? PAGE, viewer),
  },
  Customer: {
    labels: ({ document }) => labelsOf(document),
    tags: ({ document }) => document.tags ?? [],
    customData: ({ document }, _, { viewer }) => customDataOf(document, viewer),
    assignedAgent: ({ document }) => agentOf(document.assigned_agent_id),
  },
  HistoryEntryConnection: {
    nodes: ({ edges }) => edges.map(edge => edge.node),
  },
  HistoryItem: {
    __resolveType: ({ type }) => type,
  },
}

// Which load a field is, by its name and arguments.
export const LISTS = {
  identities: () => ['identities', undefined],
  purchases: ({ first }) => ['purchases', first ?? PAGE],
  tickets: ({ first }) => ['tickets', first ?? PAGE],
  interests: ({ first }) => ['interests', first ?? PAGE],
  summary: ({ top }) => ['summary', top],
  history: ({ last }) => ['history', last ?? PAGE],
}

// With DataLoader every list field is a resolver; Mercurius's own loaders take their place.
const dataLoaded = Object.fromEntries(
  Object.entries(LISTS).map(([field, asked]) => [field, (customer, args, { lists }) => lists.load(...asked(args), customer)]))

export const withoutLists = found
export const resolvers = { ...found, Customer: { ...found.Customer, ...dataLoaded } }
