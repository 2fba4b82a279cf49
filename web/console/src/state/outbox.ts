import { reactive } from "vue";
import { backoff } from "../../../shared/backoff.ts";
import { uuid } from "../../../shared/uuid.ts";
import * as api from "../api/conversations.ts";
import { Problem } from "../api/http.ts";
import type { Message } from "../api/types.ts";
import { type DraftFile, drop, uploaded } from "./files.ts";
import { keepMessage } from "./inbox.ts";

/** Something the agent wrote that the hub has not confirmed. */
export interface Unsent {
  id: string;
  conversation: string;
  kind: "message" | "note";
  text: string;
  files: DraftFile[];
  state: "sending" | "failed";
  problem?: string;
}

export const unsent = reactive<Unsent[]>([]);

/** Sends in the order of writing, one conversation's after the other; ids make a repeated sending harmless. */
export function write(conversation: string, kind: Unsent["kind"], text: string, files: DraftFile[] = []): void {
  const queueIsBusy = unsent.some((item) => item.conversation === conversation && item.state === "sending");
  unsent.push({ id: uuid(), conversation, kind, text, files, state: "sending" });
  if (!queueIsBusy) void work(conversation);
}

export function retry(id: string): void {
  const item = unsent.find((one) => one.id === id);
  if (!item || item.state === "sending") return;
  const busy = unsent.some((one) => one.conversation === item.conversation && one.state === "sending");
  item.state = "sending";
  if (!busy) void work(item.conversation);
}

export function discard(id: string): void {
  const at = unsent.findIndex((item) => item.id === id);
  if (at >= 0) drop(unsent.splice(at, 1)[0]!.files);
}

async function work(conversation: string): Promise<void> {
  let attempt = 0;
  for (let item; (item = next(conversation)); ) {
    try {
      keepMessage(conversation, await store(item));
      discard(item.id);
      attempt = 0;
    } catch (error) {
      if (error instanceof Problem && !error.passing) {
        item.state = "failed";
        item.problem = error.message;
      } else {
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt++)));
      }
    }
  }
}

/** A message waits for its files, and those after it wait with it. */
async function store({ conversation, kind, id, text, files }: Unsent): Promise<Message> {
  if (kind === "note") return api.note(conversation, { id, text });
  const kept = await Promise.all(files.map((file) => uploaded(conversation, file)));
  return api.send(conversation, { id, text, attachments: kept.map((file) => file.id) });
}

const next = (conversation: string): Unsent | undefined =>
  unsent.find((item) => item.conversation === conversation && item.state === "sending");
