/**
 * <customer-chat endpoint="https://gateway.example/graphql" account="main"></customer-chat>
 *
 * A company's web chat on its own pages, in one element and one module: no framework, no outside request, nothing inline
 * that a content security policy would have to allow. Words that people wrote are only ever set as text.
 *
 *   endpoint   the gateway's address
 *   account    the site's name: the channel account in the gateway's file of channels
 *   identity   a statement that the company's backend has signed: who the visitor is (optional). Empty, or taken away,
 *              it says that nobody is signed in
 *   heading    what stands on top; "Chat" without it
 *
 *   element.open()  element.close()  element.send(text, attachments)  element.identify({ signed } or { name, email })
 *   element.end()
 */

// By these names the gateway knows documents.json. Written by tools/widget_documents.py.
const DOCUMENTS = {
  StartChat: "dffe87e86c843fec6b26bd2eea26e394d4a3fc40786a5112c3969a96a4355e44",
  ChatSite: "b78a35caefcd49614502484e3e030e7a25b952f1d9db8250ade2c75ee16d73ea",
  Chat: "437b48636060e5309ead1b98d46c25879612c04060101eeff06b17e55ba41a9b",
  EarlierMessages: "da680dcec85e8c326d2d308f81062941afbf53d0e88f95f2bfdbcddcd73c200a",
  SendChatMessage: "b9390febcf5aafb5a4b5f66b8823ad997a2ca51151506ffe54055ef3f00cde5d",
  ChatChanged: "392e7e804b0e914e7bf637d8978e342dffd98248971f69f7283339f9dfd8a1ea",
  TypeInChat: "13f4e115118f754dc334c0015e335cca77fa1858551cc4778add7d9c19385e51",
  ReadChat: "430a421839e859f00617281f27e69859f1e6b9f0a01569372eaf9505f4c23556",
  IdentifyVisitor: "cdf763a5993d4765d706455ea31f56a6c2a85aa09b7c9039aed6490c7dcb9df9",
  EndChat: "f048d8475ee498b1be9f4885ce764b634716bb3421586c9eb8927c38e2f73aa8",
};

const SECOND = 1000;
/** The gateway gives a sign of life every ten seconds. */
const SILENT_MS = 25 * SECOND;
const PATIENCE_MS = 20 * SECOND;
const FIRST_PAUSE_MS = 0.5 * SECOND;
const LONGEST_PAUSE_MS = 30 * SECOND;
/** The gateway takes typing to be over after six seconds. */
const TYPING_MS = 4 * SECOND;
const OTHERS_MS = 2 * SECOND;
const MOST_WAITING = 50;
const LONGEST_PAGE = 2000;

const ENDED = "This chat has ended. Write a message to begin another.";
const CLOSED = "The chat cannot be opened now.";
const NOT_SAID = { email: "That is no e-mail address.", name: "That name cannot be kept." };
const NAMES_NOBODY = "The statement names nobody: it is no JSON Web Token with a `sub`.";
const NO_DOCUMENTS =
  "customer-chat: this gateway does not know the widget's documents, and documents.json, which holds their texts, cannot be fetched. " +
  "Name it in GATEWAY_TRUSTED_DOCUMENTS, or put it beside customer-chat.js and let the page fetch it (connect-src 'self').";

/** What the gateway answered instead of what was asked. */
class Told extends Error {
  constructor(code, message, retryAfterS = 0) {
    super(message);
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** Tells whoever built the page why something was refused; visitors have words of their own. */
const complain = ({ code, message }) => code !== "NO_DOCUMENTS" && console.warn(`customer-chat: ${code}: ${message}`);

/** What is told of a chat that has ended meanwhile. */
const over = () => new Told("OVER", "The chat was ended.");
const isSignedOut = (error) => error instanceof Told && error.code === "UNAUTHENTICATED";
const isForNow = (error) =>
  !(error instanceof Told) || ["UNAUTHENTICATED", "UNAVAILABLE", "LIMIT_EXCEEDED", "INTERNAL", "TOO_OFTEN"].includes(error.code);

// --- Asking the gateway ------------------------------------------------------------------------------------------

/** Questions to the gateway, by the documents' names; by their texts where it does not know them, as a demo's does not. */
class Wire {
  #endpoint;
  #texts = null;

  constructor(endpoint) {
    this.#endpoint = endpoint;
  }

  async ask(name, variables, token) {
    const accept = "application/graphql-response+json, application/json";
    const response = await this.#post(name, variables, { token, accept, signal: AbortSignal.timeout(PATIENCE_MS) });
    // By the gateway, or by whatever stands before it and speaks no JSON.
    if (response.status === 413) throw new Told("TOO_LARGE", "The request is larger than is taken.");
    const answer = await response.json();
    if (await this.#isForTexts(answer)) return this.ask(name, variables, token);
    return dataOf(answer);
  }

  /** The subscription's answers. Ends where the gateway cuts it off, and throws where it says why, or says nothing. */
  async *follow(name, variables, token, signal, begun) {
    const silent = new AbortController();
    let watch = 0;
    const wait = () => {
      clearTimeout(watch);
      watch = setTimeout(() => silent.abort(new Error("silent")), SILENT_MS);
    };
    let reader = null;
    let kept = "";
    try {
      wait();
      const both = anyOf(signal, silent.signal);
      const response = await this.#post(name, variables, { token, accept: "text/event-stream", signal: both });
      if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
        dataOf(await response.json());
        throw new Error(`HTTP ${response.status}`);
      }
      reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        wait();
        const { value, done } = await reader.read();
        if (done) return;
        begun();
        const events = (kept + value).split("\n\n");
        kept = events.pop();
        for (const event of events) {
          const data = event.match(/^data: ?(.+)$/m)?.[1];
          const answer = data && JSON.parse(data);
          if (answer && (await this.#isForTexts(answer))) return;
          if (answer) yield dataOf(answer);
        }
      }
    } finally {
      clearTimeout(watch);
      reader?.cancel().catch(() => {});
    }
  }

  #post(name, variables, { token, accept, signal }) {
    const document = this.#texts ? { query: this.#texts.get(DOCUMENTS[name]) } : { documentId: `sha256:${DOCUMENTS[name]}` };
    const headers = { "Content-Type": "application/json", Accept: accept };
    if (token) headers.Authorization = `Bearer ${token}`;
    const body = JSON.stringify({ ...document, variables });
    // Whoever signs out often leaves the page at once.
    const keepalive = name === "EndChat";
    return fetch(this.#endpoint, { method: "POST", headers, body, signal, keepalive, credentials: "omit", cache: "no-store" });
  }

  /** Whether the gateway does not know the documents, so that it has to be sent their texts. */
  async #isForTexts(answer) {
    if (this.#texts || answer.errors?.[0]?.extensions?.code !== "PERSISTED_QUERY_NOT_FOUND") return false;
    try {
      const manifest = await (await fetch(new URL("documents.json", import.meta.url))).json();
      this.#texts = new Map(manifest.operations.map((one) => [one.id, one.body]));
    } catch (error) {
      if (!navigator.onLine) throw error;
      console.error(NO_DOCUMENTS);
      throw new Told("NO_DOCUMENTS", NO_DOCUMENTS);
    }
    return true;
  }
}

function dataOf(answer) {
  const error = answer.errors?.[0];
  if (error) throw new Told(error.extensions?.code ?? "INTERNAL", error.message);
  return answer.data;
}

/** A mutation's payload; throws where it was refused. */
function payloadOf(result) {
  if (result.__typename === "TooOften") throw new Told("TOO_OFTEN", `Try again in ${result.retryAfterS} s.`, result.retryAfterS);
  if (result.code) throw Object.assign(new Told(result.code, result.message), { inputPath: result.inputPath });
  return result;
}

/** What a visitor is told of a message that was not taken. */
function whyNot({ code, inputPath }) {
  if (code === "TOO_LARGE") return "it is too long. Send it in parts.";
  if (inputPath?.[1] === "text") return "it is too long, or holds signs that cannot be sent.";
  return inputPath?.[1] === "attachments" ? "its file cannot be sent." : "something is wrong with it.";
}

// --- What a browser keeps ----------------------------------------------------------------------------------------

/** Values under a prefix, for all tabs of the site; for this tab alone where the browser keeps nothing. */
class Shelf {
  #prefix;
  #store;

  constructor(prefix) {
    this.#prefix = prefix;
    try {
      localStorage.setItem(`${prefix}?`, "");
      localStorage.removeItem(`${prefix}?`);
      this.#store = localStorage;
    } catch {
      const kept = new Map();
      this.#store = {
        getItem: (name) => kept.get(name) ?? null,
        setItem: (name, value) => kept.set(name, value),
        removeItem: (name) => kept.delete(name),
        get length() {
          return kept.size;
        },
        key: (n) => [...kept.keys()][n],
      };
    }
  }

  get(name) {
    try {
      return JSON.parse(this.#store.getItem(this.#prefix + name));
    } catch {
      return null;
    }
  }

  set(name, value) {
    try {
      this.#store.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      throw new Told("FULL", "This browser has no room left to keep the message.");
    }
  }

  drop(name) {
    this.#store.removeItem(this.#prefix + name);
  }

  names(beginning) {
    const all = Array.from({ length: this.#store.length }, (_, n) => this.#store.key(n));
    const whole = this.#prefix + beginning;
    return all.filter((name) => name?.startsWith(whole)).map((name) => name.slice(this.#prefix.length));
  }

  isOf(name) {
    return name === null || name.startsWith(this.#prefix);
  }
}

/**
 * The other tabs. What one of them writes into localStorage another may see a moment later than that a lock is free: so
 * who finds no chat there asks them, and each looks into what it wrote itself.
 */
class Others {
  #name;
  #radio;
  #waits = new Map();

  constructor(name, signal, session) {
    this.#name = `${name}here`;
    this.#radio = new BroadcastChannel(this.#name);
    this.#radio.onmessage = ({ data }) => {
      if (data.question) this.#radio.postMessage({ answers: data.question, session: session() });
      else this.#waits.get(data.answers)?.(data.session);
    };
    const gone = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    gone.then(() => this.#radio.close());
    // By their locks they are counted: nobody waits for the answer of a tab that is not there.
    navigator.locks?.request(this.#name, { mode: "shared" }, () => gone);
  }

  /** The chat that one of them has begun; null where none has. */
  async session() {
    if (!navigator.locks) return null;
    const { held } = await navigator.locks.query();
    let left = held.filter(({ name }) => name === this.#name).length - 1;
    if (left < 1) return null;
    const question = freshKey();
    return new Promise((resolve) => {
      const answered = (session) => {
        clearTimeout(late);
        this.#waits.delete(question);
        resolve(session);
      };
      const late = setTimeout(() => answered(null), OTHERS_MS);
      this.#waits.set(question, (session) => {
        left -= 1;
        if (session || left < 1) answered(session);
      });
      this.#radio.postMessage({ question });
    });
  }
}

function anyOf(...signals) {
  const either = new AbortController();
  for (const one of signals) {
    if (one.aborted) either.abort(one.reason);
    one.addEventListener("abort", () => either.abort(one.reason), { once: true, signal: either.signal });
  }
  return either.signal;
}

/** Does the work while no other tab does the same. */
const alone = (name, signal, work) => (navigator.locks ? navigator.locks.request(name, { signal }, work) : work());

function freshKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}

/** Of whom a signed statement tells. Whether that is so, the gateway finds out. */
function userOf(signed) {
  try {
    const [, claims] = signed.split(".");
    const bytes = Uint8Array.from(atob(claims.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)).sub ?? null;
  } catch {
    return null;
  }
}

/**
 * The page without what only this visitor's address may hold: of the query string the campaign alone. Nothing of what is
 * no page, as the app from which an Android phone came, and less of what is longer than the gateway takes.
 */
function pageOf(address) {
  try {
    const { protocol, origin, pathname, searchParams } = new URL(address);
    if (!["http:", "https:"].includes(protocol)) return null;
    const kept = [...searchParams].filter(([name]) => name.startsWith("utm_"));
    const ways = [`${origin}${pathname}${kept.length ? `?${new URLSearchParams(kept)}` : ""}`, `${origin}${pathname}`, `${origin}/`];
    return ways.find(({ length }) => length <= LONGEST_PAGE) ?? null;
  } catch {
    return null;
  }
}

const cameIn = () => ({ page: pageOf(location.href), referrer: pageOf(document.referrer) });

// --- The chat ----------------------------------------------------------------------------------------------------

/** One visitor's chat, the same in all tabs: one of them follows it for the others. */
class Chat extends EventTarget {
  messages = new Map();
  hasEarlier = false;
  agentName = null;
  isAgentTyping = false;
  isVerified = false;
  /** `idle`, `starting`, `live` or `waiting` */
  state = "idle";
  trouble = "";

  #account;
  #name;
  #wire;
  #shelf;
  #others;
  #radio;
  #stop = new AbortController();
  #life = new AbortController();
  #wake = new EventTarget();
  #resume = null;
  #cursor = null;
  #earlier = null;
  #starting = null;
  #isFlushing = false;
  #holds = 0;
  #typedAt = 0;
  #typing = 0;
  #marked = "";
  /** Whether a chat is asked for by who is signed in; only then, or where something waits to be sent, one begins. */
  #isWanted = false;
  #site = null;
  #greets = false;

  constructor(endpoint, account) {
    super();
    this.#account = account;
    this.#name = `customer-chat:${endpoint}:${account}:`;
    this.#wire = new Wire(endpoint);
    this.#shelf = new Shelf(this.#name);
    this.#radio = new BroadcastChannel(this.#name);
    this.#radio.onmessage = ({ data }) => this.#hear(data);
    const { signal } = this.#stop;
    this.#others = new Others(this.#name, signal, () => this.#shelf.get("session"));
    addEventListener("storage", (event) => this.#shelf.isOf(event.key) && this.#kept(), { signal });
    addEventListener("online", () => this.#wakeUp(), { signal });
    addEventListener("offline", () => this.#say("waiting"), { signal });
  }

  get isKnown() {
    return Boolean(this.#shelf.get("session"));
  }

  /** Whether something that was written waits to be sent. */
  get isOwing() {
    return this.waiting.some((one) => !one.refusal);
  }

  /** Whether the chat has ended without the visitor: the next one begins with what they write. */
  get hasEnded() {
    return this.trouble === ENDED;
  }

  /** The company's own id of the person who was proven to chat here. */
  get user() {
    return this.#shelf.get("session")?.user ?? null;
  }

  /** Whom a statement named that was sent here, whether or not anybody heard that it was taken. */
  get claimed() {
    return this.#shelf.get("session")?.claimed ?? this.user;
  }

  get greeting() {
    return this.#shelf.get("session")?.greeting ?? this.#site?.greeting ?? null;
  }

  /** How many characters the site takes of a message; null as long as it has not told. */
  get longestText() {
    return this.#shelf.get("session")?.longestText ?? this.#site?.longestText ?? null;
  }

  /** What the visitor wrote and the gateway has not taken yet, oldest first. */
  get waiting() {
    const found = this.#shelf.names("out:").map((name) => this.#shelf.get(name));
    return found.filter(Boolean).sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  }

  get unread() {
    const read = this.#shelf.get("read");
    return [...this.messages.values()].filter((one) => one.direction === "OUT" && !(read && moment(one) <= moment(read))).length;
  }

  stop() {
    this.#stop.abort();
    this.#radio.close();
    this.#wakeUp();
  }

  /** Asks what the company says before anybody wrote. Nobody is a customer for that. */
  async greet() {
    if (this.isKnown || this.#greets || this.#site) return;
    this.#greets = true;
    try {
      const { chatSite } = await this.#wire.ask("ChatSite", { account: this.#account });
      this.#site = chatSite;
    } catch (error) {
      if (!isForNow(error)) complain(error);
      if (!isForNow(error) && !this.isKnown) this.trouble ||= CLOSED;
    } finally {
      this.#greets = false;
    }
    this.#changed();
  }

  /** Finds the chat again, or begins one where something waits or it is wanted, and follows it from then on. */
  async start(isWanted) {
    if (this.state === "idle" || this.state === "starting") this.#isWanted ||= isWanted;
    if (this.state !== "idle") return;
    this.trouble = "";
    this.#say("starting");
    this.#life = new AbortController();
    const signal = anyOf(this.#stop.signal, this.#life.signal);
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        await this.#enter();
        break;
      } catch (error) {
        if (!isForNow(error)) {
          if (signal.aborted) return;
          this.#isWanted = false;
          if (error.code !== "OVER") {
            complain(error);
            this.trouble = CLOSED;
          }
          this.#say("idle");
          return;
        }
        await this.#pause(tries, error);
      }
    }
    if (signal.aborted) return;
    alone(`${this.#name}live`, signal, () => this.#live(signal)).catch(() => {});
    this.#say(navigator.onLine ? "live" : "waiting");
    this.#flush();
    this.#sayWho();
  }

  /** What waits is not sent before this is called: it is for the chat of who is about to be proven. */
  hold() {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
      this.#flush();
    };
  }

  /** Keeps what was written until it is sent; `by`: the company's own id of who is signed in on the page. */
  send(text, attachments = [], by = null) {
    if (!text.trim() && !attachments.length) return;
    if (this.waiting.length >= MOST_WAITING) throw new Told("FULL", "Too many messages wait to be sent. Wait until they are.");
    // Where the visitor came in, though the next page be the one that is online.
    if (!this.isKnown && !this.#shelf.get("came")) this.#shelf.set("came", cameIn());
    const key = freshKey();
    const at = Math.max(Date.now(), (this.waiting.at(-1)?.at ?? 0) + 1);
    this.#shelf.set(`out:${key}`, { key, at, by, text, attachments, refusal: null });
    this.#typedAt = 0;
    clearTimeout(this.#typing);
    this.#changed();
    this.#flush();
  }

  /** Takes a message that was refused back. */
  discard(key) {
    this.#shelf.drop(`out:${key}`);
    this.#changed();
  }

  /** Says that the visitor types, and when that is over; not more often than need be. */
  typed(isTyping) {
    clearTimeout(this.#typing);
    if (isTyping) this.#typing = setTimeout(() => this.typed(false), TYPING_MS);
    const isNews = isTyping ? Date.now() - this.#typedAt >= TYPING_MS : this.#typedAt > 0;
    if (!isNews || this.state !== "live") return;
    this.#typedAt = isTyping ? Date.now() : 0;
    this.#mention("TypeInChat", { input: { isTyping } });
  }

  /** Says how far the company's messages came: that they are on this device, or before the visitor's eyes. */
  seen(isRead) {
    const last = [...this.messages.values()].filter((one) => one.direction === "OUT").at(-1);
    if (!last || this.state === "idle" || this.#marked === `${last.id}${isRead}` || this.#marked === `${last.id}true`) return;
    this.#marked = `${last.id}${isRead}`;
    if (isRead) {
      this.#shelf.set("read", { sentAt: last.sentAt });
      this.#changed();
    }
    this.#mention("ReadChat", { input: { upTo: last.id, isRead } });
  }

  /** Says who the visitor is: signed by the company, or as the visitor typed it. Whether that is proven. */
  async identify(claim) {
    if (!claim.signed && !this.isKnown) {
      this.#shelf.set("said", claim);
      return false;
    }
    const claimed = claim.signed ? userOf(claim.signed) : null;
    // Before it is sent: the answer may be lost, and the gateway knows all the same who it is.
    if (claimed && this.isKnown) this.#shelf.set("session", { ...this.#shelf.get("session"), claimed });
    const { identifyVisitor } = await this.#ask("IdentifyVisitor", { input: claim });
    const { isVerified, token } = payloadOf(identifyVisitor);
    this.#shelf.set("session", { ...this.#shelf.get("session"), token, ...(claimed && isVerified && { user: claimed }) });
    this.isVerified = this.isVerified || isVerified;
    this.#changed();
    return isVerified;
  }

  /** Says what was typed before there was a chat. */
  async #sayWho() {
    const said = this.#shelf.get("said");
    if (!said) return;
    try {
      await this.identify(said);
    } catch (error) {
      if (isForNow(error) || error.code === "OVER") return;
      complain(error);
      const wrong = error.inputPath?.[1] ?? null;
      this.dispatchEvent(Object.assign(new Event("unsaid"), { wrong }));
      const { [wrong]: refused, ...rest } = said;
      if (refused && Object.values(rest).some(Boolean)) {
        this.#shelf.set("said", rest);
        return this.#sayWho();
      }
    }
    this.#shelf.drop("said");
  }

  async earlier() {
    const { chat } = await this.#ask("EarlierMessages", { before: this.#earlier });
    const { nodes, pageInfo } = chat.conversation.messages;
    this.#earlier = pageInfo.startCursor;
    this.hasEarlier = pageInfo.hasPreviousPage;
    nodes.forEach((one) => this.#put(one));
    this.#changed();
  }

  /**
   * Ends the chat: on this device at once, and at the gateway as soon as it can be told. Returns once that was tried.
   * What `next`, who is signed in now, has written goes on to wait.
   */
  async end(next = null) {
    const session = this.#shelf.get("session");
    this.#forget("", next);
    if (session) await this.#goodbye(session);
  }

  /** Keeps nothing of the chat, in no tab. First of all, so that none takes the end for a token that has to be renewed. */
  #forget(trouble = "", next = null) {
    const written = this.#shelf.names("out:").filter((name) => next === null || this.#shelf.get(name)?.by !== next);
    ["session", "read", "came", "said", "word", ...written].forEach((name) => this.#shelf.drop(name));
    this.#tell({ isOver: true, trouble });
  }

  /** Tells the gateway, for as long as this page is there: nothing else has the word any more. */
  async #goodbye({ token, resume }, tries = 0) {
    let fresh = token;
    try {
      fresh ??= payloadOf((await this.#wire.ask("StartChat", { input: { account: this.#account, resume } })).startChat).token;
      payloadOf((await this.#wire.ask("EndChat", { input: { resume } }, fresh)).endChat);
    } catch (error) {
      if (!isForNow(error) || this.#stop.signal.aborted) return;
      const next = { token: isSignedOut(error) ? null : fresh, resume };
      this.#pause(tries, error).then(() => this.#goodbye(next, tries + 1));
    }
  }

  // Beginning

  #enter() {
    const starting =
      this.#starting ??
      alone(`${this.#name}start`, this.#stop.signal, () => this.#found()).finally(() => {
        if (this.#starting === starting) this.#starting = null;
      });
    this.#starting = starting;
    return starting;
  }

  get #mayBegin() {
    return this.#isWanted || this.isOwing;
  }

  async #found() {
    let session = this.#shelf.get("session");
    if (!session && !this.#mayBegin) throw over();
    const { signal } = this.#life;
    if (!session && (session = await this.#others.session())) this.#shelf.set("session", session);
    if (session?.token) {
      try {
        const { chat } = await this.#wire.ask("Chat", {}, session.token);
        if (signal.aborted) throw over();
        this.#take(chat);
        return;
      } catch (error) {
        if (!isSignedOut(error)) throw error;
      }
    }
    await this.#begin(session?.resume ?? null);
  }

  async #begin(resume) {
    // Of the browser's own making: where the answer is lost, or the page left, the next one finds the chat by it.
    if (!this.#shelf.get("word")) this.#shelf.set("word", `${freshKey()}${freshKey()}`);
    const input = {
      account: this.#account,
      ...(this.#shelf.get("came") ?? cameIn()),
      locale: navigator.language,
      resume,
      word: this.#shelf.get("word"),
    };
    const { signal } = this.#life;
    const { startChat } = await this.#wire.ask("StartChat", { input });
    const session = this.#shelf.get("session");
    // Ended meanwhile, here or in another tab.
    if (signal.aborted || (session?.resume ?? null) !== resume) throw over();
    let begun;
    try {
      begun = payloadOf(startChat);
    } catch (error) {
      const wrong = error.inputPath?.at(-1);
      if (wrong === "word") this.#shelf.drop("word");
      if (wrong === "word" && resume === null) return this.#begin(null);
      if (resume === null || wrong !== "resume") throw error;
      // The chat is too old. What waits to be sent is sent in the new one.
      if (!this.#mayBegin) {
        this.#forget(ENDED);
        throw over();
      }
      ["session", "read"].forEach((name) => this.#shelf.drop(name));
      await this.#begin(null);
      return;
    }
    const known = begun.resume === resume ? session : {};
    this.#shelf.set("session", { ...known, token: begun.token, greeting: begun.greeting, longestText: begun.longestText, resume: begun.resume });
    ["came", "word"].forEach((name) => this.#shelf.drop(name));
    this.#take(begun.chat);
  }

  #take(chat) {
    if (!chat) throw new Told("UNAUTHENTICATED", "The chat is over.");
    const { resume } = this.#shelf.get("session");
    if (resume !== this.#resume) this.#leave();
    this.#resume = resume;
    this.#isWanted = false;
    chat.messages.forEach((one) => this.#put(one));
    this.hasEarlier = chat.hasEarlier && this.#earlier === null;
    this.#cursor = chat.cursor;
    this.agentName = chat.agentName;
    this.isAgentTyping = chat.isAgentTyping;
    this.isVerified = chat.isVerified;
    this.#changed();
  }

  #leave() {
    this.messages.clear();
    this.#resume = this.#cursor = this.#earlier = this.agentName = null;
    this.hasEarlier = this.isAgentTyping = this.isVerified = false;
  }

  /** The chat was ended, here, in another tab, or elsewhere: then `trouble` says so. */
  #over(trouble = "") {
    this.#life.abort();
    this.#starting = null;
    this.#wakeUp();
    this.#leave();
    if (trouble) this.trouble = trouble;
    else this.dispatchEvent(new Event("over"));
    this.#say("idle");
  }

  /** An answer that needs a token, with a fresh one where the one at hand has ended. */
  async #ask(name, variables) {
    const { signal } = this.#life;
    const token = await this.#token();
    let answer;
    try {
      answer = await this.#wire.ask(name, variables, token);
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      const fresh = await this.#token(token);
      // What was meant for one chat is not said in another, nor shown there.
      if (signal.aborted) throw over();
      answer = await this.#wire.ask(name, variables, fresh);
    }
    if (signal.aborted) throw over();
    return answer;
  }

  /** The token at hand. When it ends the gateway says so, whose clock alone counts; another tab may have renewed it. */
  async #token(refused = null) {
    const session = this.#shelf.get("session");
    if (!session) throw over();
    if (session.token && session.token !== refused) return session.token;
    this.#shelf.set("session", { ...session, token: null });
    await this.#enter();
    return this.#shelf.get("session").token;
  }

  /** Says what nobody waits for. */
  #mention(name, variables) {
    this.#ask(name, variables).catch(() => {});
  }

  // Following

  async #live(signal) {
    for (let tries = 0; !signal.aborted; tries += 1) {
      let trouble = null;
      let token = null;
      const line = new AbortController();
      const isOffline = () => line.abort();
      addEventListener("offline", isOffline);
      try {
        token = await this.#token();
        const both = anyOf(signal, line.signal);
        const begun = () => {
          tries = 0;
          this.#tell({ state: "live" });
        };
        for await (const data of this.#wire.follow("ChatChanged", { after: this.#cursor }, token, both, begun)) {
          if (signal.aborted) return;
          this.#tell({ change: data.chatChanged });
        }
      } catch (error) {
        trouble = error;
      } finally {
        removeEventListener("offline", isOffline);
      }
      if (signal.aborted || trouble?.code === "OVER") return;
      await this.#recover(trouble, token, tries, signal);
    }
  }

  async #recover(trouble, token, tries, signal) {
    if (isSignedOut(trouble)) {
      const isRenewed = await this.#token(token).then(() => true, () => false);
      if (isRenewed) return;
    } else if (trouble instanceof Told && !isForNow(trouble)) {
      // The place that was kept is not known any more: everything anew.
      this.#cursor = null;
      await this.#enter().catch(() => {});
    }
    // Ended while it was looked for.
    if (signal.aborted) return;
    this.#tell({ state: "waiting" });
    await this.#pause(tries, trouble);
  }

  /** Does it here and in the other tabs. */
  #tell(data) {
    this.#hear(data);
    if (!this.#stop.signal.aborted) this.#radio.postMessage(data);
  }

  #hear({ change, state, isOver, trouble }) {
    if (isOver) this.#over(trouble);
    if (state && this.state !== "idle" && this.state !== "starting") {
      this.#say(state);
      if (state === "live") this.#wakeUp();
    }
    if (change) this.#handle(change);
  }

  #handle(change) {
    this.#cursor = change.cursor ?? this.#cursor;
    // Of earlier ones than are shown here it is told, too, how far they came.
    const isShown = change.__typename !== "ChatMessageChanged" || this.messages.has(change.message.id);
    if (change.message && isShown) this.#put(change.message, change.key);
    if (change.message?.direction === "OUT") this.isAgentTyping = false;
    if (change.__typename === "ChatTyping") this.isAgentTyping = change.isTyping;
    if (change.__typename === "ChatAgentChanged") this.agentName = change.agentName;
    this.#changed();
  }

  #put(message, key = null) {
    const known = this.messages.get(message.id);
    this.messages.set(message.id, { ...message, key: key ?? known?.key ?? null });
    if (key) this.#shelf.drop(`out:${key}`);
    this.messages = new Map([...this.messages].sort(([, a], [, b]) => order(a, b)));
  }

  // Sending

  async #flush() {
    if (this.#isFlushing || this.#holds || this.state === "idle" || this.state === "starting") return;
    this.#isFlushing = true;
    try {
      await alone(`${this.#name}out`, this.#stop.signal, async () => {
        for (let tries = 0; !this.#stop.signal.aborted; ) {
          const next = this.waiting.find((one) => !one.refusal);
          if (!next || this.#holds) return;
          try {
            await this.#deliver(next);
            tries = 0;
          } catch (error) {
            if (error.code === "OVER") return;
            await this.#pause(tries, error);
            tries += 1;
          }
        }
      });
    } catch {
      // The page is left; what waits is sent by the next one.
    } finally {
      this.#isFlushing = false;
      // Written while the last look was taken.
      if (!this.#stop.signal.aborted && this.waiting.some((one) => !one.refusal)) setTimeout(() => this.#flush());
    }
  }

  async #deliver({ key, text, attachments, at, by }) {
    const input = { key, text: text || null, ...(attachments.length && { attachments }) };
    try {
      if (this.longestText && [...text.trim()].length > this.longestText) throw new Told("TOO_LARGE", `At most ${this.longestText} characters are taken.`);
      const { sendChatMessage } = await this.#ask("SendChatMessage", { input });
      this.#put(payloadOf(sendChatMessage).sent, key);
    } catch (error) {
      if (isForNow(error) || ["OVER", "NO_DOCUMENTS"].includes(error.code)) throw error;
      complain(error);
      this.#shelf.set(`out:${key}`, { key, at, by, text, attachments, refusal: whyNot(error) });
    }
    this.#changed();
  }

  // Waiting

  /** Returns after a while that grows with the tries, or as soon as the network is back. */
  #pause(tries, error) {
    const grown = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
    // Browsers whom one gateway cut off come back one by one.
    const pause = Math.max(grown * (0.5 + Math.random() / 2), (error?.retryAfterS ?? 0) * SECOND);
    return new Promise((over) => {
      const waiting = setTimeout(over, pause);
      const early = () => (clearTimeout(waiting), over());
      this.#wake.addEventListener("wake", early, { once: true });
    });
  }

  #wakeUp() {
    this.#wake.dispatchEvent(new Event("wake"));
    this.#flush();
  }

  /** Another tab has kept something. */
  #kept() {
    const session = this.#shelf.get("session");
    if (this.state === "idle") {
      if (session?.token || this.isOwing) this.dispatchEvent(new Event("begun"));
    } else if (this.state !== "starting") {
      if (!session) this.#over(ENDED);
      else if (session.resume !== this.#resume && session.token) this.#enter().catch(() => {});
    }
    this.#changed();
    this.#flush();
  }

  #say(state) {
    this.state = state;
    if (state !== "live") this.isAgentTyping = false;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

const moment = (one) => Date.parse(one.sentAt);

/** By moment, not by how that is written: a whole second has no fraction. */
const order = (a, b) => moment(a) - moment(b) || (a.id < b.id ? -1 : 1);

// --- The element -------------------------------------------------------------------------------------------------

/** An element with its properties and children; texts become text, whatever stands in them. */
function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "role") made[name] = value;
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((one) => one !== null));
  return made;
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

const SPEECH = "M4 4h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";
const CROSS = "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.6z";
const ARROW = "M3 20.5 22 12 3 3.5v6.6l12 1.9-12 1.9z";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const STATES = { DELIVERED: "Delivered", READ: "Read", FAILED: "Not delivered" };

/** The address where a link may lead; null where it may not. */
function safe(address) {
  try {
    const url = new URL(address);
    return url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

function sizeOf(bytes) {
  if (!bytes) return "";
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const n = Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), units.length - 1);
  const format = new Intl.NumberFormat(undefined, { style: "unit", unit: units[n], unitDisplay: "short", maximumFractionDigits: 1 });
  return `, ${format.format(bytes / 1000 ** n)}`;
}

function attachment({ name, url, sizeBytes }) {
  const words = `${name || "File"}${sizeOf(sizeBytes)}`;
  const address = safe(url);
  if (!address) return h("li", {}, words);
  return h("li", {}, h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, words));
}

class CustomerChat extends HTMLElement {
  static observedAttributes = ["identity"];

  #chat = null;
  /** The statement that a script gave, in the place of the attribute's. */
  #signed = null;
  #parts = null;
  /** What the visitor is told until it is mended, whatever is sent meanwhile. */
  #reminder = "";
  #shown = new Map();
  #stop = null;
  #frame = 0;

  connectedCallback() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [STYLE];
    this.#stop = new AbortController();
    this.#chat = new Chat(new URL(this.getAttribute("endpoint"), location.href).href, this.getAttribute("account") ?? "main");
    this.#build(root);
    const { signal } = this.#stop;
    this.#chat.addEventListener("change", () => this.#drawSoon(), { signal });
    this.#chat.addEventListener("begun", () => this.#start(false), { signal });
    this.#chat.addEventListener("over", () => this.#clear(), { signal });
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    if (this.#chat.isKnown || this.#chat.isOwing) this.#start(false);
    this.#draw();
  }

  attributeChangedCallback(_name, before, now) {
    if (!this.isConnected || !this.#chat || before === now) return;
    this.#signed = null;
    if (!now) {
      if (this.#chat.claimed) this.end();
    } else if (this.#chat.isKnown || this.isOpen) this.#start(this.isOpen);
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#chat.stop();
    cancelAnimationFrame(this.#frame);
  }

  get isOpen() {
    return !this.#parts.panel.hidden;
  }

  open() {
    this.#parts.panel.hidden = false;
    this.#parts.launcher.setAttribute("aria-expanded", "true");
    this.#start(true);
    this.#chat.greet();
    this.#draw();
    this.#parts.log.scrollTop = this.#parts.log.scrollHeight;
    this.#parts.words.focus();
  }

  close() {
    const hadFocus = this.shadowRoot.activeElement;
    this.#parts.panel.hidden = true;
    this.#parts.launcher.setAttribute("aria-expanded", "false");
    if (hadFocus) this.#parts.launcher.focus();
  }

  send(text, attachments = []) {
    try {
      this.#chat.send(text, attachments, this.#statement ? userOf(this.#statement) : null);
      this.#parts.trouble.textContent = this.#reminder;
    } catch (error) {
      this.#parts.trouble.textContent = error.message;
      throw error;
    }
    if (this.#chat.state === "idle") this.#start(false);
  }

  /**
   * Says who it is. Whether that is proven; a statement that comes before there is a chat is sent when one begins.
   * Throws what was refused, with its `code` and, in `message`, why.
   */
  async identify(claim) {
    if (!claim.signed) return this.#chat.identify(claim);
    if (!userOf(claim.signed)) throw new Told("INVALID_INPUT", NAMES_NOBODY);
    this.#signed = claim.signed;
    this.#leaveOthers();
    if (this.isOpen && !this.#chat.isKnown && !this.#chat.hasEnded && userOf(claim.signed)) await this.#chat.start(true);
    return this.#chat.isKnown ? this.#prove() : false;
  }

  /** Ends the chat on this device; for a page on which somebody signs out. */
  end() {
    this.#signed = null;
    const ended = this.#chat.end();
    this.close();
    return ended;
  }

  get isVerified() {
    return this.#chat.isVerified;
  }

  get #statement() {
    return this.#signed ?? this.getAttribute("identity");
  }

  /** Finds the chat again. Another begins for what waits to be sent, and, where `isWanted`, for whoever is signed in. */
  async #start(isWanted) {
    this.#leaveOthers();
    const user = this.#statement && userOf(this.#statement);
    if (this.#statement && !user) complain(new Told("INVALID_INPUT", NAMES_NOBODY));
    const mayBegin = isWanted && Boolean(user) && !this.#chat.hasEnded;
    if (!mayBegin && !this.#chat.isKnown && !this.#chat.isOwing) return;
    const letGo = user ? this.#chat.hold() : () => {};
    try {
      await this.#chat.start(mayBegin);
      if (user && this.#chat.isKnown && this.#chat.user !== user) await this.#prove();
    } catch (error) {
      if (isForNow(error) || error.code === "OVER") return;
      complain(error);
      if (error.code === "NOT_PERMITTED") this.#askAnew();
    } finally {
      letGo();
    }
  }

  /** A statement is good for one chat: the page is asked for another one, and the visitor where it has none. */
  #askAnew() {
    const asked = new Event("statementused", { bubbles: true, composed: true, cancelable: true });
    if (this.dispatchEvent(asked)) this.#remind("To be known in this chat, too, load the page anew.");
  }

  #remind(words) {
    this.#reminder = this.#parts.trouble.textContent = words;
  }

  /** Ends the chat of somebody else who was signed in on this device, that nobody reads or goes on with what they wrote. */
  #leaveOthers() {
    const { claimed } = this.#chat;
    const signed = this.#statement;
    const isOther = claimed && signed !== null && (signed === "" || ![null, claimed].includes(userOf(signed)));
    if (isOther) this.#chat.end();
    return isOther;
  }

  async #prove() {
    const isProven = await this.#proven();
    if (isProven && this.#reminder) this.#remind("");
    return isProven;
  }

  async #proven() {
    const claim = { signed: this.#statement };
    const { claimed } = this.#chat;
    try {
      return await this.#chat.identify(claim);
    } catch (error) {
      if (error.code !== "CONFLICT" || claimed === userOf(claim.signed)) throw error;
      // Somebody else has signed in here, of whom this browser kept no name. Once: what a chat of one's own does not mend
      // is for the company's people.
      this.#chat.end(userOf(claim.signed));
      await this.#chat.start(true);
      return this.#chat.identify(claim);
    }
  }

  // What is drawn

  #build(root) {
    const heading = this.getAttribute("heading") ?? "Chat";
    const count = h("span", { className: "count", hidden: true });
    const launcher = h(
      "button",
      { className: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel", onclick: () => (this.isOpen ? this.close() : this.open()) },
      icon(SPEECH),
      h("span", { className: "unseen" }, heading),
      count,
    );
    const who = h("p", { className: "who" });
    const list = h("ol", { className: "messages" });
    const more = h("button", { className: "plain more", type: "button", hidden: true, onclick: () => this.#earlier() }, "Show earlier messages");
    const greeting = h("p", { className: "greeting", dir: "auto", hidden: true });
    const typing = h("p", { className: "typing", hidden: true }, h("span", { className: "dots", "aria-hidden": "true" }), h("span"));
    const log = h("div", { className: "log", role: "log", tabIndex: 0, "aria-label": "Messages" }, more, greeting, list);
    const state = h("p", { className: "state", role: "status" });
    const trouble = h("p", { className: "trouble", role: "alert" });
    const words = h("textarea", {
      id: "words",
      rows: 1,
      placeholder: "Write a message",
      oninput: () => (this.#grow(), this.#chat.typed(words.value !== "")),
      onblur: () => this.#chat.typed(false),
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        form.requestSubmit();
      },
    });
    const form = h(
      "form",
      { className: "write", onsubmit: (event) => this.#submit(event) },
      h("label", { className: "unseen", htmlFor: "words" }, "Your message"),
      words,
      h("button", { className: "send", type: "submit", "aria-label": "Send" }, icon(ARROW)),
    );
    const panel = h(
      "section",
      { id: "panel", className: "panel", role: "dialog", "aria-labelledby": "heading", hidden: true },
      h(
        "div",
        { className: "top" },
        h("div", {}, h("h2", { id: "heading" }, heading), who),
        h("button", { className: "icon", type: "button", "aria-label": "Close the chat", onclick: () => this.close() }, icon(CROSS)),
      ),
      log,
      typing,
      state,
      trouble,
      form,
      this.#about(),
    );
    panel.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    log.addEventListener("scroll", () => this.#look(), { passive: true });
    this.#parts = { launcher, count, panel, who, log, list, more, greeting, typing, state, trouble, words };
    this.#shown.clear();
    root.replaceChildren(panel, launcher);
  }

  /** Where visitors say who they are, and end the chat. */
  #about() {
    const said = h("p", { className: "said", role: "status" });
    const name = h("input", { id: "name", autocomplete: "name", maxLength: 200 });
    const email = h("input", { id: "email", type: "email", autocomplete: "email", maxLength: 254 });
    const tell = async (event) => {
      event.preventDefault();
      const claim = { name: name.value.trim() || null, email: email.value.trim() || null };
      try {
        await this.identify(claim);
        said.textContent = this.#chat.isKnown ? "Thank you. We can reach you now." : "Thank you. We are told with your first message.";
      } catch (error) {
        said.textContent = NOT_SAID[error.inputPath?.[1]] ?? "That could not be told now. Try again in a moment.";
      }
    };
    this.#chat.addEventListener(
      "unsaid",
      ({ wrong }) => {
        said.textContent = NOT_SAID[wrong] ?? "What you told about yourself was not taken.";
        said.parentElement.open = true;
      },
      { signal: this.#stop.signal },
    );
    const atEnd = () => (this.#parts.log.scrollTop = this.#parts.log.scrollHeight);
    return h(
      "details",
      { ontoggle: atEnd },
      h("summary", {}, "About you"),
      h(
        "form",
        { className: "about", onsubmit: tell },
        h("label", { htmlFor: "name" }, "Name"),
        name,
        h("label", { htmlFor: "email" }, "E-mail"),
        email,
        h("div", { className: "row" }, h("button", { className: "plain", type: "submit" }, "Tell us"), h("button", { className: "plain", type: "button", onclick: () => this.end() }, "End the chat on this device")),
      ),
      said,
    );
  }

  #drawSoon() {
    cancelAnimationFrame(this.#frame);
    // Pages in the background are given no frames, and still count what is unread.
    if (document.visibilityState === "visible") this.#frame = requestAnimationFrame(() => this.#draw());
    else this.#draw();
  }

  #draw() {
    const { count, launcher, who, log, list, more, greeting, typing, state, words } = this.#parts;
    const chat = this.#chat;
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const { unread } = chat;
    count.hidden = unread === 0 || this.isOpen;
    count.textContent = unread > 9 ? "9+" : `${unread}`;
    launcher.title = unread ? `${unread} new` : "";
    who.textContent = chat.agentName ? `with ${chat.agentName}` : "";
    greeting.hidden = !chat.greeting;
    if (greeting.textContent !== (chat.greeting ?? "")) greeting.textContent = chat.greeting ?? "";
    if (chat.longestText) words.maxLength = chat.longestText;
    more.hidden = !chat.hasEarlier;
    typing.hidden = !chat.isAgentTyping;
    typing.lastChild.textContent = `${chat.agentName ?? "An agent"} is typing`;
    const told = this.#stateWords();
    if (state.textContent !== told) state.textContent = told;
    this.#list(list);
    if (isAtEnd) log.scrollTop = log.scrollHeight;
    this.#look();
  }

  #stateWords() {
    const { state, trouble } = this.#chat;
    if (state !== "idle" && !navigator.onLine) return "You are offline. What you write is sent as soon as you are back.";
    if (state === "waiting") return "Connecting again ...";
    if (state === "starting") return "Connecting ...";
    return trouble;
  }

  /** Puts what there is into its order. What stands there already stays the same element: nobody is read it twice. */
  #list(list) {
    const sent = [...this.#chat.messages.values()];
    const keys = new Set(sent.map((one) => one.key).filter(Boolean));
    const waiting = this.#chat.waiting.filter((one) => !keys.has(one.key));
    const rows = [...sent.map((one) => this.#row(one.key ?? one.id, one)), ...waiting.map((one) => this.#row(one.key, one))];
    const there = new Set(rows);
    for (const [name, row] of this.#shown) {
      if (!there.has(row)) {
        row.remove();
        this.#shown.delete(name);
      }
    }
    rows.forEach((row, n) => list.children[n] !== row && list.insertBefore(row, list.children[n] ?? null));
  }

  #row(name, one) {
    const told = JSON.stringify(one);
    const known = this.#shown.get(name) ?? h("li");
    this.#shown.set(name, known);
    if (known.told === told) return known;
    known.told = told;
    const isOwn = one.direction !== "OUT";
    known.className = isOwn ? "own" : "theirs";
    const parts = [
      h("span", { className: "unseen" }, isOwn ? "You: " : `${one.authorName ?? "Agent"}: `),
      h("p", { className: "text", dir: "auto", hidden: !one.text && !one.isWithdrawn }, one.isWithdrawn ? "This message was taken back." : one.text ?? ""),
      one.attachments?.length ? h("ul", { className: "files" }, ...one.attachments.map(attachment)) : null,
      one.id ? this.#foot(one, isOwn) : this.#waitingFoot(one),
    ];
    known.replaceChildren(...parts.filter(Boolean));
    return known;
  }

  #foot({ sentAt, status, authorName }, isOwn) {
    const at = new Date(sentAt);
    const words = isOwn ? STATES[status] : authorName;
    const time = h("time", { dateTime: sentAt, title: day.format(at) }, clock.format(at));
    return h("p", { className: "foot" }, time, words ? ` · ${words}` : "");
  }

  #waitingFoot({ key, refusal }) {
    if (!refusal) return h("p", { className: "foot" }, "Sending ...");
    const back = h("button", { className: "plain", type: "button", onclick: () => this.#chat.discard(key) }, "Remove");
    return h("p", { className: "foot refused" }, `Not sent: ${refusal} `, back);
  }

  // What is done

  #submit(event) {
    event.preventDefault();
    const { words, log } = this.#parts;
    try {
      this.send(words.value);
    } catch {
      return;
    }
    words.value = "";
    this.#grow();
    this.#draw();
    log.scrollTop = log.scrollHeight;
  }

  /** Leaves nothing to whoever comes next of what was typed here. */
  #clear() {
    this.shadowRoot.querySelectorAll("input, textarea").forEach((one) => (one.value = ""));
    this.shadowRoot.querySelector(".said").textContent = "";
    this.#remind("");
    this.#grow();
  }

  #grow() {
    const { words } = this.#parts;
    words.rows = Math.min(5, words.value.split("\n").length);
  }

  async #earlier() {
    const { log, more, trouble } = this.#parts;
    const below = log.scrollHeight - log.scrollTop;
    more.disabled = true;
    try {
      await this.#chat.earlier();
      this.#draw();
      log.scrollTop = log.scrollHeight - below;
    } catch {
      trouble.textContent = "Earlier messages could not be fetched now. Try again in a moment.";
    } finally {
      more.disabled = false;
    }
  }

  /** Tells the company how far its messages came. */
  #look() {
    const { log } = this.#parts;
    const isSeen = this.isOpen && document.visibilityState === "visible" && log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    this.#chat.seen(isSeen);
  }
}

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host {
    --accent: var(--chat-accent, #0b57d0); --on-accent: var(--chat-on-accent, #fff);
    --ground: #fff; --ink: #1b1f24; --faint: #57606d; --line: #d5dae1; --theirs: #eef1f6; --alarm: #b3261e;
    position: fixed; inset-block-end: max(1.25rem, env(safe-area-inset-bottom)); inset-inline-end: 1.25rem; z-index: 2147483000;
    font: 400 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; color: var(--ink); color-scheme: light dark;
  }
  @media (prefers-color-scheme: dark) {
    :host {
      --accent: var(--chat-accent-dark, #a8c7fa); --on-accent: var(--chat-on-accent-dark, #062e6f);
      --ground: #171a1f; --ink: #e8ebf0; --faint: #a9b2bf; --line: #3a414b; --theirs: #272c34; --alarm: #f2b8b5;
    }
  }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  button { font: inherit; color: inherit; cursor: pointer; }
  svg { width: 1.5rem; height: 1.5rem; fill: currentColor; display: block; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .launcher {
    position: relative; display: grid; place-items: center; width: 3.5rem; height: 3.5rem; margin-inline-start: auto; border: 0; border-radius: 50%;
    background: var(--accent); color: var(--on-accent); box-shadow: 0 4px 16px rgb(0 0 0 / .28); transition: transform .15s;
  }
  .launcher:hover { transform: scale(1.05); }
  .count {
    position: absolute; inset-block-start: -.25rem; inset-inline-end: -.25rem; min-width: 1.4rem; padding: 0 .3rem; border-radius: .7rem;
    background: #b3261e; color: #fff; font-size: .8rem; line-height: 1.4rem; font-weight: 600; text-align: center;
  }
  .panel {
    display: flex; flex-direction: column; width: min(24rem, calc(100vw - 2.5rem)); height: min(38rem, calc(100dvh - 7rem)); margin-block-end: .9rem;
    border: 1px solid var(--line); border-radius: 1rem; background: var(--ground); overflow: hidden; box-shadow: 0 12px 40px rgb(0 0 0 / .25);
    animation: rise .18s ease-out;
  }
  @keyframes rise { from { opacity: 0; transform: translateY(.75rem); } }
  .top { display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: .8rem 1rem; background: var(--accent); color: var(--on-accent); }
  h2 { margin: 0; font-size: 1.1rem; line-height: 1.3; }
  .who { margin: 0; font-size: .85rem; }
  .who:empty, .state:empty, .trouble:empty, .said:empty { display: none; }
  .icon { display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border: 0; border-radius: 50%; background: transparent; }
  .icon:focus-visible { outline-color: currentColor; outline-offset: -3px; }
  .log { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 1rem; }
  .log:focus-visible { outline-offset: -3px; }
  .greeting { margin: 0 0 1rem; color: var(--faint); text-align: center; }
  .more { display: block; margin: 0 auto 1rem; }
  .messages { display: flex; flex-direction: column; gap: .6rem; margin: 0; padding: 0; list-style: none; }
  .messages > li { max-width: 85%; }
  .own { align-self: flex-end; }
  .theirs { align-self: flex-start; }
  .text, .files { margin: 0; padding: .55rem .85rem; border-radius: 1.1rem; background: var(--theirs); overflow-wrap: anywhere; white-space: pre-wrap; }
  .own .text, .own .files { background: var(--accent); color: var(--on-accent); border-end-end-radius: .3rem; }
  .theirs .text, .theirs .files { border-end-start-radius: .3rem; }
  .files { margin-block-start: .25rem; list-style: none; }
  .files a { color: inherit; }
  .foot { margin: .15rem .4rem 0; color: var(--faint); font-size: .78rem; }
  .own .foot { text-align: end; }
  .refused, .trouble { color: var(--alarm); }
  .typing { display: flex; gap: .5rem; margin: 0; padding: .2rem 1rem .5rem; color: var(--faint); font-size: .85rem; }
  .dots::before { content: "•••"; letter-spacing: .15em; animation: blink 1.2s infinite; }
  @keyframes blink { 50% { opacity: .3; } }
  .state, .trouble { margin: 0; padding: .4rem 1rem; border-block-start: 1px solid var(--line); font-size: .85rem; }
  .write { display: flex; align-items: flex-end; gap: .5rem; padding: .7rem; border-block-start: 1px solid var(--line); }
  textarea, input {
    flex: 1; min-width: 0; padding: .55rem .8rem; border: 1px solid var(--faint); border-radius: .8rem; background: transparent; color: inherit;
    font: inherit; resize: none;
  }
  textarea::placeholder { color: var(--faint); opacity: 1; }
  .send { display: grid; place-items: center; width: 2.75rem; height: 2.75rem; border: 0; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
  details { padding: 0 1rem .6rem; font-size: .85rem; }
  summary { padding: .3rem 0; color: var(--faint); cursor: pointer; }
  .about { display: grid; grid-template-columns: auto 1fr; align-items: center; gap: .4rem .7rem; }
  .about .row { grid-column: 1 / -1; display: flex; justify-content: space-between; gap: .5rem; }
  .said { margin: .4rem 0 0; }
  .plain { padding: .3rem .7rem; border: 1px solid var(--faint); border-radius: .6rem; background: transparent; font-size: .85rem; }
  @media (max-width: 30rem) {
    .panel:not([hidden]) + .launcher { display: none; }
    .panel {
      position: fixed; inset: 0; width: auto; height: 100dvh; margin: 0; border: 0; border-radius: 0; padding-block-end: env(safe-area-inset-bottom);
    }
  }
  @media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; } }
  @media (forced-colors: active) { .launcher, .send, .text, .files, .panel { border: 1px solid; } }
`);

customElements.define("customer-chat", CustomerChat);
