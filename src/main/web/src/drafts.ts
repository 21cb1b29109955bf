// Remembers in this browser what was typed at each place and not yet run, so that a reload loses nothing. Storage may be full,
// switched off or hold nonsense: then nothing is remembered, and nothing breaks.

export interface Draft {
  source: string;
  stdin: string;
}

const KEY = 'onpyrunner.drafts.1';
const MOST_DRAFTS = 20;
const LONGEST_DRAFT_CHARS = 200_000;

/** Newest first. */
type Stored = [place: string, draft: Draft][];

export function readDraft(place: string): Draft | undefined {
  return stored().find(([at]) => at === place)?.[1];
}

export function saveDraft(place: string, draft: Draft): void {
  const others = stored().filter(([at]) => at !== place);
  const fits = draft.source.length + draft.stdin.length <= LONGEST_DRAFT_CHARS;
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
  const [place, draft] = entry as [unknown, Partial<Draft> | null | undefined];
  return typeof place === 'string' && typeof draft?.source === 'string' && typeof draft.stdin === 'string';
}
