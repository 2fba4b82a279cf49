import { reactive, ref } from "vue";
import * as api from "../api/conversations.ts";
import type { Change, Conversation } from "../api/types.ts";
import { goneBy, hasLetters } from "../inbox/letters.ts";
import { inbox } from "./inbox.ts";

/** What was moved into and out of the conversations that were opened, the latest first. */
export const changesOf = reactive(new Map<string, Change[]>());

/** What this agent moved last, to be undone at once. */
export const lastMove = ref<Change>();

/** Only letters are moved, and where all of them went nothing is left: other conversations are not asked for. */
export async function openChanges(id: string): Promise<void> {
  const messages = inbox.transcripts.get(id) ?? [];
  if (messages.length > 0 && !hasLetters(messages)) return;
  const found = await api.changes(id);
  changesOf.set(id, found);
  if (found.some((change) => change.undone_at && change.id === lastMove.value?.id)) lastMove.value = undefined;
}

/** A conversation, or the one that goes on in its place; undefined where there is nothing to be seen. */
export async function standing(id: string, steps = 5): Promise<Conversation | undefined> {
  try {
    const found = await api.detail(id);
    if (found.last_message) return found;
    const gone = steps > 0 ? goneBy(id, await api.changes(id)) : undefined;
    return gone && (await standing(gone.to_case, steps - 1));
  } catch {
    return undefined;
  }
}

export async function merge(id: string, into: string): Promise<Change> {
  return (lastMove.value = await api.merge(id, into));
}

export async function split(id: string, message: string): Promise<Change> {
  return (lastMove.value = await api.split(id, message));
}

/** What letters here do not belong to, as far as was guessed: agents are not asked again. */
export async function decline(id: string, others: string[]): Promise<void> {
  for (const other of others) await api.decline(id, other);
}

export async function undo(change: number): Promise<Change> {
  const undone = await api.undo(change);
  if (lastMove.value?.id === change) lastMove.value = undefined;
  for (const [id, known] of changesOf) {
    changesOf.set(id, known.map((one) => (one.id === change ? undone : one)));
  }
  return undone;
}
