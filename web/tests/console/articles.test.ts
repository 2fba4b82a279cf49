import { describe, expect, it } from "vitest";
import { draftOf, faultOf, formOf, isSame, titleOf } from "../../console/src/articles/draft.ts";
import { sideOf } from "../../console/src/articles/flips.ts";

const zh = { title: "保修期", questions: ["保修多久"], answer: "一年。" };

describe("the article form", () => {
  it("leaves out an empty language and empty questions, and trims", () => {
    const form = formOf({ category: " warranty ", translations: { zh } });
    form.zh.questions.push("  ", " 保修期多长 ");
    expect(draftOf(form)).toEqual({
      category: "warranty",
      translations: { zh: { ...zh, questions: ["保修多久", "保修期多长"] } },
    });
  });

  it("knows an unchanged form, and a changed one", () => {
    const article = { category: "warranty", translations: { zh } };
    const form = formOf(article);
    form.zh.questions.push("");
    expect(isSame(form, formOf(article))).toBe(true);
    form.en.title = "Warranty";
    expect(isSame(form, formOf(article))).toBe(false);
  });

  it("does not touch the article that it shows", () => {
    const article = { category: "warranty", translations: { zh } };
    formOf(article).zh.questions.push("x");
    expect(zh.questions).toEqual(["保修多久"]);
  });

  it("says what is missing", () => {
    expect(faultOf({ category: "", translations: { zh } })).toEqual({ kind: "category" });
    expect(faultOf({ category: "x", translations: {} })).toEqual({ kind: "language" });
    const half = { title: "Warranty", questions: [], answer: "A year." };
    expect(faultOf({ category: "x", translations: { zh, en: half } })).toEqual({ kind: "incomplete", language: "en" });
    expect(faultOf({ category: "x", translations: { zh } })).toBeUndefined();
  });

  it("names an article in the reader's language, or in the one that it has", () => {
    expect(titleOf({ translations: { zh } }, "en")).toBe("保修期");
    expect(titleOf({ translations: { zh, en: { ...zh, title: "Warranty" } } }, "en")).toBe("Warranty");
  });
});

it("reads a flip's sides in each of their forms", () => {
  expect(sideOf("a7")).toEqual({ article: "a7" });
  expect(sideOf({ decision: "answer", article: "a7", title: "Warranty" })).toEqual({ decision: "answer", article: "Warranty" });
  expect(sideOf({ decision: "abstain", article: null })).toEqual({ decision: "abstain", article: undefined });
  expect(sideOf(null)).toEqual({});
});
