import type { Article, ArticleDraft, Language, Translation, Translations } from "../api/types.ts";

export const LANGUAGES: Language[] = ["zh", "en"];

/** An article as the form holds it: both languages present, one of them perhaps empty. */
export interface Form {
  category: string;
  zh: Translation;
  en: Translation;
}

const empty = (): Translation => ({ title: "", questions: [""], answer: "" });

function editable(translation: Translation | undefined): Translation {
  if (!translation) return empty();
  return { ...translation, questions: translation.questions.length > 0 ? [...translation.questions] : [""] };
}

export function formOf(article?: Pick<Article, "category" | "translations">): Form {
  const { zh, en } = article?.translations ?? {};
  return { category: article?.category ?? "", zh: editable(zh), en: editable(en) };
}

function cleaned({ title, questions, answer }: Translation): Translation {
  return {
    title: title.trim(),
    questions: questions.map((question) => question.trim()).filter(Boolean),
    answer: answer.trim(),
  };
}

/** A language counts as left out if nothing at all was written in it. */
const isEmpty = (translation: Translation): boolean =>
  !translation.title && !translation.answer && translation.questions.length === 0;

/** What is sent to the hub: trimmed, without empty questions and without a language that was left empty. */
export function draftOf(form: Form): ArticleDraft {
  const translations: Translations = {};
  for (const language of LANGUAGES) {
    const translation = cleaned(form[language]);
    if (!isEmpty(translation)) translations[language] = translation;
  }
  return { category: form.category.trim(), translations };
}

export type Fault = { kind: "category" } | { kind: "language" } | { kind: "incomplete"; language: Language };

/** What keeps a draft from being saved, or nothing. */
export function faultOf({ category, translations }: ArticleDraft): Fault | undefined {
  if (!category) return { kind: "category" };
  const present = LANGUAGES.filter((language) => translations[language]);
  if (present.length === 0) return { kind: "language" };
  const incomplete = present.find((language) => {
    const { title, questions, answer } = translations[language]!;
    return !title || !answer || questions.length === 0;
  });
  return incomplete && { kind: "incomplete", language: incomplete };
}

export const isSame = (a: Form, b: Form): boolean => JSON.stringify(draftOf(a)) === JSON.stringify(draftOf(b));

/** The article's title in the reader's language, or in the other one. */
export function titleOf(article: Pick<Article, "translations">, language: string): string {
  const { zh, en } = article.translations;
  return (language === "zh" ? (zh?.title ?? en?.title) : (en?.title ?? zh?.title)) ?? "";
}
