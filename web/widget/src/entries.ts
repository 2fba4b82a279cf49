import { h, icon } from "./dom.ts";
import type { Attachment, Button, MessageFrame } from "./protocol.ts";
import type { Pending, Turning } from "./stream.ts";
import { sizeOf } from "../../shared/size.ts";
import { fill, problemText, type Texts } from "./texts.ts";

/** What the transcript's lines can ask for. */
export interface Actions {
  press(button: Button): void;
  vote(message: string, helpful: boolean): void;
  rate(conversation: string, score: number): void;
  retry(id: string): void;
  discard(id: string): void;
  download(attachment: Attachment): void;
}

export interface Look {
  words: Texts;
  locale: string;
  vote?: boolean;
  score?: number;
  /** Buttons can still be pressed: this is the newest message. */
  active: boolean;
  /** The time stands under the last message of a minute. */
  timed?: boolean;
}

export function messageNode(message: MessageFrame, look: Look, actions: Actions): HTMLElement {
  const { words } = look;
  if (message.author === "system") {
    return h("div", { class: "line" }, h("span", {}, message.text));
  }
  const mine = message.author === "customer";
  const who = mine ? words.authorYou : message.author === "bot" ? words.authorBot : (message.agent ?? words.someone);
  return h(
    "div",
    { class: `message ${mine ? "mine" : "theirs"} ${message.author}` },
    h("span", { class: mine ? "hidden" : "who" }, who),
    message.text !== "" && bubble(message.text),
    ...message.attachments.map((file) => fileNode(file, actions)),
    sourcesNode(message, words),
    buttonsNode(message.buttons, look, actions),
    message.author === "bot" && message.sources.length > 0 && voteNode(message.id, look, actions),
    look.timed && timeNode(message.createdAt, look.locale),
  );
}

export function pendingNode(pending: Pending, look: Look, actions: Actions): HTMLElement {
  const { words } = look;
  const failed = pending.state === "failed";
  const note = failed
    ? failureText(pending, words)
    : pending.state === "sent"
      ? words.sent
      : words.sending;
  return h(
    "div",
    { class: `message mine customer ${pending.state}` },
    h("span", { class: "hidden" }, words.authorYou),
    pending.text !== "" && bubble(pending.text),
    ...pending.attachments.map((file) => fileNode(file, actions)),
    h("span", { class: "note" }, note),
    failed &&
      h(
        "span",
        { class: "note actions" },
        textButton(words.retry, () => actions.retry(pending.id)),
        textButton(words.discard, () => actions.discard(pending.id)),
      ),
  );
}

function failureText(pending: Pending, words: Texts): string {
  if (!pending.error) return words.failed;
  return fill(words.failedBecause, { why: problemText(words, pending.error.code) });
}

export function turningNode(turning: Turning, look: Look, actions: Actions): HTMLElement {
  const { words } = look;
  const line = {
    bot: words.turnBot,
    waiting: words.turnWaiting,
    human: fill(words.turnHuman, { name: turning.agent ?? words.someone }),
    closed: words.turnClosed,
  }[turning.status];
  return h(
    "div",
    { class: "line" },
    h("span", {}, line),
    turning.afterHuman && turning.conversation !== undefined && ratingNode(turning.conversation, look, actions),
  );
}

export function typingNode(words: Texts): HTMLElement {
  const dots = h("div", { class: "bubble dots" }, h("i"), h("i"), h("i"));
  return h("div", { class: "message theirs typing" }, h("span", { class: "hidden" }, words.typing), dots);
}

const bubble = (text: string) => h("div", { class: "bubble" }, ...linked(text));

/** The text, with its web addresses as links. */
function linked(text: string): Node[] {
  return text.split(/(https?:\/\/[^\s<>"'，。；！？（）]+)/).map((part, at) => {
    if (at % 2 === 0) return document.createTextNode(part);
    return h("a", { attrs: { href: part, target: "_blank", rel: "noopener noreferrer" } }, part);
  });
}

function fileNode(file: Attachment, actions: Actions): HTMLElement {
  const size = sizeOf(file.size);
  return h(
    "button",
    { class: "file", attrs: { type: "button" }, on: { click: () => actions.download(file) } },
    icon("file"),
    h("span", {}, size ? `${file.name} · ${size}` : file.name),
  );
}

function sourcesNode(message: MessageFrame, words: Texts): HTMLElement | undefined {
  if (message.sources.length === 0) return undefined;
  return h("div", { class: "sources" }, words.sources + message.sources.map((source) => source.title).join(" · "));
}

function buttonsNode(buttons: Button[], look: Look, actions: Actions): HTMLElement | undefined {
  if (buttons.length === 0) return undefined;
  const nodes = buttons.map((button) =>
    h(
      "button",
      { attrs: { type: "button", disabled: !look.active }, on: { click: () => actions.press(button) } },
      button.title,
    ),
  );
  return h("div", { class: "choices" }, ...nodes);
}

function voteNode(message: string, look: Look, actions: Actions): HTMLElement {
  const { words, vote } = look;
  const thumb = (helpful: boolean) =>
    h(
      "button",
      {
        attrs: {
          type: "button",
          title: helpful ? words.yes : words.no,
          "aria-label": helpful ? words.yes : words.no,
          "aria-pressed": String(vote === helpful),
        },
        on: { click: () => actions.vote(message, helpful) },
      },
      icon(helpful ? "up" : "down"),
    );
  const question = h("span", {}, vote === undefined ? words.helpful : words.thanksVote);
  return h("div", { class: "vote" }, question, thumb(true), thumb(false));
}

function ratingNode(conversation: string, look: Look, actions: Actions): HTMLElement {
  const { words, score = 0 } = look;
  const stars = [1, 2, 3, 4, 5].map((n) =>
    h(
      "button",
      {
        class: n <= score ? "on" : "",
        attrs: {
          type: "button",
          "aria-label": fill(words.stars, { n }),
          "aria-pressed": String(n === score),
        },
        on: { click: () => actions.rate(conversation, n) },
      },
      icon("star"),
    ),
  );
  const title = score > 0 ? words.rated : words.rate;
  return h("div", { class: "rating", attrs: { role: "group", "aria-label": title } }, h("p", {}, title), ...stars);
}

function timeNode(createdAt: string | undefined, locale: string): HTMLElement | undefined {
  const at = new Date(createdAt ?? "");
  if (Number.isNaN(at.getTime())) return undefined;
  const today = at.toDateString() === new Date().toDateString();
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  const shown = at.toLocaleString(locale, today ? clock : { month: "short", day: "numeric", ...clock });
  return h("time", { class: "note", attrs: { datetime: at.toISOString() } }, shown);
}

function textButton(title: string, click: () => void): HTMLElement {
  return h("button", { class: "link", attrs: { type: "button" }, on: { click } }, title);
}
