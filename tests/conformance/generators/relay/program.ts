// A program on Relay's own runtime, by the artefacts that relay-compiler wrote: documents are asked by their ids alone.
import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  getSelector,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
} from "relay-runtime";
import type { FetchFunction, GraphQLResponse, GraphQLSingularResponse, RequestParameters, Variables } from "relay-runtime";
import AddNote from "./__generated__/panelAddNoteMutation.graphql";
import type { panelAddNoteMutation } from "./__generated__/panelAddNoteMutation.graphql";
import Changed from "./__generated__/panelChangedSubscription.graphql";
import type { panelChangedSubscription } from "./__generated__/panelChangedSubscription.graphql";
import CustomerQuery from "./__generated__/panelCustomerQuery.graphql";
import type { panelCustomerQuery } from "./__generated__/panelCustomerQuery.graphql";
import CustomersPage from "./__generated__/panelCustomersPageQuery.graphql";
import type { panelCustomersPageQuery } from "./__generated__/panelCustomersPageQuery.graphql";
import Customers from "./__generated__/panelCustomersQuery.graphql";
import type { panelCustomersQuery } from "./__generated__/panelCustomersQuery.graphql";
import NodesQuery from "./__generated__/panelNodesQuery.graphql";
import type { panelNodesQuery } from "./__generated__/panelNodesQuery.graphql";
import NotesQuery from "./__generated__/panelNotesQuery.graphql";
import type { panelNotesQuery } from "./__generated__/panelNotesQuery.graphql";
import PageOfCustomers from "./__generated__/panel_customers.graphql";
import type { panel_customers$data, panel_customers$key } from "./__generated__/panel_customers.graphql";
import NotesOfCustomer from "./__generated__/panel_notes.graphql";
import type { panel_notes$data, panel_notes$key } from "./__generated__/panel_notes.graphql";

export type Gateway = { readonly url: string; readonly headers: Readonly<Record<string, string>> };
type Part = GraphQLSingularResponse & { readonly incremental?: readonly GraphQLSingularResponse[] };

const ACCEPTED = 'multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json';

/** What stands in a stream between separators, as it comes. */
async function* pieces(response: Response, separator: string): AsyncGenerator<string> {
  if (!response.body) throw new Error("an answer without a body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const found = (text + value).split(separator);
    text = found.pop() ?? "";
    yield* found;
  }
  yield text;
}

async function* parts(response: Response): AsyncGenerator<Part> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("multipart/mixed")) {
    const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1] ?? "-";
    for await (const piece of pieces(response, `--${boundary}`)) {
      const [, body] = piece.split("\r\n\r\n");
      if (body?.trim()) yield JSON.parse(body) as Part;
    }
  } else if (type.startsWith("text/event-stream")) {
    for await (const piece of pieces(response, "\n\n")) {
      const told = /^data: ?(.+)$/m.exec(piece)?.[1];
      if (/^event: ?next$/m.test(piece) && told) yield JSON.parse(told) as Part;
    }
  } else {
    yield (await response.json()) as Part;
  }
}

function asked(gateway: Gateway, request: RequestParameters, variables: Variables, accept: string): Observable<GraphQLResponse> {
  return Observable.create((sink) => {
    const ending = new AbortController();
    const run = async (): Promise<void> => {
      const response = await fetch(gateway.url, {
        method: "POST",
        headers: { ...gateway.headers, "content-type": "application/json", accept },
        body: JSON.stringify({ documentId: request.id, variables }),
        signal: ending.signal,
      });
      for await (const part of parts(response)) {
        if (part.incremental) for (const later of part.incremental) sink.next(later);
        else if ("data" in part || part.errors) sink.next(part);
      }
      sink.complete();
    };
    run().catch((error: Error) => {
      if (!ending.signal.aborted) sink.error(error);
    });
    return () => ending.abort();
  });
}

export class Program {
  readonly environment: Environment;

  constructor(gateway: Gateway) {
    const fetching: FetchFunction = (request, variables) => asked(gateway, request, variables, ACCEPTED);
    this.environment = new Environment({
      network: Network.create(fetching, (request, variables) => asked(gateway, request, variables, "text/event-stream")),
      store: new Store(new RecordSource()),
    });
  }

  /** How many customers the list holds after one page, and after the next. */
  async pages(): Promise<readonly number[]> {
    await fetchQuery<panelCustomersQuery>(this.environment, Customers, { count: 2 }).toPromise();
    const { fragment } = createOperationDescriptor(Customers, { count: 2, cursor: null });
    const held = (): panel_customers$data => {
      const root = this.environment.lookup(fragment).data as unknown as panel_customers$key;
      const selector = getSelector(PageOfCustomers, root);
      if (selector?.kind !== "SingularReaderSelector") throw new Error("no selector");
      return this.environment.lookup(selector).data as unknown as panel_customers$data;
    };
    const first = held().customers;
    const cursor = first?.pageInfo.endCursor ?? null;
    await fetchQuery<panelCustomersPageQuery>(this.environment, CustomersPage, { count: 3, cursor }).toPromise();
    return [first?.edges.length ?? 0, held().customers?.edges.length ?? 0];
  }

  /** The notes of a customer, that come later by @defer; and how many answers came. */
  async later(id: string): Promise<{ notes: number; answers: number }> {
    let answers = 0;
    await new Promise<void>((complete, error) => {
      fetchQuery<panelCustomerQuery>(this.environment, CustomerQuery, { id }).subscribe({
        next: () => void (answers += 1),
        complete,
        error,
      });
    });
    return { notes: this.notes(id).notes?.edges.length ?? 0, answers };
  }

  /** The notes of a customer as they stand in Relay's store. */
  notes(id: string): panel_notes$data {
    const { fragment } = createOperationDescriptor(CustomerQuery, { id });
    const found = this.environment.lookup(fragment).data as unknown as { customer: panel_notes$key };
    const selector = getSelector(NotesOfCustomer, found.customer);
    if (selector?.kind !== "SingularReaderSelector") throw new Error("no selector");
    const { data, isMissingData } = this.environment.lookup(selector);
    if (isMissingData) throw new Error("notes are missing in Relay's store");
    return data as unknown as panel_notes$data;
  }

  /** The type of what `node` fetched anew. */
  async refetched(id: string): Promise<string> {
    const found = await fetchQuery<panelNotesQuery>(this.environment, NotesQuery, { id, count: 1 }).toPromise();
    return found?.node ? (this.environment.getStore().getSource().get(id)?.["__typename"] as string) : "";
  }

  /** The types of several things by their ids; null for what is not there. */
  async many(ids: readonly string[]): Promise<readonly (string | null)[]> {
    const found = await fetchQuery<panelNodesQuery>(this.environment, NodesQuery, { ids }).toPromise();
    return (found?.nodes ?? []).map((one) => one?.__typename ?? null);
  }

  /** What a mutation answers, whose note goes into the list that is held. */
  add(customerId: string, text: string, connections: readonly string[]): Promise<string> {
    return new Promise((told, onError) => {
      commitMutation<panelAddNoteMutation>(this.environment, {
        mutation: AddNote,
        variables: { input: { customerId, text }, connections },
        onCompleted: ({ addNote }) => {
          // Narrowed by its type name, as strict programs do.
          if (!addNote) told("nothing");
          else if (addNote.__typename === "AddNotePayload") told(addNote.note?.text ?? "");
          else told(addNote.code ?? "");
        },
        onError,
      });
    });
  }

  /** The kind of the next thing that changes of a customer. */
  next(id: string): { readonly kind: Promise<string>; readonly end: () => void } {
    let end = (): void => {};
    const kind = new Promise<string>((told, onError) => {
      const held = requestSubscription<panelChangedSubscription>(this.environment, {
        subscription: Changed,
        variables: { id },
        onNext: (change) => told(change?.customerChanged.kind ?? ""),
        onError,
      });
      end = () => held.dispose();
    });
    return { kind, end };
  }

  /** By what Relay's store holds the list of a customer's notes. */
  listOfNotes(id: string): string {
    return `client:${id}:__panel_notes_connection`;
  }
}
