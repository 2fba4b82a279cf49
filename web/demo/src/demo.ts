import { questions, texts, topics, type Locale } from "./texts.ts";

/** What the widget's element offers to the page around it. */
interface ChatElement extends HTMLElement {
  open(): void;
  ask(text: string): void;
}

const KEPT = "parley-demo-language";
const chat = () => document.querySelector<ChatElement>("parley-chat");
let locale: Locale = first();

function first(): Locale {
  const wish = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEPT) ?? navigator.language;
  return wish.startsWith("zh") ? "zh" : "en";
}

function item(...children: (Node | string)[]): HTMLLIElement {
  const node = document.createElement("li");
  node.append(...children);
  return node;
}

function element(tag: string, text: string): HTMLElement {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

function questionItem(text: string): HTMLLIElement {
  const button = element("button", text) as HTMLButtonElement;
  button.type = "button";
  button.addEventListener("click", () => chat()?.ask(text));
  return item(button);
}

function show(): void {
  const words: Record<string, string> = texts[locale];
  document.documentElement.lang = locale === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll<HTMLElement>("[data-text]")) {
    node.textContent = words[node.dataset["text"]!] ?? "";
  }
  document.title = words["brand"]!;
  document.querySelector(".questions")!.replaceChildren(...questions[locale].map(questionItem));
  const topic = ([title, text]: [string, string]) => item(element("h3", title), element("p", text));
  document.querySelector(".topics")!.replaceChildren(...topics[locale].map(topic));
  chat()?.setAttribute("locale", locale);
}

document.querySelector(".language")!.addEventListener("click", () => {
  locale = locale === "zh" ? "en" : "zh";
  localStorage.setItem(KEPT, locale);
  show();
});
document.querySelector(".primary")!.addEventListener("click", () => chat()?.open());
show();
// The widget's script may come after this one.
addEventListener("load", () => chat()?.setAttribute("locale", locale));
