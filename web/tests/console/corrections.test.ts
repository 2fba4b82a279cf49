// @vitest-environment happy-dom
import { NMessageProvider } from "naive-ui";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createApp, h, nextTick, type App } from "vue";
import { createI18n } from "vue-i18n";
import type { Message } from "../../console/src/api/types.ts";
import en from "../../console/src/i18n/en.ts";
import zh from "../../console/src/i18n/zh.ts";
import TranscriptMessage from "../../console/src/inbox/TranscriptMessage.vue";
import { inbox, keepMessage } from "../../console/src/state/inbox.ts";
import { user } from "../../console/src/state/session.ts";

const answer: Message = {
  id: "m 1",
  conversation: "c/1",
  seq: 2,
  author: "bot",
  text: "You have 14 days.",
  created_at: "2026-01-01T09:00:00Z",
  delivery: "sent",
  sources: [{ article: "returns", revision: 3, title: "Returns" }],
};

let app: App | undefined;
let calls: { method: string; path: string; body: unknown }[];
let status = 200;

/** The message as it stands in the open transcript. */
function show(message: Message, locale: "en" | "zh" = "en"): HTMLElement {
  inbox.transcripts.set(message.conversation, []);
  keepMessage(message.conversation, message);
  const place = document.body.appendChild(document.createElement("div"));
  const here = () => inbox.transcripts.get(message.conversation)![0]!;
  app = createApp(() => h(NMessageProvider, () => h(TranscriptMessage, { message: here(), now: 0 })));
  app.use(createI18n({ legacy: false, locale, messages: { en, zh } }));
  app.mount(place);
  return place;
}

const button = (place: HTMLElement) => place.querySelector<HTMLButtonElement>("button[aria-pressed]");
const pressed = (place: HTMLElement) => button(place)!.getAttribute("aria-pressed");

beforeEach(() => {
  calls = [];
  status = 200;
  user.value = { id: "bea", name: "Bea", email: "", roles: ["agent"] };
  vi.stubGlobal("fetch", async (path: string, { method, body }: { method: string; body?: string }) => {
    calls.push({ method, path, body: body === undefined ? undefined : JSON.parse(body) });
    const correction = method === "PUT" ? { correction: { right: false, agent: { id: "bea", name: "Bea" } } } : {};
    return Response.json(status === 200 ? { ...answer, ...correction } : { detail: "no" }, { status });
  });
});

afterEach(() => {
  app?.unmount();
  document.body.innerHTML = "";
  vi.unstubAllGlobals();
});

it("one press says that an answer was wrong, a second one takes it back", async () => {
  const place = show(answer);
  expect(button(place)!.textContent).toBe(en.conversation.wrong);
  expect(pressed(place)).toBe("false");

  button(place)!.click();
  await vi.waitFor(() => expect(pressed(place)).toBe("true"));
  expect(button(place)!.textContent).toContain(en.author.you);

  button(place)!.click();
  await vi.waitFor(() => expect(pressed(place)).toBe("false"));
  const path = "/api/v1/conversations/c%2F1/messages/m%201/correction";
  expect(calls).toEqual([
    { method: "PUT", path, body: { right: false } },
    { method: "DELETE", path, body: undefined },
  ]);
});

it("what a colleague said is seen with their name, and can be taken back", async () => {
  const place = show({ ...answer, correction: { right: false, agent: { id: "cid", name: "Cid" } } }, "zh");
  expect(button(place)!.textContent).toBe("答错了 · Cid");
  button(place)!.click();
  await vi.waitFor(() => expect(calls.map(({ method }) => method)).toEqual(["DELETE"]));
});

it("a second press while the first is on its way does nothing; one that fails leaves all as it was", async () => {
  status = 404;
  const place = show(answer);
  button(place)!.click();
  button(place)!.click();
  await vi.waitFor(() => expect(document.body.textContent).toContain(en.problem.missing));
  expect(calls.length).toBe(1);
  expect(pressed(place)).toBe("false");
  expect(button(place)!.disabled).toBe(false); // so the keyboard's focus stays where it is
});

it.each<[string, Partial<Message>]>([
  ["that names no article", { sources: [] }],
  ["of an agent's", { author: "agent" }],
  ["of the customer's", { author: "customer" }],
])("a message %s has no such button", async (_, more) => {
  const place = show({ ...answer, ...more });
  await nextTick();
  expect(place.textContent).toContain(answer.text);
  expect(button(place)).toBeNull();
});
