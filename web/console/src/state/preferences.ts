import { computed, reactive, watch } from "vue";
import { useOsTheme } from "naive-ui";
import type { Language } from "../api/types.ts";

/** What an agent sets for this browser. */
interface Preferences {
  language: Language;
  theme: "system" | "light" | "dark";
  sound: boolean;
}

const KEY = "parley-console";
const defaults: Preferences = {
  language: navigator.language.startsWith("zh") ? "zh" : "en",
  theme: "system",
  sound: false,
};

function kept(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
  } catch {
    return {};
  }
}

export const preferences = reactive<Preferences>({ ...defaults, ...kept() });

watch(preferences, () => {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Storage is forbidden: the choice holds until the page is left.
  }
});

/** Whether to show dark colours; to be called in a component's setup. */
export function useDark() {
  const system = useOsTheme();
  return computed(() => (preferences.theme === "system" ? system.value === "dark" : preferences.theme === "dark"));
}
