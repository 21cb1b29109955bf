// The last jobs of this browser, with their programs: so that they are found again, also when the server no longer keeps them.
// Storage may be full, switched off or hold nonsense: then there is no history, and nothing breaks.
import { type Draft, isDraft, lengthOf } from './drafts';
import type { Status } from './job';

const KEY = 'onpyrunner.history.2';
const MOST = 30;
const LONGEST_SOURCE_CHARS = 20_000;

export interface Entry {
  id: string;
  /** When it was run, in milliseconds. */
  at: number;
  status: Status | '';
  /** Left out when it is too long to be kept here. */
  draft?: Draft;
  title: string;
}

export function entries(): Entry[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch {
    return [];
  }
}

export function remember(id: string, draft: Draft): void {
  const short = lengthOf(draft) <= LONGEST_SOURCE_CHARS;
  const entry: Entry = { id, at: Date.now(), status: '', title: titleOf(draft.source), ...(short && { draft }) };
  store([entry, ...entries().filter((other) => other.id !== id)]);
}

export function noteStatus(id: string, status: Status): void {
  const all = entries();
  const entry = all.find((each) => each.id === id);
  if (!entry || entry.status === status) return;
  entry.status = status;
  store(all);
}

export function recall(id: string): Draft | undefined {
  return entries().find((entry) => entry.id === id)?.draft;
}

export function forgetAll(): void {
  store([]);
}

function store(all: Entry[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(all.slice(0, MOST)));
  } catch {
    // Full or switched off.
  }
}

/** The first line that says something. */
function titleOf(source: string): string {
  const lines = source.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => line !== '' && !/^(import|from)\s/.test(line)) ?? lines.find((line) => line !== '') ?? '';
  return telling.replace(/^#+\s*/, '').slice(0, 60);
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null | undefined;
  return (
    typeof entry?.id === 'string' &&
    typeof entry.at === 'number' &&
    typeof entry.status === 'string' &&
    typeof entry.title === 'string' &&
    (entry.draft === undefined || isDraft(entry.draft))
  );
}
