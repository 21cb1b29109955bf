// The words of the page, in the reader's language: the one chosen here before, else the first of the browser's that there is.
import { en, type Texts } from './texts/en';
import { ko } from './texts/ko';

const KEY = 'onpyrunner.language';
const ALL = { en, ko };
/** The browser's languages, the reader's favourite first; tests run without a browser. */
const WANTED: readonly string[] = typeof navigator === 'undefined' ? [] : (navigator.languages ?? []);

export type Language = keyof typeof ALL;

export const language: Language = chosen() ?? preferred();
export const t: Texts = ALL[language];
/** The language with its country, where the browser says one: dates and times are written its way. */
export const locale: string = WANTED.find((tag) => languageOf(tag) === language) ?? language;

function isLanguage(name: unknown): name is Language {
  return typeof name === 'string' && Object.hasOwn(ALL, name);
}

function chosen(): Language | undefined {
  try {
    const name = localStorage.getItem(KEY);
    return isLanguage(name) ? name : undefined;
  } catch {
    return undefined; // storage is switched off
  }
}

function preferred(): Language {
  return WANTED.map(languageOf).find(isLanguage) ?? 'en';
}

function languageOf(tag: string): string {
  return tag.split('-')[0] ?? '';
}

/** The page comes again in another language; nothing on it is lost by that. */
export function choose(name: string): void {
  if (!isLanguage(name) || name === language) return;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    return;
  }
  location.reload();
}

/** Puts the words where index.html asks for them: data-t for text, data-t-label for a label that is only heard. */
export function fillIn(): void {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) element.textContent = word(element.dataset.t);
  for (const element of document.querySelectorAll<HTMLElement>('[data-t-label]')) {
    element.setAttribute('aria-label', word(element.dataset.tLabel));
  }
}

function word(key: string | undefined): string {
  const found = t[key as keyof Texts];
  if (typeof found !== 'string') throw new Error(`index.html asks for a word that there is not: ${key}`);
  return found;
}
