import { MAX_TEXT, type Chat } from "./chat.ts";
import { Composer } from "./composer.ts";
import { arrange, h, icon, setAttribute } from "./dom.ts";
import type { HubFrame } from "./protocol.ts";
import { fill, problemText, texts, type Locale, type Texts } from "./texts.ts";
import { Transcript } from "./transcript.ts";

const TYPING_FOR = 6_000;

/** The chat's window and the button that opens it. */
export class View {
  private isOpen = false;
  private drawing = false;
  private typingTimer?: number;
  private readonly launcher = h("button", { class: "launcher", attrs: { type: "button" } });
  private readonly badge = h("span", { class: "badge", attrs: { "aria-hidden": "true" } });
  private readonly panel = h("section", { class: "panel", attrs: { role: "dialog", hidden: true } });
  private readonly title = h("h2");
  private readonly statusLine = h("p", { class: "status", attrs: { role: "status" } });
  private readonly language = h("button", { class: "quiet", attrs: { type: "button" } });
  private readonly closer = h("button", { class: "quiet", attrs: { type: "button" } }, icon("close"));
  private readonly notice = h("div", { class: "notice", attrs: { role: "alert", hidden: true } });
  private readonly human = h("button", { class: "human", attrs: { type: "button" } });
  private readonly spoken = h("div", { class: "hidden", attrs: { "aria-live": "polite" } });
  private readonly transcript: Transcript;
  private readonly composer: Composer;

  constructor(
    root: ShadowRoot,
    private readonly chat: Chat,
    public locale: Locale,
  ) {
    this.transcript = new Transcript(chat);
    this.composer = new Composer(chat, MAX_TEXT);
    this.launcher.append(icon("chat"), this.badge);
    const header = h(
      "header",
      {},
      h("div", { class: "heading" }, this.title, this.statusLine),
      this.language,
      this.closer,
    );
    this.panel.append(header, this.transcript.node, this.notice, h("div", { class: "tools" }, this.human));
    this.panel.append(this.composer.node, this.spoken);
    root.append(this.panel, this.launcher);
    this.listen();
    this.label();
  }

  private get words(): Texts {
    return texts[this.locale];
  }

  open(): void {
    if (!this.isOpen) this.toggle(true);
    void this.chat.open();
    this.composer.focus();
  }

  setLocale(locale: Locale): void {
    if (locale === this.locale) return;
    this.locale = locale;
    this.label();
    this.update();
  }

  /**
   * Shows the chat as it is now, with the next picture; `frame` is what just came in, if that was the reason. A history
   * of a thousand messages is replayed frame by frame, and drawn a few times only.
   */
  update(frame?: HubFrame): void {
    if (frame?.type === "typing") this.expireTyping();
    this.speak(frame);
    if (this.drawing) return;
    this.drawing = true;
    if (document.hidden) window.setTimeout(() => this.draw(), 200);
    else requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.drawing = false;
    if (this.isOpen && !document.hidden) this.chat.read();
    this.transcript.update(this.words, this.locale);
    this.composer.update();
    this.showStatus();
    this.showNotice();
    this.showBadge();
  }

  private listen(): void {
    this.launcher.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.closer.addEventListener("click", () => this.close());
    this.language.addEventListener("click", () => {
      this.setLocale(this.locale === "zh" ? "en" : "zh");
      this.chat.memory.set("locale", this.locale);
    });
    this.human.addEventListener("click", () => this.askForHuman());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    document.addEventListener("visibilitychange", () => {
      if (this.isOpen && !document.hidden) this.update();
    });
  }

  private toggle(open: boolean): void {
    this.isOpen = open;
    this.panel.hidden = !open;
    this.launcher.classList.toggle("is-open", open);
    setAttribute(this.launcher, "aria-expanded", String(open));
    this.draw();
    if (open) this.transcript.toEnd();
  }

  private close(): void {
    this.toggle(false);
    this.launcher.focus();
  }

  private askForHuman(): void {
    const wanted = !(this.chat.askedForHuman || this.chat.status === "waiting");
    if (this.chat.handoff(wanted)) return;
    // Without a socket a plain sentence does the same; the bot understands it.
    if (wanted) this.chat.write(this.words.human);
  }

  private label(): void {
    const { words } = this;
    this.panel.lang = this.launcher.lang = this.locale === "zh" ? "zh-CN" : "en";
    this.title.textContent = words.title;
    setAttribute(this.panel, "aria-label", words.title);
    this.language.textContent = words.language;
    this.language.lang = this.locale === "zh" ? "en" : "zh-CN";
    setAttribute(this.language, "aria-label", words.switchLanguage);
    setAttribute(this.closer, "aria-label", words.close);
    this.composer.label(words);
  }

  private showStatus(): void {
    const { words, chat } = this;
    const { status, queuePosition, agent } = chat.stream;
    const link = chat.link === "offline" ? words.offline : chat.link === "connecting" ? words.connecting : undefined;
    const life = {
      bot: chat.askedForHuman ? words.humanAsked : words.statusBot,
      waiting: queuePosition ? fill(words.statusWaitingAt, { n: queuePosition }) : words.statusWaiting,
      human: fill(words.statusHuman, { name: agent ?? words.someone }),
      closed: words.statusClosed,
    }[status];
    const shown = (chat.hasSession && link) || life;
    if (this.statusLine.textContent !== shown) this.statusLine.textContent = shown;
    this.statusLine.dataset["state"] = chat.hasSession && link ? chat.link : status;
    const asking = chat.askedForHuman || status === "waiting";
    this.human.textContent = asking ? words.cancel : words.human;
    // Once closed, the next message decides who answers; there is nobody to be passed on to yet.
    this.human.hidden = status === "human" || status === "closed" || !chat.hasSession || (asking && chat.link !== "live");
  }

  private showNotice(): void {
    const { problem } = this.chat;
    this.notice.hidden = !problem;
    if (!problem) return this.notice.replaceChildren();
    const text = problemText(this.words, problem.code);
    if (this.notice.firstChild?.textContent === text) return;
    const dismiss = h("button", { class: "link", attrs: { type: "button" } }, this.words.dismiss);
    dismiss.addEventListener("click", () => this.chat.dismissProblem());
    this.notice.replaceChildren(h("span", {}, text), dismiss);
  }

  private showBadge(): void {
    const unread = this.isOpen ? 0 : this.chat.unread;
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    this.badge.hidden = unread === 0;
    const label = this.isOpen ? this.words.close : this.words.open;
    const count = unread > 0 ? `, ${fill(this.words.unread, { n: unread })}` : "";
    setAttribute(this.launcher, "aria-label", label + count);
  }

  /** Screen readers hear new messages once; the history that a reload replays is not read out. */
  private speak(frame?: HubFrame): void {
    if (!this.isOpen || frame?.type !== "message" || frame.author === "customer") return;
    if (!this.transcript.settled) return;
    const who = { bot: this.words.authorBot, agent: frame.agent ?? this.words.someone, system: "" }[frame.author];
    const said = [frame.text, ...frame.attachments.map((file) => file.name)].filter(Boolean).join(", ");
    arrange(this.spoken, [h("p", {}, who ? `${who}: ${said}` : said)]);
  }

  private expireTyping(): void {
    window.clearTimeout(this.typingTimer);
    this.typingTimer = window.setTimeout(() => {
      this.chat.stream.typing = undefined;
      this.update();
    }, TYPING_FOR);
  }
}
