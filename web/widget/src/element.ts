import { Chat } from "./chat.ts";
import { HubApi } from "./hub-api.ts";
import { Memory } from "./memory.ts";
import type { HubFrame } from "./protocol.ts";
import { styles } from "./styles.ts";
import { localeOf } from "./texts.ts";
import { View } from "./view.ts";

/**
 * `<parley-chat channel="web" base="https://hub.example" locale="zh">`: the chat button and its window.
 *
 * Everything stands in a shadow root, so that the page's styles and ours do not meet. Pages may call `open()` and
 * `ask(text)`.
 */
export class ParleyChat extends HTMLElement {
  static readonly observedAttributes = ["locale"];
  private chat?: Chat;
  private view?: View;
  private readonly wake = () => this.chat?.wake();
  private readonly suspect = () => this.chat?.suspect();

  connectedCallback(): void {
    if (this.view) return;
    const base = this.getAttribute("base") ?? location.origin;
    const channel = this.getAttribute("channel") ?? "web";
    const root = this.attachShadow({ mode: "open" });
    dress(root);
    const memory = new Memory(base, channel);
    // What the customer chose, else what the page asks for, else the browser's language.
    const locale = localeOf(memory.get("locale") ?? this.getAttribute("locale") ?? navigator.language);
    const chat = new Chat(
      new HubApi(base, channel),
      memory,
      () => this.view?.locale ?? locale,
      (frame?: HubFrame) => this.view?.update(frame),
    );
    this.chat = chat;
    this.view = new View(root, chat, locale);
    this.view.update();
    window.addEventListener("online", this.wake);
    window.addEventListener("offline", this.suspect);
  }

  disconnectedCallback(): void {
    window.removeEventListener("online", this.wake);
    window.removeEventListener("offline", this.suspect);
  }

  attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
    if (before !== now) this.view?.setLocale(localeOf(now));
  }

  open(): void {
    this.view?.open();
  }

  /** Opens the window and sends `text` as if the customer had written it. */
  ask(text: string): void {
    this.view?.open();
    this.chat?.write(text);
  }
}

/** A constructed sheet needs no `style-src 'unsafe-inline'` from the page that embeds us. */
function dress(root: ShadowRoot): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  root.adoptedStyleSheets = [sheet];
}
