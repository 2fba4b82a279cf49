import { computed, reactive, ref } from "vue";
import * as api from "../api/conversations.ts";
import { agents as fetchAgents } from "../api/session.ts";
import type { Agent, Conversation, FeedEvent, Message } from "../api/types.ts";
import { Feed, type FeedLink } from "../feed/feed.ts";
import * as rules from "../feed/inbox.ts";
import { alertFor, looking } from "./alerts.ts";
import { channels } from "./channels.ts";
import { canAnswer, checkSession, user } from "./session.ts";

/** The one inbox of this window: the reducer's state made reactive, and the calls that fill it. */
export const inbox = reactive(rules.emptyInbox());
export const link = ref<FeedLink>("connecting");
export const agents = ref<Agent[]>([]);
/** Counts the fresh starts; views fetch what they show again when it moves. */
export const generation = ref(0);
/** The first lists have come. */
export const loaded = ref(false);

export const waiting = computed(() => rules.queue(inbox));
export const mine = computed(() => rules.ownedBy(inbox, user.value?.id ?? ""));
export const everything = computed(() => rules.newestFirst([...inbox.conversations.values()]));
export const nextOfAll = ref<string | null>(null);

/** So many conversations are kept at hand in this window. */
const MOST = 1000;

type Listener = (event: FeedEvent) => void;
const listeners = new Set<Listener>();

/** Hears every event of the feed; returns how to stop. */
export function onFeed(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const feedUrl = () => `${location.origin.replace(/^http/, "ws")}/api/v1/feed`;

const feed = new Feed(feedUrl(), {
  onEvent: take,
  onFresh: () => void refetch(),
  onLink: (state) => (link.value = state),
  onRefused: () => void checkSession(),
});

export function start(): void {
  feed.start();
}

export function stop(): void {
  feed.stop();
  Object.assign(inbox, rules.emptyInbox());
  loaded.value = false;
}

function take(event: FeedEvent): void {
  const before = event.conversation ? inbox.conversations.get(event.conversation) : undefined;
  const missing = rules.applyEvent(inbox, event, Date.now());
  // Messages have left it or come: whoever opens it again reads it anew. What is open now asks for itself.
  if (event.kind === "case" && event.conversation && event.conversation !== looking.value) {
    inbox.transcripts.delete(event.conversation);
  }
  if (missing !== undefined) fetchSoon(missing);
  alertFor(event, before, user.value?.id);
  for (const listener of listeners) listener(event);
}

/** Throws everything away and asks again. What cannot be had now comes with the feed's next connection. */
async function refetch(): Promise<void> {
  try {
    if (canAnswer.value) await refetchConversations();
    loaded.value = true;
    generation.value += 1;
  } catch {
    window.setTimeout(() => link.value === "live" && void refetch(), 3000);
  }
}

async function refetchConversations(): Promise<void> {
  const [queued, owned, all, people, configured] = await Promise.all([
    api.listAll({ status: "waiting" }),
    api.listAll({ status: "human", agent: "me" }),
    api.list({ limit: 50 }),
    fetchAgents(),
    api.channels(),
  ]);
  channels.value = configured;
  inbox.conversations.clear();
  for (const item of [...queued, ...owned, ...all.items]) rules.mergeConversation(inbox, item);
  nextOfAll.value = all.next;
  agents.value = people;
  for (const agent of people) if (agent.online !== undefined) inbox.online.set(agent.id, agent.online);
}

export async function moreOfAll(): Promise<void> {
  if (nextOfAll.value === null) return;
  const page = await api.list({ limit: 50, cursor: nextOfAll.value });
  for (const item of page.items) rules.mergeConversation(inbox, item);
  nextOfAll.value = page.next;
}

/** Conversations whose messages, customers or ids match; they are kept fresh like all others. */
export async function search(q: string): Promise<string[]> {
  const page = await api.list({ q, limit: 50 });
  for (const item of page.items) rules.mergeConversation(inbox, item);
  return page.items.map((item) => item.id);
}

const wanted = new Set<string>();

/** Conversations that only their events are known of; asked for together, since on busy days many begin in a second. */
function fetchSoon(id: string): void {
  if (wanted.size === 0) window.setTimeout(fetchWanted, 500);
  wanted.add(id);
}

async function fetchWanted(): Promise<void> {
  const ids = [...wanted];
  wanted.clear();
  try {
    const found = ids.length > 3 ? (await api.list({ limit: 100 })).items : await Promise.all(ids.map(api.detail));
    for (const item of found) rules.mergeConversation(inbox, item);
    rules.forget(inbox, MOST, looking.value);
  } catch {
    // Not ours to see, or the hub is away: the next event or the next fresh start brings them.
  }
}

export async function openTranscript(id: string): Promise<void> {
  if (!inbox.transcripts.has(id)) inbox.transcripts.set(id, []);
  const before = new Set(inbox.transcripts.get(id)!.map((message) => message.id));
  rules.resetMessages(inbox, id, await api.messages(id), before);
}

export function keep(conversation: Conversation): void {
  rules.mergeConversation(inbox, conversation);
}

export function keepMessage(id: string, message: Message): void {
  rules.mergeMessages(inbox, id, [message]);
}
