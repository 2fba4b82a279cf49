// @vitest-environment happy-dom
import { beforeEach, expect, it, vi } from "vitest";
import { ParleyChat } from "../../widget/src/element.ts";
import { texts } from "../../widget/src/texts.ts";

class Socket {
  static last: Socket;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  sent: Record<string, unknown>[] = [];
  constructor() {
    Socket.last = this;
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {}
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

if (!customElements.get("parley-chat")) customElements.define("parley-chat", ParleyChat);

let chat: ParleyChat;
const asked: Parameters<typeof fetch>[] = [];
const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
const inside = <E extends Element>(selector: string) => chat.shadowRoot!.querySelector<E>(selector);

beforeEach(async () => {
  localStorage.clear();
  document.body.replaceChildren();
  vi.stubGlobal("WebSocket", Socket);
  asked.length = 0;
  vi.stubGlobal("fetch", async (...call: Parameters<typeof fetch>) => {
    asked.push(call);
    return new Response(JSON.stringify({ session: "s", conversation: "c" }), { status: 201 });
  });
  chat = document.createElement("parley-chat") as ParleyChat;
  chat.setAttribute("base", "https://hub.example");
  chat.setAttribute("locale", "en");
  document.body.append(chat);
  chat.open();
  await vi.waitUntil(() => localStorage.getItem("parley:https://hub.example:web")?.includes('"s"'));
  Socket.last.onopen?.();
  Socket.last.say({ type: "ready", conversation: "c", status: "bot" });
});

it("shows what people wrote as text, never as markup", async () => {
  const text = '<img src=x onerror="alert(1)"> <b>bold</b>';
  Socket.last.say({ type: "message", seq: 1, id: "a", author: "bot", text, sources: [{ article: "1", title: "<i>t</i>" }] });
  await drawn();
  expect(inside(".bubble")!.textContent).toBe(text);
  expect(inside(".log img, .log b, .log i")).toBeNull();
});

it("sends a pressed button's title with its payload", async () => {
  Socket.last.say({ type: "message", seq: 1, id: "a", author: "bot", text: "?", buttons: [{ title: "Yes", payload: "/yes" }] });
  await drawn();
  inside<HTMLButtonElement>(".choices button")!.click();
  expect(Socket.last.sent.at(-1)).toMatchObject({ type: "message", text: "Yes", payload: "/yes" });
  await drawn();
  expect(inside<HTMLButtonElement>(".choices button")!.disabled).toBe(true);
});

it("asks for a human, shows the place in the queue, and takes it back", async () => {
  inside<HTMLButtonElement>(".human")!.click();
  expect(Socket.last.sent.at(-1)).toEqual({ type: "handoff", wanted: true });
  Socket.last.say({ type: "status", seq: 1, status: "waiting", queue_position: 2, conversation: "c" });
  await drawn();
  expect(inside(".status")!.textContent).toContain("2");
  inside<HTMLButtonElement>(".human")!.click();
  expect(Socket.last.sent.at(-1)).toEqual({ type: "handoff", wanted: false });
});

it("asks for a rating after a human closed, and sends it with the conversation's id", async () => {
  Socket.last.say({ type: "status", seq: 1, status: "human", conversation: "c", agent: { name: "Lin" } });
  Socket.last.say({ type: "status", seq: 2, status: "closed", conversation: "c" });
  await drawn();
  inside<HTMLButtonElement>(".rating button:nth-of-type(4)")!.click();
  expect(Socket.last.sent.at(-1)).toEqual({ type: "rate", conversation: "c", score: 4 });
  await drawn();
  expect(inside(".rating p")!.textContent).toBe(texts.en.rated);
});

it("shows a file that an agent sent, and fetches it with the session when asked to", async () => {
  const attachments = [{ id: "f 1", name: "手册.pdf", type: "application/pdf", size: 3_000_000 }];
  Socket.last.say({ type: "message", seq: 1, id: "a", author: "agent", agent: { name: "Lin" }, text: "", attachments });
  await drawn();
  const file = inside<HTMLButtonElement>(".message.agent .file")!;
  expect(file.textContent).toBe("手册.pdf · 2.9 MB");
  file.click();
  await vi.waitUntil(() => asked.length > 1);
  expect(asked[1]).toEqual([
    "https://hub.example/channels/web/attachments/f%201",
    { headers: { Authorization: "Bearer s" } },
  ]);
});

it("speaks Chinese when asked to", async () => {
  chat.setAttribute("locale", "zh-CN");
  expect(inside("h2")!.textContent).toBe(texts.zh.title);
  expect(inside<HTMLElement>(".panel")!.lang).toBe("zh-CN");
});
