import type { Case, Change, Letter, Message } from "../api/types.ts";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** A row of a transcript: something that was said, or letters that were moved. */
export type Row = { key: string; message: Message; change?: undefined } | { key: string; change: Change; message?: undefined };

/** The letter that an answer goes to: the latest that a person wrote. */
export const latestLetter = (messages: Message[] = []): Letter | undefined =>
  messages.findLast((message) => message.letter && !message.letter.automatic)?.letter;

export const hasLetters = (messages: Message[] = []): boolean => messages.some((message) => message.letter);

/** An address without what stands behind a `+`. */
const plain = (address: string): string => address.toLowerCase().replace(/\+[^@]*(?=@)/, "");

/** Whom an answer to a letter reaches: where its sender wants it, and whoever else it was sent to; never ourselves. */
export function recipientsOf({ sender, reply_to = [], to = [], cc = [] }: Letter, own: string[]): { to: string; cc: string[] } {
  const ours = new Set(own.map(plain));
  const foreign = (address: string) => !ours.has(plain(address));
  const [first = sender, ...others] = reply_to.filter(foreign);
  return { to: first, cc: [...new Set([...others, ...to, ...cc])].filter((address) => address !== first && foreign(address)) };
}

const PREFIXES = /^(?:\s*(?:re|aw|sv|fwd?|wg|回复|答复|回覆|转发|轉寄)\s*(?:\[\d+\])?\s*[:：])+\s*/i;

/** The subject that an answer has. */
export const answering = (subject = ""): string => `Re: ${subject.replace(PREFIXES, "")}`.trim();

/** What was written, without the subject that the hub puts in front of a first letter for the assistant. */
export function wordsOf(text: string, subject = ""): string {
  const head = `${subject.replace(PREFIXES, "").trim()}\n\n`;
  return head.trim() && text.startsWith(head) ? text.slice(head.length) : text;
}

const FAULTS: [RegExp, string][] = [
  [/winmail/i, "winmail"],
  [/encrypted/i, "encrypted"],
  [/cut off/i, "cut"],
  [/only in the original/i, "long"],
];

/** What of a letter could not be read, in our words where we have some. */
export const faultWords = (fault: string, t: Translate): string => {
  const known = FAULTS.find(([pattern]) => pattern.test(fault));
  return known ? t(`letter.fault.${known[1]}`) : fault;
};

/** Somebody with their address, as mail programs write it. */
export const addressed = ({ name, sender }: Letter): string => (name ? `${name} <${sender}>` : sender);

/** Why a letter is where it is, in a sentence; rules that we have no words for keep the hub's. */
export function reasonOf(given: Case, letter: Letter, here: string, t: Translate, te: (key: string) => boolean): string {
  const { conversation, rule, reason } = given;
  const why = te(`letter.rule.${rule}`) ? t(`letter.rule.${rule}`, { who: letter.sender }) : reason;
  if (!conversation) return t("letter.began", { why });
  return t(conversation === here ? "letter.here" : "letter.elsewhere", { why });
}

/** Rules that an agent should look at: somebody may not be who they say, or came with what is not theirs. */
export const isDoubtful = (rule: string): boolean => rule === "forged" || rule === "stranger";

/** Moves that still hold, each behind the messages that were there before it. */
export function withChanges(messages: Message[], changes: Change[]): Row[] {
  const moves = changes.filter((change) => !change.undone_at).sort((a, b) => a.id - b.id);
  const rows: Row[] = [];
  const upTo = (moment: number) => {
    while (moves[0] && Date.parse(moves[0].created_at) < moment) {
      const change = moves.shift()!;
      rows.push({ key: `change-${change.id}`, change });
    }
  };
  for (const message of messages) {
    upTo(Date.parse(message.created_at));
    rows.push({ key: message.id, message });
  }
  upTo(Infinity);
  return rows;
}

/** The move by which all of a conversation went into another one, if it did. */
export const goneBy = (id: string, changes: Change[]): Change | undefined =>
  changes.find((change) => change.kind === "merge" && change.from_case === id && !change.undone_at);

const REPORT = /^Delivery to (.+?) (has failed for now|has failed|is delayed|has succeeded|is reported on)(?:: (.*))?$/;
const REPORTS: Record<string, string> = {
  "has failed for now": "failedForNow",
  "has failed": "failed",
  "is delayed": "delayed",
  "has succeeded": "succeeded",
  "is reported on": "unclear",
};

/** A note of the system's about letters of ours, line by line in our words; what servers say stays in theirs. */
export const noteWords = (text: string, t: Translate): string =>
  text
    .split("\n")
    .map((line) => {
      if (line === "Not sent to further recipients:") return t("report.further");
      const found = REPORT.exec(line);
      return found ? `${t(`report.${REPORTS[found[2]!]}`, { who: found[1] })}${found[3] ? `: ${found[3]}` : ""}` : line;
    })
    .join("\n");

/** What a message of ours offered; by letter nobody is offered what is for those who sit and wait. */
export const offeredIn = ({ buttons = [] }: Message, byLetter: boolean): NonNullable<Message["buttons"]> =>
  byLetter ? buttons.filter(({ payload }) => payload !== "assist" && payload !== "take_back") : buttons;

/** Conversations that the letters here may belong to, as far as no agent has said no. */
export const othersOf = (id: string, messages: Message[] = []): string[] => {
  const guessed = messages.flatMap(({ case: { maybe = [], declined = [] } = { rule: "", reason: "" } }) =>
    maybe.filter((other) => !declined.includes(other)),
  );
  return [...new Set(guessed)].filter((other) => other !== id);
};
