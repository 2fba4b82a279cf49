import { expect, it } from "vitest";
import en from "../../console/src/i18n/en.ts";
import zh from "../../console/src/i18n/zh.ts";
import { texts } from "../../widget/src/texts.ts";
import { questions, texts as demo, topics } from "../../demo/src/texts.ts";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[path + key, value] as [string, string]] : flat(value, `${path}${key}.`),
  );
}

/** Keys with the values that each text is filled with. */
const shape = (tree: Tree) =>
  flat(tree).map(([key, text]) => `${key}: ${[...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join(" ")}`);

it.each([
  ["console", zh, en],
  ["widget", texts.zh, texts.en],
  ["demo", demo.zh, demo.en],
])("%s: both languages say the same things, with the same values", (_, chinese, english) => {
  expect(shape(chinese)).toEqual(shape(english));
});

it("no text is missing or left in the other language", () => {
  const silent = flat(zh).concat(flat(en)).filter(([key, text]) => text === "" && key !== "delivery.received");
  expect(silent).toEqual([]);
  const otherLanguage = ["app.language", "app.switchLanguage"];
  const english = flat(en).filter(([key, text]) => /\p{Script=Han}/u.test(text) && !otherLanguage.includes(key));
  expect(english).toEqual([]);
});

it("the demo page offers as much in both languages", () => {
  expect(questions.zh.length).toBe(questions.en.length);
  expect(topics.zh.length).toBe(topics.en.length);
});
