// What a panel of Relay's asks: pages with @connection, fragments that are fetched anew, parts that come later.
import { graphql } from "relay-runtime";

export const customers = graphql`
  query panelCustomersQuery($count: Int = 2, $cursor: String) {
    ...panel_customers @arguments(count: $count, cursor: $cursor)
  }
`;

export const page = graphql`
  fragment panel_customers on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "panelCustomersPageQuery") {
    customers(first: $count, after: $cursor) @connection(key: "panel_customers") {
      totalCount
      edges {
        node {
          ...panel_customer
        }
      }
      pageInfo {
        endCursor
      }
    }
  }
`;

export const customer = graphql`
  fragment panel_customer on Customer {
    displayName
    updatedAt
    ...panel_notes
  }
`;

export const notes = graphql`
  fragment panel_notes on Customer
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "panelNotesQuery") {
    notes(first: $count, after: $cursor) @connection(key: "panel_notes") {
      edges {
        node {
          text
          createdAt
        }
      }
    }
  }
`;

export const one = graphql`
  query panelCustomerQuery($id: ID!) {
    customer(id: $id) {
      displayName
      ...panel_notes @defer(label: "notes")
    }
  }
`;

export const many = graphql`
  query panelNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      ...panel_customer @alias(as: "customer")
    }
  }
`;

export const add = graphql`
  mutation panelAddNoteMutation($input: AddNoteInput!, $connections: [ID!]!) {
    addNote(input: $input) {
      __typename
      ... on AddNotePayload {
        note @prependNode(connections: $connections, edgeTypeName: "NoteEdge") {
          text
          createdAt
        }
      }
      ... on Refusal {
        code
        message
        inputPath
      }
    }
  }
`;

export const changed = graphql`
  subscription panelChangedSubscription($id: ID!, $resumeAt: String) {
    customerChanged(id: $id, resumeAt: $resumeAt) {
      kind
      how
      changedId
      resumeAt
      customer {
        ...panel_customer
      }
    }
  }
`;
