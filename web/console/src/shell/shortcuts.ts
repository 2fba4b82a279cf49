import { onMounted, onUnmounted } from "vue";

/** Handlers by key. A handler that returns false leaves the key to the browser. */
type Shortcuts = Record<string, (event: KeyboardEvent) => unknown>;

/** Single keys that work as long as nobody is typing and no dialog is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    if (typing || (document.querySelector("[aria-modal='true']") && event.key !== "?")) return;
    const run = shortcuts[event.key];
    if (run && run(event) !== false) event.preventDefault();
  }
  onMounted(() => window.addEventListener("keydown", onKey));
  onUnmounted(() => window.removeEventListener("keydown", onKey));
}
