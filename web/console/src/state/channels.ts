import { ref } from "vue";
import type { Channel } from "../api/types.ts";

/** The configured channels. */
export const channels = ref<Channel[]>([]);

/** Which platform a channel is on; its own name until the hub has told. */
export const kindOf = (name: string): string => channels.value.find((channel) => channel.name === name)?.kind ?? name;

/** What letters are sent to there. */
export const addressesOf = (name: string): string[] => channels.value.find((channel) => channel.name === name)?.addresses ?? [];

/** Several channels are on the same platform: only their names tell them apart. */
export const isOneOfSeveral = (name: string): boolean =>
  channels.value.filter((channel) => channel.kind === kindOf(name)).length > 1;
