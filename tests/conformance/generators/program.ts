// A program by the types that GraphQL Code Generator wrote: what is null, what a union holds, which words an enum has.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { read } from "./generated/fragment-masking";
import {
  AddNoteDocument,
  ChangesDocument,
  CustomerPartsFragmentDoc,
  EditCustomerDocument,
  InboxDocument,
} from "./generated/graphql";
import type { ChangedKind, HowChanged, InboxQueryVariables } from "./generated/graphql";

type Gateway = { readonly url: string; readonly headers: Readonly<Record<string, string>> };
type Answer<Result> = { readonly data?: Result; readonly errors?: readonly { readonly message: string }[] };
type Named = { readonly __meta__?: { readonly hash?: string } };

/** Asks a document by its name in the manifest, as a client whose documents are trusted does. */
export async function ask<Result, Given>(
  { url, headers }: Gateway,
  document: TypedDocumentNode<Result, Given>,
  variables: Given,
): Promise<Result> {
  const documentId = (document as Named).__meta__?.hash;
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ documentId, variables }),
  });
  const { data, errors } = (await response.json()) as Answer<Result>;
  if (errors?.[0] || !data) throw new Error(errors?.[0]?.message ?? "no data");
  return data;
}

export async function inbox(gateway: Gateway, variables: InboxQueryVariables): Promise<readonly string[]> {
  const { customers } = await ask(gateway, InboxDocument, variables);
  return (customers?.edges ?? []).map(({ node }) => {
    const { id, displayName, version, attributes } = read(CustomerPartsFragmentDoc, node);
    const values: (string | number | boolean | null)[] = attributes?.map(({ value }) => value) ?? [];
    return `${id} ${displayName ?? "anonymous"} ${version.toFixed(0)} ${values.length}`;
  });
}

export async function addNote(gateway: Gateway, customerId: string, text: string): Promise<string> {
  const { addNote: result } = await ask(gateway, AddNoteDocument, { input: { customerId, text } });
  switch (result?.__typename) {
    case "AddNotePayload":
      return result.note.text ?? "";
    case "InvalidInput":
    case "NotFound":
      return `${result.code} ${(result.inputPath ?? []).join(".")}`;
    case undefined:
      return "not for this role";
    default:
      // Were there another refusal, this would not compile.
      return result satisfies never;
  }
}

export async function editStale(gateway: Gateway, id: string): Promise<string> {
  const input = { id, version: 0, attributes: [{ name: "firstName", value: "Ann" }] };
  const { editCustomer: result } = await ask(gateway, EditCustomerDocument, { input });
  return result?.__typename ?? "not for this role";
}

/** What a program says of a change: every word of the enums has to be there. */
export const said: Readonly<Record<HowChanged, (kind: ChangedKind) => string>> = {
  ADDED: (kind) => `new: ${kind}`,
  CHANGED: (kind) => `changed: ${kind}`,
  REMOVED: (kind) => `gone: ${kind}`,
};

export const subscribed = ChangesDocument;
