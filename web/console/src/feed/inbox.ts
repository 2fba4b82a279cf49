import type { Conversation, FeedEvent, Message, Person } from "../api/types.ts";

/**
 * What the console knows of the conversations: filled by the routes, kept fresh by the feed.
 *
 * All functions here change the given state and nothing else, so that the order of events alone decides the result.
 */
export interface Inbox {
  conversations: Map<string, Conversation>;
  /** Transcripts that were opened, in reading order. */
  transcripts: Map<string, Message[]>;
  /** Customers who are writing, and since when (milliseconds). */
  typing: Map<string, number>;
  online: Map<string, boolean>;
}

export const emptyInbox = (): Inbox => ({
  conversations: new Map(),
  transcripts: new Map(),
  typing: new Map(),
  online: new Map(),
});

/** What an event cannot tell by itself: a conversation that has to be fetched. */
export type Missing = string | undefined;

export function applyEvent(inbox: Inbox, event: FeedEvent, now: number): Missing {
  const id = event.conversation ?? undefined;
  if (!event.data) return id;
  switch (event.kind) {
    case "status": {
      // The feed's order is the truth, whatever the clocks say.
      const moved = event.data as Conversation;
      inbox.conversations.set(moved.id, { ...inbox.conversations.get(moved.id), ...moved });
      return undefined;
    }
    case "person":
      return applyPerson(inbox, event.data as Conversation);
    case "case":
      return applyCase(inbox, event.data as Conversation);
    case "message":
    case "note":
      return id === undefined ? undefined : applyMessage(inbox, id, event.data as Message);
    case "typing":
      if (id !== undefined && (event.data as { author?: string }).author === "customer") inbox.typing.set(id, now);
      return undefined;
    case "presence": {
      const presence = event.data as { id?: string; agent?: Person; online: boolean };
      inbox.online.set(presence.agent?.id ?? presence.id ?? "", presence.online);
      return undefined;
    }
    default:
      return undefined;
  }
}

/** Takes a conversation as a route gave it, unless something newer has come by the feed meanwhile. */
export function mergeConversation(inbox: Inbox, incoming: Conversation): void {
  const known = inbox.conversations.get(incoming.id);
  if (known && isLater(known.updated_at, incoming.updated_at)) return;
  inbox.conversations.set(incoming.id, { ...known, ...incoming });
}

/** Puts messages into an opened transcript; a message that is there already is replaced (its delivery may have moved). */
export function mergeMessages(inbox: Inbox, id: string, messages: Message[]): void {
  const byId = new Map((inbox.transcripts.get(id) ?? []).map((message) => [message.id, message]));
  for (const message of messages) byId.set(message.id, message);
  inbox.transcripts.set(id, inReadingOrder([...byId.values()]));
}

/** Makes a transcript what a route gave; `before` are those that it had when the route was asked: the rest has come since. */
export function resetMessages(inbox: Inbox, id: string, messages: Message[], before: ReadonlySet<string>): void {
  const came = (inbox.transcripts.get(id) ?? []).filter((message) => !before.has(message.id));
  inbox.transcripts.set(id, []);
  mergeMessages(inbox, id, [...came, ...messages]);
}

/** News about the customer come with the conversation as it is today; what its life was then, statuses tell in order. */
function applyPerson(inbox: Inbox, { id, customer, window, unreachable, erase_asked_at }: Conversation): Missing {
  const known = inbox.conversations.get(id);
  if (!known) return id;
  inbox.conversations.set(id, { ...known, customer, window, unreachable, erase_asked_at });
  return undefined;
}

/** Letters have moved; which of them a transcript still has, only the route knows. */
function applyCase(inbox: Inbox, { id, customer, subject, last_message, unread }: Conversation): Missing {
  const known = inbox.conversations.get(id);
  if (!known) return id;
  inbox.conversations.set(id, { ...known, customer, subject, last_message, unread });
  return undefined;
}

function applyMessage(inbox: Inbox, id: string, message: Message): Missing {
  if (inbox.transcripts.has(id)) mergeMessages(inbox, id, [message]);
  if (message.author === "customer") inbox.typing.delete(id);
  const known = inbox.conversations.get(id);
  if (!known) return id;
  const isNote = message.kind === "note" || message.seq === null;
  const isNews = !known.last_message || isLater(message.created_at, known.last_message.created_at);
  if (isNote || !isNews) return undefined;
  const fromCustomer = message.author === "customer";
  inbox.conversations.set(id, {
    ...known,
    last_message: { author: message.author, text: message.text, created_at: message.created_at },
    subject: (message.letter?.automatic && known.subject) || (message.letter?.subject ?? known.subject),
    updated_at: isLater(message.created_at, known.updated_at) ? message.created_at : known.updated_at,
    unread: fromCustomer ? (known.unread ?? 0) + 1 : message.author === "system" ? known.unread : 0,
  });
  return undefined;
}

/** Lets go of what moved longest ago, above `most`; never of what waits, is with an agent, or is being looked at. */
export function forget(inbox: Inbox, most: number, looking?: string): void {
  for (const { id, status } of newestFirst([...inbox.conversations.values()]).slice(most)) {
    if (status === "waiting" || status === "human" || id === looking) continue;
    inbox.conversations.delete(id);
    inbox.transcripts.delete(id);
  }
}

/** Messages by `seq`, which is the order the customer saw; notes stand where they were written. */
export function inReadingOrder(messages: Message[]): Message[] {
  const spoken = messages.filter((message) => message.seq !== null).sort((a, b) => a.seq! - b.seq!);
  const notes = messages.filter((message) => message.seq === null).sort((a, b) => time(a.created_at) - time(b.created_at));
  const ordered: Message[] = [];
  for (const message of spoken) {
    while (notes[0] && isLater(message.created_at, notes[0].created_at)) ordered.push(notes.shift()!);
    ordered.push(message);
  }
  return [...ordered, ...notes];
}

/** Who waits, longest first. */
export const queue = (inbox: Inbox): Conversation[] =>
  [...inbox.conversations.values()]
    .filter((conversation) => conversation.status === "waiting")
    .sort(
      (a, b) =>
        (b.priority ?? 0) - (a.priority ?? 0) || time(a.waiting_since ?? a.updated_at) - time(b.waiting_since ?? b.updated_at),
    );

/** What this agent owns: unanswered customers first, then what moved last. */
export const ownedBy = (inbox: Inbox, agent: string): Conversation[] =>
  newestFirst([...inbox.conversations.values()])
    .filter((conversation) => conversation.status === "human" && conversation.agent?.id === agent)
    .sort((a, b) => Number(Boolean(b.unread)) - Number(Boolean(a.unread)));

export const newestFirst = (conversations: Conversation[]): Conversation[] =>
  [...conversations].sort((a, b) => time(b.updated_at) - time(a.updated_at));

const time = (at: string): number => Date.parse(at) || 0;
const isLater = (a: string, b: string): boolean => time(a) > time(b);
