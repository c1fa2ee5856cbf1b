// An agent's panel as a company would write it: Apollo Client and its cache as they come.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { loadDevMessages, loadErrorMessages } from '@apollo/client/dev';
import { ApolloProvider, useQuery } from '@apollo/client/react';
import { createRoot } from 'react-dom/client';

// Apollo's warnings are words instead of numbers, for whoever reads why a test failed.
loadDevMessages();
loadErrorMessages();

// Who asks for whom with which words: the test says it before the page is opened.
const { token, question, variables, possibleTypes } = window.asking;
const PANEL = gql(question);

function Panel() {
  const { data, error, loading, refetch } = useQuery(PANEL, { variables });
  if (loading && !data) return <p>Loading</p>;
  if (error) return <p className="error">{error.message}</p>;
  const customer = data.customerByIdentity.customer;
  return (
    <>
      <header>
        <h1>{customer.displayName}</h1>
        <small>{customer.identities.map((one) => `${one.channel}/${one.account}`).join(' · ')}</small>{' '}
        <button onClick={() => refetch()}>Ask again</button>
      </header>
      <Reasons of={customer.sources} />
      <List name="Tickets" items={customer.tickets.nodes} show={(one) => `${one.number}: ${one.subject} (${one.status})`} />
      <List name="Purchases" items={customer.purchases.nodes} show={(one) => `${one.number}: ${amountOf(one)}`} />
      <List name="History" items={customer.history.edges} show={({ node }) => `${node.at} ${wordsOf(node)}`} />
    </>
  );
}

function Reasons({ of }) {
  const short = of.filter((source) => source.missing);
  if (short.length === 0) return null;
  return <List name="Reasons" items={short} show={(one) => `${one.name}/${one.account}: ${one.missing}`} />;
}

function List({ name, items, show }) {
  return (
    <section className={name.toLowerCase()}>
      <h2>{name}</h2>
      <ul>{items.map((one, n) => <li key={one.id ?? one.cursor ?? n}>{show(one)}</li>)}</ul>
    </section>
  );
}

function wordsOf({ kind, channel, item }) {
  return `${kind.toLowerCase()} on ${channel}: ${item.text ?? item.number ?? item.name}`;
}

function amountOf({ total, status }) {
  return `${total ? `${total.amount} ${total.currency}` : 'no total'} (${status})`;
}

const link = new HttpLink({ uri: '/graphql', headers: { authorization: `Bearer ${token}` } });
const client = new ApolloClient({ link, cache: new InMemoryCache(possibleTypes && { possibleTypes }) });

createRoot(document.getElementById('panel')).render(
  <ApolloProvider client={client}>
    <Panel />
  </ApolloProvider>,
);
