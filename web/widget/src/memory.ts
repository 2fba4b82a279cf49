import type { Pending } from "./stream.ts";

/** What outlives a reload: the session and the votes in this browser, unsent messages in this tab. */
interface Kept {
  session?: string;
  readSeq?: number;
  votes?: Record<string, boolean>;
  rated?: Record<string, number>;
  locale?: string;
}

/**
 * Remembers by origin and channel. Where the browser forbids storage (private windows, blocked site data), everything
 * still works, until the page is left.
 */
export class Memory {
  private kept: Kept;
  private readonly key: string;

  constructor(base: string, channel: string) {
    this.key = `parley:${base}:${channel}`;
    this.kept = read<Kept>(() => localStorage, this.key) ?? {};
  }

  get<K extends keyof Kept>(name: K): Kept[K] {
    return this.kept[name];
  }

  set<K extends keyof Kept>(name: K, value: Kept[K]): void {
    // Another tab may have written meanwhile; only our own field is ours to change.
    this.kept = { ...this.kept, ...read<Kept>(() => localStorage, this.key), [name]: value };
    write(() => localStorage, this.key, this.kept);
  }

  get unsent(): Pending[] {
    return read<Pending[]>(() => sessionStorage, this.key) ?? [];
  }

  set unsent(messages: Pending[]) {
    write(() => sessionStorage, this.key, messages);
  }
}

function read<T>(storage: () => Storage, key: string): T | undefined {
  try {
    return JSON.parse(storage().getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: the chat goes on without.
  }
}
