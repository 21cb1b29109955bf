// Where a server wants an API key: asks for it when the server says so, and exchanges it at once for a ticket, a short-lived cookie that no
// script can read. The key itself is kept nowhere. The ticket is renewed for as long as the page is open.
import { t } from './texts';

/** Since when the ticket was last renewed; no secret. All windows of this browser share the ticket. */
const KEY = 'onpyrunner.ticket';
const RENEW_MS = 5 * 60_000;

/** Asks the reader for a key; undefined when they would rather not. `problem` says why the one before was no good. */
export type Ask = (problem: string) => Promise<string | undefined>;

let ask: Ask | undefined;
let asking: Promise<boolean> | undefined;
let declined = false;
let changed: (has: boolean) => void = () => {};

/** From now on keys are asked for. `onChange` hears whether there is a ticket. */
export function askWith(how: Ask, onChange: (has: boolean) => void): void {
  ask = how;
  changed = onChange;
  changed(renewedAt() > 0);
  void renewIfDue();
  setInterval(() => void renewIfDue(), RENEW_MS / 5);
  document.addEventListener('visibilitychange', () => void renewIfDue());
}

/** `fetch`, once more with a ticket when the server wants one. */
export async function fetchWithTicket(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== 401 || !ask) return response;
  // Who would rather not is not asked again by what the page does by itself.
  if (declined && (init.method ?? 'GET') === 'GET') return response;
  asking ??= admit(ask).finally(() => (asking = undefined));
  return (await asking) ? fetch(url, init) : response;
}

async function admit(ask: Ask): Promise<boolean> {
  note(0);
  for (let problem = ''; ; ) {
    const key = await ask(problem);
    declined = key === undefined;
    if (key === undefined) return false;
    try {
      const response = await exchange(key);
      if (response.ok) {
        note(Date.now());
        return true;
      }
      problem = response.status === 401 ? t.keyWrong : t.serverStatus(response.status);
    } catch {
      problem = t.unreachable;
    }
  }
}

/** Anything can have been pasted; only letters that a header takes can be a key. */
function exchange(key: string): Promise<Response> {
  return fetch('/v1/tickets', { method: 'POST', headers: { Authorization: `Bearer ${key.replace(/[^!-~]/g, '')}` } });
}

async function renewIfDue(): Promise<void> {
  const at = renewedAt();
  if (at === 0 || document.hidden || Date.now() - at < RENEW_MS) return;
  try {
    const response = await fetch('/v1/tickets', { method: 'POST' });
    if (response.ok) note(Date.now());
    else if (response.status === 401) note(0);
  } catch {
    // It is tried again.
  }
}

/** Ends the ticket, for all windows of this browser. */
export async function endTicket(): Promise<void> {
  await fetch('/v1/tickets', { method: 'DELETE' }).catch(() => undefined);
  note(0);
}

function note(at: number): void {
  try {
    if (at === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, String(at));
  } catch {
    // Storage is switched off: the key is asked for again when the ticket is over.
  }
  changed(at > 0);
}

function renewedAt(): number {
  try {
    return Number(localStorage.getItem(KEY) ?? 0) || 0;
  } catch {
    return 0;
  }
}
