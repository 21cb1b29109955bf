// A job is a place: the page's address names it, in the fragment, because the id is the key to the job and a fragment is never
// sent to a server, so no access log has it.

/** The id of the job whose place this is; empty at the page's own address. */
export function currentPlace(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return location.hash.slice(1);
  }
}

/** Goes to a job's place, or to the page's own with `''`; "back" returns to where we were. */
export function enterPlace(jobId: string): void {
  history.pushState(null, '', jobId === '' ? location.pathname : `#${encodeURIComponent(jobId)}`);
}

/** Calls back when the user may have gone to another place: back, forward, or an address typed in. Both events can tell of one move. */
export function onPlaceChange(listener: () => void): void {
  addEventListener('popstate', listener);
  addEventListener('hashchange', listener);
}
