import type { Chat } from "./chat.ts";
import { h, icon, setAttribute } from "./dom.ts";
import { fill, texts, type Texts } from "./texts.ts";

const SHOW_LEFT_BELOW = 200;

/** Where the customer writes: Enter sends, Shift+Enter breaks the line. */
export class Composer {
  private words: Texts = texts.en;
  private readonly input = h("textarea", { attrs: { rows: "1" } });
  private readonly file = h("input", { attrs: { type: "file", hidden: true, tabindex: "-1" } });
  private readonly attach = h("button", { class: "quiet", attrs: { type: "button" } }, icon("clip"));
  private readonly submit = h("button", { class: "send", attrs: { type: "submit" } }, icon("send"));
  private readonly left = h("p", { class: "note left", attrs: { hidden: true, "aria-live": "polite" } });
  readonly node = h("form", { class: "composer" }, this.left, this.attach, this.file, this.input, this.submit);

  constructor(
    private readonly chat: Chat,
    private readonly limit: number,
  ) {
    this.input.maxLength = limit;
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("input", () => {
      this.fit();
      if (this.input.value.trim()) this.chat.typing();
    });
    this.attach.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      for (const file of Array.from(this.file.files ?? [])) void this.chat.attach(file);
      this.file.value = "";
    });
  }

  focus(): void {
    this.fit();
    this.input.focus();
  }

  update(): void {
    this.attach.disabled = !this.chat.hasSession;
  }

  label(words: Texts): void {
    this.words = words;
    this.input.placeholder = words.placeholder;
    setAttribute(this.input, "aria-label", words.placeholder);
    setAttribute(this.submit, "aria-label", words.send);
    setAttribute(this.attach, "aria-label", `${words.attach} (${words.attachHint})`);
    setAttribute(this.attach, "title", words.attachHint);
    this.fit();
  }

  private onKey(event: KeyboardEvent): void {
    // While an input method is composing (pinyin), Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  private send(): void {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.fit();
    this.chat.write(text);
    this.input.focus();
  }

  private fit(): void {
    const { input } = this;
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 120)}px`;
    const left = this.limit - input.value.length;
    this.left.hidden = left > SHOW_LEFT_BELOW;
    this.left.textContent = fill(this.words.tooLong, { n: left });
    this.submit.disabled = input.value.trim() === "";
  }
}
