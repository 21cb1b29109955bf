// A stranger's HTML in a frame, behind three walls: what could run or ask for anything is taken out; the frame's own policy
// loads nothing; and its sandbox runs no script, has no origin, and goes nowhere.
import purify from 'dompurify';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const STYLE = `
  body { margin: 8px; background: #fff; color: #1b2129; font: 13px/1.5 system-ui, sans-serif; }
  table { border-collapse: collapse; border: 0; }
  th, td { padding: 3px 10px; border: 1px solid #dde1e7; text-align: right; }
  thead th { background: #f5f6f8; }
`;
const ROW_PX = 27;
const LEAST_PX = 60;
const MOST_PX = 360;
const OTHER_PX = 240;

/** @param name what it is called, for who cannot see it */
export function frame(html: string, name: string): HTMLIFrameElement {
  const clean = purify.sanitize(html, {
    WHOLE_DOCUMENT: true,
    FORBID_TAGS: ['form', 'input', 'button', 'select', 'textarea', 'audio', 'video', 'dialog'],
    // Nothing that names another place, not even for somebody to press.
    ALLOWED_URI_REGEXP: /^(?:data:image\/|#)/i,
  });
  const rows = clean.match(/<tr[\s>]/gi)?.length ?? 0;
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', '');
  frame.referrerPolicy = 'no-referrer';
  frame.loading = 'lazy';
  frame.title = name;
  frame.style.height = `${rows > 0 ? Math.max(LEAST_PX, Math.min(MOST_PX, (rows + 1) * ROW_PX)) : OTHER_PX}px`;
  frame.srcdoc =
    `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    `<meta http-equiv="x-dns-prefetch-control" content="off"><meta name="referrer" content="no-referrer">` +
    `<style>${STYLE}</style></head>${clean}</html>`;
  return frame;
}
