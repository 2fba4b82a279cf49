import { createI18n } from "vue-i18n";
import { describe, expect, it } from "vitest";
import type { Message } from "../../console/src/api/types.ts";
import en from "../../console/src/i18n/en.ts";
import { reasonWords, standingOf } from "../../console/src/inbox/delivery.ts";

const message = (more: Partial<Message>): Message => ({
  id: "m",
  conversation: "c",
  seq: 1,
  author: "agent",
  text: "Hello",
  created_at: "2026-01-01T09:00:00Z",
  delivery: "sent",
  ...more,
});

describe("how a message stands", () => {
  it("is said of what agents and the assistant wrote, with a reason where it has not arrived for sure", () => {
    expect(standingOf(message({}))).toMatchObject({ state: "sent", tone: "calm", why: undefined });
    expect(standingOf(message({ error: "delayed: x" }))).toMatchObject({ state: "delayed", tone: "unsure", why: "delayed: x" });
    expect(standingOf(message({ delivery: "failed", error: "too long" }))).toMatchObject({ tone: "bad", why: "too long" });
    expect(standingOf(message({ delivery: "unknown", error: "?" }))).toMatchObject({ tone: "unsure", why: "?" });
    expect(standingOf(message({ delivery: "queued", error: "later" }))).toMatchObject({ tone: "calm", why: "later" });
    expect(standingOf(message({ author: "bot", delivery: "dropped" }))).toMatchObject({ tone: "calm" });
    expect(standingOf(message({ delivery: "delivered", error: "old" }))!.why).toBeUndefined();
  });

  it("is not said of others' words, of notes, of lines that went well, nor of a state that we do not know", () => {
    expect(standingOf(message({ author: "customer", delivery: "received" }))).toBeUndefined();
    expect(standingOf(message({ kind: "note", delivery: "delivered" }))).toBeUndefined();
    expect(standingOf(message({ author: "system" }))).toBeUndefined();
    expect(standingOf(message({ author: "system", delivery: "failed" }))).toMatchObject({ tone: "bad" });
    expect(standingOf(message({ delivery: "teleported" }))).toBeUndefined();
  });
});

it("reasons of the hub's are said in our words, those of platforms in theirs", () => {
  const { t } = createI18n({ legacy: false, locale: "en", messages: { en } }).global;
  const words = (why: string) => reasonWords(why, t);
  expect(words("a human has taken over")).toBe(en.why.takenOver);
  expect(words("a human has taken over; the first 2 parts had been sent")).toContain(" 2 parts");
  expect(words("no channel oa is configured")).toContain(" oa ");
  expect(words("Forbidden: bot was blocked by the user")).toBe(en.why.blocked);
  expect(words("the bot is no longer in the group")).toBe(en.why.notInGroup);
  expect(words("came back: ann@shop.example could not be reached (550 no (such) user)")).toBe(
    "The mail came back: ann@shop.example cannot be reached (550 no (such) user).",
  );
  expect(words("delayed: ann@shop.example could not be reached yet (452 full)")).toContain("tried again");
  expect(words("an acknowledgement has gone to this sender within the last day")).toBe(en.why.acknowledged);
  expect(words("chat not found")).toBe("The platform says: chat not found.");
});
