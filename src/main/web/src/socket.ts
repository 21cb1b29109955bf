// Follows a job over the WebSocket console, subprotocol onpyrunner.v1.
import { jobUrl } from './api';
import type { Closing, Connect } from './connection';
import type { Job, JobEvent } from './job';

const OPEN_TIMEOUT_MS = 10_000;
const DEFAULT_HEARTBEAT_MS = 20_000;
/** So many heartbeats without a word from the server and the connection counts as dead, whatever the socket says. */
const SILENT_HEARTBEATS = 2.5;

const CLOSE_COMPLETE = 1000;
const CLOSE_FORBIDDEN = 4003;
const CLOSE_GONE = 4004;

interface Frame {
  op?: string;
  job?: Job;
  heartbeat_ms?: number;
  events?: JobEvent[];
  n?: number;
  problem?: { detail?: string };
}

export const connectSocket: Connect = (jobId, after, listener) => {
  const socket = new WebSocket(address(jobId, after), 'onpyrunner.v1');
  let opened = false;
  let over = false;
  let heard = performance.now();
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  const openTimer = setTimeout(() => finish({ why: 'lost', opened: false }), OPEN_TIMEOUT_MS);

  function finish(closing?: Closing): void {
    if (over) return;
    over = true;
    clearTimeout(openTimer);
    clearInterval(heartbeat);
    socket.close();
    if (closing) listener.closed(closing);
  }

  function beat(everyMs: number): void {
    clearInterval(heartbeat);
    heartbeat = setInterval(() => {
      if (performance.now() - heard > everyMs * SILENT_HEARTBEATS) finish({ why: 'lost', opened });
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"op":"ping"}');
    }, everyMs);
  }

  socket.onopen = () => {
    opened = true;
    clearTimeout(openTimer);
    if (over) return;
    listener.opened();
    beat(DEFAULT_HEARTBEAT_MS);
  };
  socket.onmessage = (message: MessageEvent) => {
    if (over) return;
    heard = performance.now();
    const frame = parse(message.data);
    if (frame?.op === 'hello' && frame.job) {
      if (frame.heartbeat_ms && frame.heartbeat_ms >= 1000) beat(frame.heartbeat_ms);
      listener.hello(frame.job);
    } else if (frame?.op === 'events' && Array.isArray(frame.events)) {
      listener.events(frame.events);
    } else if (frame?.op === 'stdin_ack' && typeof frame.n === 'number') {
      listener.acknowledged(frame.n);
    } else if (frame?.op === 'problem') {
      listener.refused(frame.problem?.detail ?? '');
    }
  };
  socket.onclose = ({ code }) => {
    if (code === CLOSE_COMPLETE) finish({ why: 'complete' });
    else if (code === CLOSE_GONE) finish({ why: 'gone' });
    else if (code === CLOSE_FORBIDDEN) finish({ why: 'forbidden' });
    else finish({ why: 'lost', opened });
  };
  return {
    close: () => finish(),
    send(message) {
      if (!over && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
  };
};

function address(jobId: string, after: string | undefined): string {
  const url = new URL(`${jobUrl(jobId)}/console`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  if (after !== undefined) url.searchParams.set('after', after);
  return url.href;
}

function parse(data: unknown): Frame | undefined {
  try {
    return JSON.parse(String(data)) as Frame;
  } catch {
    return undefined;
  }
}
