import { computed, ref } from "vue";
import { whenUnauthorized } from "../api/http.ts";
import * as api from "../api/session.ts";
import type { User } from "../api/types.ts";

/** Who is logged in; undefined as long as we have not asked, null for nobody. */
export const user = ref<User | null>();

export const canAnswer = computed(() => user.value?.roles.some((role) => role === "agent" || role === "admin") ?? false);
export const canEdit = computed(() => user.value?.roles.some((role) => role === "editor" || role === "admin") ?? false);

/** Asks once, by the cookie, who is logged in. */
export async function restore(): Promise<User | null> {
  if (user.value === undefined) {
    try {
      user.value = await api.me();
    } catch {
      user.value = null;
    }
  }
  return user.value;
}

/** Asks again; where the log-in has run out, the log-in page appears. */
export async function checkSession(): Promise<void> {
  await api.me().catch(() => undefined);
}

export async function login(email: string, password: string): Promise<void> {
  await api.login(email, password);
  user.value = await api.me();
}

export async function logout(): Promise<void> {
  await api.logout().catch(() => undefined);
  user.value = null;
}

whenUnauthorized(() => {
  if (user.value) user.value = null;
});
