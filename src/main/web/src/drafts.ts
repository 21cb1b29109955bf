// Remembers in this browser what was typed at each place and not yet run, so that a reload loses nothing. Storage may be full,
// switched off or hold nonsense: then nothing is remembered, and nothing breaks.

export interface TextFile {
  path: string;
  content: string;
}

/** A file that is not edited here: its content is text or, for bytes of any kind, base64. */
export interface Attachment {
  path: string;
  size: number;
  content?: string;
  content_base64?: string;
}

export interface Draft {
  source: string;
  stdin: string;
  /** The other files of the program. */
  files: TextFile[];
  /** Those that go along as they are. */
  attached: Attachment[];
}

export function sameDraft(a: Draft, b: Draft): boolean {
  return (
    JSON.stringify([a.source, a.stdin, a.files]) === JSON.stringify([b.source, b.stdin, b.files]) &&
    a.attached.length === b.attached.length &&
    a.attached.every((file, n) => sameAttachment(file, b.attached[n]))
  );
}

/** Their contents may be megabytes, and are mostly the same object. */
function sameAttachment(a: Attachment, b: Attachment | undefined): boolean {
  return a === b || (a.path === b?.path && a.content === b.content && a.content_base64 === b.content_base64);
}

/** How long a draft is, about, as it is stored. */
export function lengthOf(draft: Draft): number {
  const contents = [...draft.files, ...draft.attached.map((file) => ({ ...file, content: file.content ?? file.content_base64 ?? '' }))];
  return contents.reduce((sum, file) => sum + file.path.length + file.content.length, draft.source.length + draft.stdin.length);
}

const KEY = 'onpyrunner.drafts.3';
const MOST_DRAFTS = 20;
const LONGEST_DRAFT_CHARS = 200_000;

/** Newest first. */
type Stored = [place: string, draft: Draft][];

export function readDraft(place: string): Draft | undefined {
  return stored().find(([at]) => at === place)?.[1];
}

export function saveDraft(place: string, draft: Draft): void {
  const others = stored().filter(([at]) => at !== place);
  // What was typed is kept even when the files that go along are too large for it.
  const kept = [draft, { ...draft, attached: [] }].find((each) => lengthOf(each) <= LONGEST_DRAFT_CHARS);
  store(kept ? [[place, kept], ...others] : others);
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
  const isAttachment = (file: Partial<Attachment> | null) =>
    typeof file?.path === 'string' && typeof file.size === 'number' && typeof (file.content ?? file.content_base64) === 'string';
  return (
    typeof draft?.source === 'string' &&
    typeof draft.stdin === 'string' &&
    Array.isArray(draft.files) &&
    draft.files.every(isFile) &&
    Array.isArray(draft.attached) &&
    draft.attached.every(isAttachment)
  );
}
