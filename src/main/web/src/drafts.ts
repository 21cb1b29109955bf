// Remembers in this browser what was typed at each place and not yet run, so that a reload loses nothing. Storage may be full,
// switched off or hold nonsense: then nothing is remembered, and nothing breaks.

export interface TextFile {
  path: string;
  content: string;
}

export interface Draft {
  source: string;
  stdin: string;
  /** The other files of the program. */
  files: TextFile[];
}

export function sameDraft(a: Draft, b: Draft): boolean {
  return JSON.stringify([a.source, a.stdin, a.files]) === JSON.stringify([b.source, b.stdin, b.files]);
}

function lengthOf(draft: Draft): number {
  return draft.files.reduce((sum, file) => sum + file.path.length + file.content.length, draft.source.length + draft.stdin.length);
}

const KEY = 'onpyrunner.drafts.2';
const MOST_DRAFTS = 20;
const LONGEST_DRAFT_CHARS = 200_000;

/** Newest first. */
type Stored = [place: string, draft: Draft][];

export function readDraft(place: string): Draft | undefined {
  return stored().find(([at]) => at === place)?.[1];
}

export function saveDraft(place: string, draft: Draft): void {
  const others = stored().filter(([at]) => at !== place);
  const fits = lengthOf(draft) <= LONGEST_DRAFT_CHARS;
  store(fits ? [[place, draft], ...others] : others);
}

export function forgetDraft(place: string): void {
  const all = stored();
  const others = all.filter(([at]) => at !== place);
  if (others.length < all.length) store(others);
}

function stored(): Stored {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function store(drafts: Stored): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(drafts.slice(0, MOST_DRAFTS)));
  } catch {
    // Full or switched off.
  }
}

function isEntry(entry: unknown): entry is Stored[number] {
  if (!Array.isArray(entry)) return false;
  const [place, draft] = entry as [unknown, unknown];
  return typeof place === 'string' && isDraft(draft);
}

/** Whether something that was stored is a draft. */
export function isDraft(value: unknown): value is Draft {
  const draft = value as Partial<Draft> | null | undefined;
  const isFile = (file: Partial<TextFile> | null) => typeof file?.path === 'string' && typeof file.content === 'string';
  return typeof draft?.source === 'string' && typeof draft.stdin === 'string' && Array.isArray(draft.files) && draft.files.every(isFile);
}
