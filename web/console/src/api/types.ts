/** What the API's routes give, as the contract names it. Fields that a hub may leave out are optional. */

export type Status = "bot" | "waiting" | "human" | "closed";
export type Author = "customer" | "bot" | "agent" | "system";
export type Role = "agent" | "editor" | "admin";
export type Language = "zh" | "en";

export interface Person {
  id: string;
  name: string;
}

export interface User extends Person {
  email: string;
  roles: Role[];
}

export interface Agent extends Person {
  email?: string;
  online?: boolean;
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export interface Identity {
  channel: string;
  external_id: string;
}

export interface Channel {
  name: string;
  kind: string;
  /** Ours, on channels of letters. */
  addresses?: string[];
}

/** How long and how often the platform still lets us write. */
export interface Window {
  until: string;
  left: number;
}

export interface Conversation {
  id: string;
  status: Status;
  channel: string;
  agent: Person | null;
  customer: { id: string; name?: string | null; email?: string | null; identities: Identity[] };
  language?: string | null;
  reason?: string | null;
  /** A higher one waits in front. */
  priority?: number;
  team?: string | null;
  waiting_since?: string | null;
  updated_at: string;
  last_message?: { author: Author; text: string; created_at: string } | null;
  /** Of the latest letter, on channels of letters. */
  subject?: string | null;
  /** Messages of the customer since somebody last answered. */
  unread?: number;
  window?: Window | null;
  /** Why nothing reaches the customer until they write again. */
  unreachable?: string | null;
  /** Since when the platform wants what is known about them deleted. */
  erase_asked_at?: string | null;
}

export interface Tried {
  article: string | number;
  revision?: number;
  title: string;
  score?: number;
}

export interface Context {
  summary?: { author: Author; text: string; at: string }[];
  intent?: string | null;
  confidence?: number | null;
  slots?: Record<string, unknown>;
  articles?: Tried[];
  reason?: string | null;
  waiting_since?: string | null;
  language?: string | null;
  /** What the platform says about the customer. */
  profile?: Record<string, string>;
}

export interface ConversationDetail extends Conversation {
  context?: Context | null;
}

export interface Attachment {
  id: string;
  name?: string;
  type?: string;
  size?: number;
  /** Missing: it is there. */
  state?: "stored" | "awaited" | "lost";
  /** Why it could not be had. */
  error?: string;
}

/** What stands on the outside of a letter: addresses, and what it is about. */
export interface Letter {
  sender: string;
  name?: string;
  to?: string[];
  cc?: string[];
  subject?: string;
  /** The platform vouches for the sender. */
  signed?: boolean;
  /** Where the sender wants answers, if not at their own address. */
  reply_to?: string[];
  /** No person wrote it. */
  automatic?: boolean;
  /** What of it could not be read, in the hub's words. */
  faults?: string[];
  /** Who takes part from here on, though nobody vouches for the sender. */
  brings?: string[];
}

/** Why a letter came into a conversation (none: it began one), and in which others it may belong. */
export interface Case {
  conversation?: string;
  rule: string;
  reason: string;
  maybe?: string[];
  /** Those of them of which an agent has said no. */
  declined?: string[];
}

/** A move of letters between conversations, by an agent. */
export interface Change {
  id: number;
  kind: "merge" | "split";
  from_case: string;
  to_case: string;
  messages: number;
  agent: string;
  created_at: string;
  undone_at: string | null;
}

export interface Message {
  id: string;
  conversation: string;
  /** Missing for notes, which are not part of the customer's stream. */
  seq: number | null;
  author: Author;
  text: string;
  created_at: string;
  delivery?: string;
  /** Why it failed or still waits, or why nobody knows. */
  error?: string;
  kind?: "message" | "note";
  agent?: Person | null;
  buttons?: { title: string; payload?: string }[];
  sources?: Tried[];
  attachments?: Attachment[];
  answers?: string[];
  /** What an agent said of an answer of the bot's. */
  correction?: { right: boolean; agent: Person };
  letter?: Letter;
  case?: Case;
}

export interface Translation {
  title: string;
  questions: string[];
  answer: string;
}

export type Translations = Partial<Record<Language, Translation>>;
export type ArticleState = "draft" | "published" | "archived";

export interface ArticleDraft {
  category: string;
  translations: Translations;
}

export interface Article extends ArticleDraft {
  id: string | number;
  state: ArticleState;
  published_revision: number | null;
  latest_revision: number;
  updated_at: string;
  /** The latest revision is not the published one. */
  dirty?: boolean;
}

export interface Revision {
  revision: number;
  created_at: string;
  author: Person | null;
  translations: Translations;
  published?: boolean;
}

export interface Hit {
  article: string | number;
  revision: number;
  language: string;
  score: number;
  title: string;
  question: string;
  answer: string;
}

export interface SearchResult {
  decision: "answer" | "clarify" | "abstain";
  hits: Hit[];
}

/** A question whose answer would change with a publication; each side is a decision, an article, or nothing. */
export interface Flip {
  text: string;
  language?: string;
  before?: unknown;
  after?: unknown;
}

export interface FeedEvent {
  type: "event";
  cursor: string | number;
  kind: "message" | "status" | "person" | "case" | "note" | "typing" | "presence" | "article";
  conversation?: string | null;
  data: unknown;
}
