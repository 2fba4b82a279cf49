import { createApp } from "vue";
import App from "./App.vue";
import "./base.css";
import { i18n } from "./i18n/index.ts";
import { router } from "./router.ts";

/** A new version was installed while this page was open: its parts have other names now. At most once a minute. */
window.addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem("parley-reloaded") ?? 0);
  if (Date.now() - last < 60_000) return;
  event.preventDefault();
  sessionStorage.setItem("parley-reloaded", String(Date.now()));
  location.reload();
});

createApp(App).use(i18n).use(router).mount("#app");
