import { describe, expect, it } from "vitest";
import type { Change, Letter, Message } from "../../console/src/api/types.ts";
import {
  answering,
  faultWords,
  goneBy,
  isDoubtful,
  latestLetter,
  noteWords,
  offeredIn,
  othersOf,
  reasonOf,
  recipientsOf,
  withChanges,
  wordsOf,
} from "../../console/src/inbox/letters.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 9, minute)).toISOString();

const message = (id: string, minute: number, more: Partial<Message> = {}): Message => ({
  id,
  conversation: "here",
  seq: minute,
  author: "customer",
  text: id,
  created_at: at(minute),
  ...more,
});

const change = (id: number, minute: number, more: Partial<Change> = {}): Change => ({
  id,
  kind: "merge",
  from_case: "there",
  to_case: "here",
  messages: 1,
  agent: "Li",
  created_at: at(minute),
  undone_at: null,
  ...more,
});

const ann: Letter = { sender: "ann@example.com", to: ["help@shop.example"], subject: "Lamp" };

describe("an answer", () => {
  it("goes to the latest letter, whoever spoke since", () => {
    const bob = { sender: "bob@example.com" };
    const said = [message("1", 1, { letter: ann }), message("2", 2, { letter: bob }), message("3", 3, { author: "agent" })];
    expect(latestLetter(said)).toBe(bob);
    expect(latestLetter([...said, message("4", 4, { letter: { sender: "away@example.com", automatic: true } })])).toBe(bob);
    expect(latestLetter([message("1", 1)])).toBeUndefined();
    expect(latestLetter()).toBeUndefined();
  });

  it.each<[string, Letter, string, string[]]>([
    ["to its sender alone, where it came to us alone", ann, "ann@example.com", []],
    ["to whoever reads along", { ...ann, cc: ["bob@example.com"] }, "ann@example.com", ["bob@example.com"]],
    [
      "to the others it was sent to, once",
      { ...ann, to: ["help@shop.example", "eve@example.com"], cc: ["eve@example.com", "ann@example.com"] },
      "ann@example.com",
      ["eve@example.com"],
    ],
    [
      "never to ourselves",
      { ...ann, to: ["Sales+case@shop.example"], cc: ["sales@shop.example", "bob@example.com"], reply_to: ["help@shop.example"] },
      "ann@example.com",
      ["bob@example.com"],
    ],
    ["to where it is wanted", { ...ann, reply_to: ["desk@example.com", "two@example.com"] }, "desk@example.com", ["two@example.com"]],
  ])("goes %s", (_, letter, to, cc) => {
    expect(recipientsOf(letter, ["help@shop.example", "sales@shop.example"])).toEqual({ to, cc });
  });

  it.each([
    ["Lamp", "Re: Lamp"],
    ["RE: Fwd: Lamp", "Re: Lamp"],
    ["回复：答复: 台灯", "Re: 台灯"],
    ["Re[2]: Lamp", "Re: Lamp"],
    ["Resistors: which?", "Re: Resistors: which?"],
    [undefined, "Re:"],
  ])("to %j has the subject %j", (subject, answer) => {
    expect(answering(subject)).toBe(answer);
  });
});

it("a letter's words do not repeat its subject", () => {
  expect(wordsOf("Lamp\n\nIt is dark.", "Re: Lamp")).toBe("It is dark.");
  expect(wordsOf("Lamp", "Lamp")).toBe("Lamp");
  expect(wordsOf("It is dark.\n\nAnn", "")).toBe("It is dark.\n\nAnn");
  expect(wordsOf("\n\nIt is dark.")).toBe("\n\nIt is dark.");
});

it("what could not be read is said in our words, or the hub's where we have none", () => {
  const t = (key: string) => key;
  expect(faultWords("winmail.dat, Outlook's own format: cannot be read here", t)).toBe("letter.fault.winmail");
  expect(faultWords("something else", t)).toBe("something else");
});

it("reports are said in our words, and other notes as they are", () => {
  const t = (key: string, values: Record<string, unknown> = {}) => `${key}(${Object.values(values).join()})`;
  const said = "Delivery to ann@x.example has failed: 550: no\nDelivery to bob@x.example has failed for now\nCall him.";
  expect(noteWords(said, t)).toBe("report.failed(ann@x.example): 550: no\nreport.failedForNow(bob@x.example)\nCall him.");
  expect(noteWords("Not sent to further recipients:\nbob@x.example: 550", t)).toBe("report.further()\nbob@x.example: 550");
});

it("by letter nobody is offered what is for those who sit and wait", () => {
  const said = message("1", 1, { buttons: [{ title: "Returns", payload: "article:r" }, { title: "Ask", payload: "assist" }] });
  expect(offeredIn(said, true).map((button) => button.title)).toEqual(["Returns"]);
  expect(offeredIn(said, false)).toHaveLength(2);
  expect(offeredIn(message("2", 2), true)).toEqual([]);
});

describe("why a letter is here", () => {
  const t = (key: string, values: Record<string, unknown> = {}) => `${key}(${Object.values(values).join()})`;
  const knows = (key: string) => key === "letter.rule.subject";

  it("is said in our words, or the hub's where we have none", () => {
    const known = { conversation: "here", rule: "subject", reason: "same subject" };
    expect(reasonOf(known, ann, "here", t, knows)).toBe("letter.here(letter.rule.subject(ann@example.com))");
    expect(reasonOf({ ...known, rule: "moon" }, ann, "here", t, knows)).toBe("letter.here(same subject)");
  });

  it("does not claim a place that it was moved away from", () => {
    const given = { conversation: "there", rule: "moon", reason: "so" };
    expect(reasonOf(given, ann, "here", t, knows)).toBe("letter.elsewhere(so)");
    expect(reasonOf({ rule: "new", reason: "so" }, ann, "here", t, knows)).toBe("letter.began(so)");
  });

  it("stands out where somebody came with what is not theirs", () => {
    expect(["stranger", "forged", "subject", "new"].filter(isDoubtful)).toEqual(["stranger", "forged"]);
  });
});

describe("moves", () => {
  const keys = (messages: Message[], changes: Change[]) => withChanges(messages, changes).map((row) => row.key);

  it("stand behind what was there before them", () => {
    const said = [message("a", 1), message("b", 4), message("moved", 2), message("c", 9)];
    expect(keys(said, [change(2, 7), change(1, 6)])).toEqual(["a", "b", "moved", "change-1", "change-2", "c"]);
    expect(keys([], [change(1, 6)])).toEqual(["change-1"]);
  });

  it("are not shown once they were undone", () => {
    expect(keys([message("a", 1)], [change(1, 6, { undone_at: at(7) })])).toEqual(["a"]);
  });

  it("say where a conversation went", () => {
    const away = change(3, 5, { from_case: "here", to_case: "there" });
    expect(goneBy("here", [change(4, 6), away])).toBe(away);
    expect(goneBy("here", [{ ...away, undone_at: at(8) }])).toBeUndefined();
    expect(goneBy("here", [{ ...away, kind: "split" }])).toBeUndefined();
  });
});

it("guesses name each other conversation once, and never this one", () => {
  const guess = (...maybe: string[]) => ({ case: { rule: "stranger", reason: "", maybe } });
  const said = [message("a", 1, guess("x", "here")), message("b", 2, guess("x", "y")), message("c", 3)];
  expect(othersOf("here", said)).toEqual(["x", "y"]);
  expect(othersOf("here")).toEqual([]);
  const answered = { case: { rule: "stranger", reason: "", maybe: ["x", "y"], declined: ["x"] } };
  expect(othersOf("here", [message("a", 1, answered)])).toEqual(["y"]);
});
