import './workers.js';
import 'monaco-graphql/esm/monaco-editor.js';
// GraphiQL's own style.css holds a second copy of the editor's rules and thirty embedded fonts.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';
import icon from './icon.svg';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';

const settings = JSON.parse(document.getElementById('settings').textContent);
const endpoint = new URL(settings.endpoint, location.href);
const subscriptions = new URL(endpoint);
subscriptions.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

// Several playgrounds meet on one loopback port over the months, and browsers store by host and port: without a
// name of our own, an editor would open with another project's questions.
const PREFIX = 'profile-gateway:';

function keptInBrowser() {
  try {
    const store = window.localStorage;
    const ours = () => Object.keys(store).filter((key) => key.startsWith(PREFIX));
    const kept = {
      getItem: (key) => store.getItem(PREFIX + key),
      setItem: (key, value) => store.setItem(PREFIX + key, value),
      removeItem: (key) => store.removeItem(PREFIX + key),
      clear: () => ours().forEach((key) => store.removeItem(key)),
      get length() {
        return ours().length;
      },
    };
    openIfNew(kept);
    return kept;
  } catch {
    return null; // The browser forbids storage: GraphiQL then keeps nothing.
  }
}

// A returning visitor keeps their tabs; a question that is new since then opens in a tab of its own.
function openIfNew(kept) {
  const before = kept.getItem('question');
  kept.setItem('question', settings.question);
  if (before !== null && before !== settings.question) openAtStart(kept, settings.question);
}

// GraphiQL begins with the query and variables it kept, and adds a tab when none of the kept ones holds them.
function openAtStart(kept, question) {
  kept.setItem('graphiql:query', question);
  kept.removeItem('graphiql:variables');
}

const kept = keptInBrowser();

// A role that may not ask the standing question has one of its own.
function questionFor(role) {
  return settings.tokens.find((entry) => entry.role === role)?.question ?? settings.question;
}

// What stands in the headers editor outranks the role: HTTP header names ignore case, objects do not. The schema is asked
// for as the first role: not every other may see it, and the page helps with it whichever role asks.
function fetcherWith(chosen) {
  const ask = createGraphiQLFetcher({ url: endpoint.href, subscriptionUrl: subscriptions.href });
  return (question, options) => {
    const own = options?.headers ?? {};
    const signsInItself = Object.keys(own).some((name) => name.toLowerCase() === 'authorization');
    const token = question.operationName === 'IntrospectionQuery' ? settings.tokens[0]?.token : chosen;
    const headers = token && !signsInItself ? { ...own, Authorization: `Bearer ${token}` } : own;
    return ask(question, { ...options, headers });
  };
}

function RoleSwitch({ role, onChange }) {
  return (
    <label>
      Asking as
      <select value={role} onChange={(event) => onChange(event.target.value)}>
        {settings.tokens.map((entry) => (
          <option key={entry.role}>{entry.role}</option>
        ))}
      </select>
    </label>
  );
}

function SignInHint() {
  return (
    <p>
      Sign in under <em>Headers</em>: <code>{'{"Authorization": "Bearer …"}'}</code>, then re-fetch the schema.
    </p>
  );
}

function Page() {
  const [role, setRole] = useState(settings.tokens[0]?.role);
  const token = settings.tokens.find((entry) => entry.role === role)?.token;
  // A new fetcher makes GraphiQL read the schema again: what is documented may depend on who asks.
  const fetcher = useMemo(() => fetcherWith(token), [token]);
  const question = questionFor(role);
  const askAs = (next) => {
    if (kept && questionFor(next) !== question) openAtStart(kept, questionFor(next));
    setRole(next);
  };
  return (
    <>
      <header className="masthead">
        <img src={icon} alt="" />
        <h1>
          <strong>Profile gateway</strong>: one question, one whole customer
        </h1>
        {settings.tokens.length ? <RoleSwitch role={role} onChange={askAs} /> : <SignInHint />}
      </header>
      {/* GraphiQL reads its question when it begins: with another one it begins anew. */}
      <GraphiQL
        key={question}
        fetcher={fetcher}
        storage={kept}
        defaultQuery={question}
        defaultEditorToolsVisibility={settings.tokens.length ? undefined : 'headers'}
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>
          <a className="licences" href="/playground/LICENSES.txt">
            Licences
          </a>
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

createRoot(document.getElementById('page')).render(<Page />);
