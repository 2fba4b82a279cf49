import type { Chat } from "./chat.ts";
import { arrange, h, setAttribute } from "./dom.ts";
import { messageNode, pendingNode, turningNode, typingNode, type Actions, type Look } from "./entries.ts";
import type { Button } from "./protocol.ts";
import type { Entry, Pending } from "./stream.ts";
import type { Locale, Texts } from "./texts.ts";

const SETTLES_AFTER = 1_500;
const NEAR_END = 80;
/** How long the dots show that the assistant is at work, should no answer come. */
const THINKING_FOR = 12_000;

/** The list of messages. Each line is built once and built again only when something about it changed. */
export class Transcript {
  readonly node = h("div", { class: "log", attrs: { role: "log", "aria-live": "off", tabindex: "0" } });
  /** The history has been replayed; what comes from here on is new. */
  settled = false;
  private readonly lines = new Map<string, { print: string; node: HTMLElement }>();
  private settling?: number;
  private thinkingTimer?: number;
  private thinkingFor?: string;
  private readonly actions: Actions;

  constructor(private readonly chat: Chat) {
    this.actions = {
      press: (button: Button) => chat.write(button.title, button.payload ?? undefined),
      vote: (message, helpful) => chat.vote(message, helpful),
      rate: (conversation, score) => chat.rate(conversation, score),
      retry: (id) => chat.retry(id),
      discard: (id) => chat.discard(id),
      download: (file) => void this.save(file),
    };
  }

  update(words: Texts, locale: Locale): void {
    const wasAtEnd = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END;
    setAttribute(this.node, "aria-label", words.messages);
    const { entries, pending } = this.chat.stream;
    const wanted: HTMLElement[] = [];
    if (entries.length + pending.length === 0) {
      wanted.push(this.line("hello", words.hello, () => h("div", { class: "hello" }, words.hello)));
    }
    entries.forEach((entry, at) => wanted.push(this.entryLine(entry, entries[at + 1], words, locale)));
    pending.forEach((item) => wanted.push(this.pendingLine(item, words, locale)));
    if (this.isTyping()) wanted.push(this.line("typing", locale, () => typingNode(words)));
    arrange(this.node, wanted);
    if (wasAtEnd) this.toEnd();
    this.settle();
  }

  toEnd(): void {
    this.node.scrollTop = this.node.scrollHeight;
  }

  private entryLine(entry: Entry, next: Entry | undefined, words: Texts, locale: Locale): HTMLElement {
    const { memory } = this.chat;
    const active = !next && this.chat.stream.pending.length === 0;
    if (entry.type === "message") {
      const timed = minuteOf(entry) !== minuteOf(next);
      const look: Look = { words, locale, active, timed, vote: memory.get("votes")?.[entry.id] };
      const print = `${locale} ${timed} ${entry.buttons.length > 0 && active} ${look.vote}`;
      return this.line(`m-${entry.id}`, print, () => messageNode(entry, look, this.actions));
    }
    const look: Look = { words, locale, active, score: memory.get("rated")?.[entry.conversation ?? ""] };
    return this.line(entry.id, `${locale} ${look.score}`, () => turningNode(entry, look, this.actions));
  }

  private pendingLine(item: Pending, words: Texts, locale: Locale): HTMLElement {
    const look: Look = { words, locale, active: false };
    return this.line(`p-${item.id}`, `${locale} ${item.state}`, () => pendingNode(item, look, this.actions));
  }

  private line(id: string, print: string, make: () => HTMLElement): HTMLElement {
    const known = this.lines.get(id);
    if (known?.print === print) return known.node;
    const node = make();
    // A button that was just pressed keeps the focus when its line is built again.
    const focus = known ? focusedIn(known.node) : undefined;
    known?.node.replaceWith(node);
    if (focus !== undefined) node.querySelectorAll("button")[focus]?.focus();
    this.lines.set(id, { print, node });
    return node;
  }

  private isTyping(): boolean {
    const { typing, status, entries, pending } = this.chat.stream;
    if (typing) return true;
    const newest = pending.at(-1) ?? entries.at(-1);
    const asked = newest !== undefined && (!("type" in newest) || (newest.type === "message" && newest.author === "customer"));
    const sent = asked && (!("state" in newest) || newest.state === "sent");
    if (status !== "bot" || !sent || !this.settled) return false;
    return this.think(newest.id);
  }

  private think(id: string): boolean {
    if (this.thinkingFor !== id) {
      this.thinkingFor = id;
      window.clearTimeout(this.thinkingTimer);
      this.thinkingTimer = window.setTimeout(() => {
        this.thinkingTimer = undefined;
        this.lines.get("typing")?.node.remove();
      }, THINKING_FOR);
    }
    return this.thinkingTimer !== undefined;
  }

  private settle(): void {
    if (this.settled) return;
    window.clearTimeout(this.settling);
    const replaying = this.chat.hasSession && this.chat.link !== "live" && this.chat.link !== "polling";
    if (!replaying) this.settling = window.setTimeout(() => (this.settled = true), SETTLES_AFTER);
  }

  private async save(file: Parameters<Actions["download"]>[0]): Promise<void> {
    const blob = await this.chat.download(file);
    if (!blob) return;
    const url = URL.createObjectURL(blob);
    const link = h("a", { attrs: { href: url, download: file.name } });
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

const minuteOf = (entry?: Entry): string | undefined =>
  entry?.type === "message" ? entry.createdAt?.slice(0, 16) : undefined;

function focusedIn(node: HTMLElement): number | undefined {
  const active = (node.getRootNode() as ShadowRoot).activeElement;
  const at = Array.from(node.querySelectorAll("button")).findIndex((button) => button === active);
  return at < 0 ? undefined : at;
}
