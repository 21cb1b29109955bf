// The operator's page: queue, running jobs, nodes and what the system failed, asked for anew every two seconds. The operator's token is
// kept in this window's memory alone.
import { jobUrl, Problem, problemOf } from './api';
import { element } from './dom';
import { askForSecret } from './key-dialog';
import { Table } from './table';
import { fillIn, locale, t } from './texts';
import { duration } from './words';

fillIn();
document.title = t.title(t.adminTagline);

const EVERY_MS = 2_000;
const SHOWN_ID_CHARS = 10;

interface Queue {
  depth: number;
  oldest_ms: number;
  running: number;
  slots: number;
  estimated_wait_ms: number;
}

interface RunningJob {
  id: string;
  node: string;
  runtime: string;
  owner: string;
  interactive: boolean;
  started_at: string;
}

interface NodeInfo {
  name: string;
  roles: string[];
  runtimes: string[];
  version: string;
  slots: number;
  interactive_slots: number;
  running: number;
  draining: boolean;
}

interface DeadJob {
  id: string;
  code: string;
  at: string;
}

const running = new Table(element('running'), 'running-label', [t.adminJob, t.adminOwner, t.adminRuntime, t.adminNode, t.adminFor, t.adminAction], t.adminNoRunning);
const nodes = new Table(element('nodes'), 'nodes-label', [t.adminNode, t.adminRoles, t.adminRuntime, t.adminVersion, t.adminSlots, t.adminState, t.adminAction], t.adminNoNodes);
const dead = new Table(element('dead'), 'dead-label', [t.adminWhen, t.adminWhy, t.adminJob], t.adminNoDead);

let token: string | undefined;
/** Grows with each look, so that an answer that was overtaken is dropped. */
let looks = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Where this browser's clock is behind the server's, durations would come out negative. */
let clockAheadMs = 0;

async function call(url: string, method = 'GET'): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { method, cache: 'no-store', headers: { Authorization: `Bearer ${token}` } });
  } catch {
    throw new Problem(0, t.unreachable);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function get<T>(url: string): Promise<T> {
  const response = await call(url);
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (!Number.isNaN(date)) clockAheadMs = date - Date.now();
  return (await response.json()) as T;
}

async function look(): Promise<void> {
  clearTimeout(timer);
  const own = ++looks;
  try {
    const [queue, jobs, all, failed] = await Promise.all([
      get<Queue>('/v1/queue'),
      get<{ running: RunningJob[] }>('/v1/running'),
      get<{ nodes: NodeInfo[] }>('/v1/nodes'),
      get<{ dead: DeadJob[] }>('/v1/dead'),
    ]);
    if (own !== looks) return;
    problem('');
    showQueue(queue);
    running.show(jobs.running.map(runningRow));
    nodes.show(all.nodes.map(nodeRow));
    dead.show(failed.dead.map(deadRow));
  } catch (error) {
    if (own !== looks || !(error instanceof Problem)) throw error;
    if (error.status === 401) {
      await signIn(t.adminKeyWrong);
      return;
    }
    problem(error.message);
  }
  timer = setTimeout(() => void lookIfSeen(), EVERY_MS);
}

async function lookIfSeen(): Promise<void> {
  if (!document.hidden && token !== undefined) await look();
}

function problem(text: string): void {
  element('problem').textContent = text;
  element('problem').hidden = text === '';
}

function showQueue(queue: Queue): void {
  const figures: [string, string][] = [
    [t.adminWaiting, String(queue.depth)],
    [t.adminOldest, queue.oldest_ms > 0 ? duration(queue.oldest_ms) : '–'],
    [t.running, String(queue.running)],
    [t.adminSlots, String(queue.slots)],
    [t.adminWait, queue.estimated_wait_ms > 0 ? duration(queue.estimated_wait_ms) : '–'],
  ];
  element('queue').replaceChildren(
    ...figures.map(([name, value]) => {
      const group = document.createElement('div');
      const term = document.createElement('dt');
      term.textContent = name;
      const figure = document.createElement('dd');
      figure.textContent = value;
      group.append(term, figure);
      return group;
    }),
  );
}

function runningRow(job: RunningJob) {
  const since = Date.now() + clockAheadMs - Date.parse(job.started_at);
  const brief = job.id.slice(0, SHOWN_ID_CHARS);
  return {
    key: job.id,
    cells: [
      { text: brief, href: `/#${encodeURIComponent(job.id)}` },
      job.owner,
      job.interactive ? `${job.runtime}, ${t.adminInteractive}` : job.runtime,
      job.node,
      wholeSeconds(since),
    ],
    action: { text: t.stop, label: brief, confirm: t.adminStopReally, act: () => void act(jobUrl(job.id), 'DELETE', t.adminStopped(brief)) },
  };
}

/** It is asked for every two seconds: fractions would only flicker. */
function wholeSeconds(ms: number): string {
  return ms < 60_000 ? t.seconds(String(Math.max(0, Math.round(ms / 1000)))) : duration(ms);
}

function nodeRow(node: NodeInfo) {
  const url = `/v1/nodes/${encodeURIComponent(node.name)}/drain`;
  const runs = node.roles.includes('runner');
  return {
    key: node.name,
    cells: [
      node.name,
      node.roles.join(', '),
      node.runtimes.join(', '),
      node.version,
      runs ? t.adminUsed(node.running, node.slots, node.interactive_slots) : '–',
      node.draining ? t.adminDraining : t.adminTakes,
    ],
    action: !runs
      ? undefined
      : node.draining
        ? { text: t.adminResume, label: node.name, act: () => void act(url, 'DELETE', t.adminToldResume(node.name)) }
        : { text: t.adminDrain, label: node.name, confirm: t.adminDrainReally, act: () => void act(url, 'POST', t.adminToldDrain(node.name)) },
  };
}

function deadRow(job: DeadJob) {
  const at = new Date(job.at).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'medium' });
  return { key: job.id, cells: [at, job.code, { text: job.id.slice(0, SHOWN_ID_CHARS), href: `/#${encodeURIComponent(job.id)}` }] };
}

async function act(url: string, method: string, done: string): Promise<void> {
  try {
    await call(url, method);
    element('done').textContent = done;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    element('done').textContent = '';
    problem(error.message);
    return;
  }
  await look();
}

async function signIn(why: string): Promise<void> {
  const entered = await askForSecret(why);
  token = entered?.replace(/[^ -~]/g, '');
  element('sign-out').hidden = token === undefined;
  if (token === undefined) problem(t.adminClosed);
  else await look();
}

element('sign-out').addEventListener('click', () => location.reload());
document.addEventListener('visibilitychange', () => void lookIfSeen());
void signIn('');
