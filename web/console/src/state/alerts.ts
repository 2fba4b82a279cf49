import { computed, ref } from "vue";
import type { Conversation, FeedEvent, Message } from "../api/types.ts";
import { preferences } from "./preferences.ts";

/** Conversations with news that this agent has not looked at yet. */
export const fresh = ref(new Set<string>());
export const freshCount = computed(() => fresh.value.size);

/** The conversation on the screen; it cannot be news while the window is in front. */
export const looking = ref<string>();

export function seen(id: string): void {
  fresh.value.delete(id);
}

/** Marks, and sounds if wanted: a customer wrote to me, or somebody new waits. */
export function alertFor(event: FeedEvent, before: Conversation | undefined, me: string | undefined): void {
  const id = event.conversation;
  if (!id || !me || !event.data) return;
  const written =
    event.kind === "message" && (event.data as Message).author === "customer" && before?.agent?.id === me;
  const { status, agent } = event.data as Conversation;
  const queued = event.kind === "status" && status === "waiting" && before?.status !== "waiting";
  const assigned = event.kind === "status" && agent?.id === me && before?.agent?.id !== me && before !== undefined;
  if (!written && !queued && !assigned) return;
  if (id === looking.value && document.hasFocus()) return;
  if (written || assigned) fresh.value.add(id);
  if (preferences.sound) chime();
}

let audio: AudioContext | undefined;

/** Two soft notes. Browsers allow them only after the agent has clicked somewhere. */
function chime(): void {
  audio ??= new AudioContext();
  const at = audio.currentTime;
  for (const [tone, delay] of [[659, 0], [880, 0.14]] as const) {
    const note = audio.createOscillator();
    const loudness = audio.createGain();
    note.frequency.value = tone;
    loudness.gain.setValueAtTime(0.08, at + delay);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + delay + 0.3);
    note.connect(loudness).connect(audio.destination);
    note.start(at + delay);
    note.stop(at + delay + 0.32);
  }
}
