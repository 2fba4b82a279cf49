import { ParleyChat } from "./element.ts";

/** `<script src="https://hub.example/widget.js" data-channel="web" data-locale="zh">` puts the chat into the page. */
const script = document.currentScript as HTMLScriptElement | null;

if (!customElements.get("parley-chat")) customElements.define("parley-chat", ParleyChat);

function embed(): void {
  if (document.querySelector("parley-chat")) return;
  const chat = document.createElement("parley-chat");
  chat.setAttribute("channel", script?.dataset["channel"] ?? "web");
  chat.setAttribute("base", script?.src ? new URL(script.src).origin : location.origin);
  const locale = script?.dataset["locale"];
  if (locale) chat.setAttribute("locale", locale);
  document.body.append(chat);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", embed);
else embed();
