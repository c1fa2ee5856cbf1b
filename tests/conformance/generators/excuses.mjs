// Why what graphql-eslint finds in schema.graphql is right as it is: by the rule, the line, and the reason.
const values = [
  "AccountDatum AttributeValue CategorySummary Channel ChannelPreference ChannelProfile Chat ChatSite Consent CustomDatum",
  "CustomerLabel CustomerValue EntryPoint EntryPointEdit Fact HistoryEntry Money OrderDatum PageInfo PostalAddress",
  "PurchaseLine PurchaseTotal Source Summary Tag Tracking Verification ViewerInfo",
];
const answers = [
  "AttributeDefinitionPreview AttributeDifference ChannelFailure ComparedFields CustomersConcerned EntryDifference",
  "EntryEdit ErasureBlock ErasureCount ErasurePreview FoundProducts IdentifiedCustomer IdentityLookUps KeptThing",
  "LikelyCustomer MatchReason MergeBlock MergeChange MergeEdit MergeMove MergePreview",
];
const refusals = [
  "ChannelFailed Conflict EditedSince InvalidInput NotFound NotPermitted OutsideWindow StaleAttributeDefinition",
  "StaleCustomerAccount StaleLabel StaleNote StaleRelationType StaleVersion TooOften",
];
const events = ["ChatAgentChanged ChatMessageChanged ChatMessageWritten ChatTyping CustomerChange"];
const types = (...lists) => new RegExp(`^type (${lists.flat().join(" ").split(" ").join("|")})\\b`);

export const excuses = [
  {
    rule: "strict-id-in-types",
    where: /^type \w+(Payload|Connection|Edge)\b/,
    because: "What a mutation answers and a page of a list are no things: `node` could not find them.",
  },
  {
    rule: "strict-id-in-types",
    where: types(values),
    because: "A value is part of the thing that it stands in, and goes with it.",
  },
  {
    rule: "strict-id-in-types",
    where: types(answers),
    because: "What is reckoned for one answer is kept nowhere, so no id would find it again.",
  },
  {
    rule: "strict-id-in-types",
    where: types(refusals),
    because: "A refusal is told once.",
  },
  {
    rule: "strict-id-in-types",
    where: types(events),
    because: "An event is named by the place behind which a subscription goes on: `cursor`, `resumeAt`.",
  },
  {
    rule: "strict-id-in-types",
    where: /^type _Service\b/,
    because: "Apollo's federation specification prescribes it.",
  },
  {
    rule: "relay-edge-types",
    where: /^(\w+|\)): \[/,
    because: "Lists that are short by nature (labels, lines of an order) are plain; that all be connections is optional.",
  },
  {
    rule: "relay-edge-types",
    where: /^type (FactEdge|HistoryEntryEdge) /,
    because: "Facts and entries of the history are values; that rows implement Node is optional.",
  },
  {
    rule: "no-typename-prefix",
    where: /^(customerLabels|customerAccounts|mergedAt|mergedBy):/,
    because: "`labels` are the words alone, `accounts` would be ours; a merge has a time and an author of its undoing too.",
  },
  {
    rule: "naming-convention",
    where: /\b_(entities|service|Service|Any|Entity)\b/,
    because: "Apollo's federation specification prescribes these names.",
  },
  {
    rule: "naming-convention",
    where: /^type (Stale)?RelationType\b/,
    because: "It is the type of a relation, as people say: parent, employer.",
  },
  {
    rule: "naming-convention",
    where: /^type Type(InChat|ToVisitor)Payload\b/,
    because: "To type is what the chat's users do: `typeInChat`, `typeToVisitor`.",
  },
  {
    rule: "require-selections",
    where: /^conversation \{$/,
    because: "The chat widget has no cache in which things are found by their ids.",
  },
];
