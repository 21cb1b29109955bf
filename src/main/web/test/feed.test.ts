// How a job is followed: event order, resuming, back-off, and the way over to Server-Sent Events.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import type { Connect, ConnectionListener } from '../src/connection';
import { delayAfter, Feed, Transports } from '../src/feed';
import { isAfter, type JobEvent } from '../src/job';
import { Program } from '../src/program';
import { SseParser } from '../src/sse';

Object.assign(globalThis, { addEventListener() {}, removeEventListener() {} });

interface Opened {
  kind: string;
  after: string | undefined;
  listener: ConnectionListener;
}
let opened: Opened[];
let seen: string[];
let last: () => Opened;

function follow(): Feed {
  const connect =
    (kind: string): Connect =>
    (_, after, listener) => {
      opened.push({ kind, after, listener });
      return { close() {} };
    };
  return new Feed('0-x', new Transports(connect('ws'), connect('sse')), {
    hello: () => seen.push('hello'),
    event: (event) => seen.push(event.id),
    connectionLost: () => seen.push('lost'),
    connectionBack: () => seen.push('back'),
    closed: (why) => seen.push(why),
  });
}

const event = (id: string, k = 'out'): JobEvent => ({ id, k });

beforeEach(() => {
  opened = [];
  seen = [];
  last = () => opened.at(-1)!;
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

test('event ids are compared as two numbers', () => {
  assert.ok(isAfter('9-1', undefined));
  assert.ok(isAfter('9-10', '9-9'));
  assert.ok(isAfter('10-1', '9-99'));
  assert.ok(!isAfter('9-9', '9-9'));
  assert.ok(!isAfter('9-99', '10-1'));
});

test('events that were seen before are dropped', () => {
  follow();
  last().listener.opened();
  last().listener.events([event('5-1'), event('5-2'), event('5-2'), event('5-1'), event('6-1')]);
  assert.deepEqual(seen, ['5-1', '5-2', '6-1']);
});

test('a lost connection is opened again after the last event', () => {
  follow();
  last().listener.opened();
  last().listener.events([event('5-1')]);
  last().listener.closed({ why: 'lost', opened: true });
  mock.timers.tick(500);
  assert.equal(opened.length, 2);
  assert.equal(last().after, '5-1');
  last().listener.opened();
  assert.deepEqual(seen, ['5-1', 'lost', 'back']);
});

test('after three sockets that would not open it goes over to server-sent events', () => {
  follow();
  for (let i = 0; i < 3; i++) {
    assert.equal(last().kind, 'ws');
    last().listener.closed({ why: 'lost', opened: false });
    mock.timers.tick(15_000);
  }
  assert.equal(last().kind, 'sse');
});

test('Retry-After is kept to', () => {
  follow();
  last().listener.closed({ why: 'lost', opened: false, retryAfterMs: 60_000 });
  mock.timers.tick(59_999);
  assert.equal(opened.length, 1);
  mock.timers.tick(1);
  assert.equal(opened.length, 2);
});

test('nothing is opened again after the end, nor when the job is gone', () => {
  for (const why of ['gone', 'forbidden', 'complete'] as const) {
    follow();
    const before = opened.length;
    last().listener.closed({ why });
    mock.timers.tick(60_000);
    assert.equal(opened.length, before);
    assert.equal(seen.at(-1), why);
  }
  follow();
  last().listener.events([event('5-1', 'end')]);
  assert.deepEqual(seen.slice(-2), ['5-1', 'complete']);
});

test('delays double, have jitter, and stay under 15 seconds', () => {
  assert.equal(delayAfter(1, () => 1), 500);
  assert.equal(delayAfter(2, () => 0), 500);
  assert.equal(delayAfter(50, () => 1), 15_000);
});

test('server-sent events are cut right wherever the network cut them', () => {
  const text = ': hello\nid: 1-1\ndata: {"a":1}\n\nevent: x\r\ndata:two\r\ndata: lines\r\n\r\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const parser = new SseParser();
    const messages = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    assert.deepEqual(messages, ['{"a":1}', 'two\nlines'], `cut at ${cut}`);
  }
});

test('running a job’s program again keeps what is not edited here', () => {
  const program = Program.fromSpec({
    entry: 'app.py',
    files: [
      { path: 'app.py', content: 'print(1)' },
      { path: 'data.txt', content: 'x' },
      { path: 'data.bin', content_base64: '/w==' },
    ],
    stdin_base64: 'aMOp',
    args: ['-v'],
    limits: { cpu_ms: 1000 },
    collect: ['*.png', 'out/**'],
  });
  const attached = [{ path: 'data.bin', size: 1, content_base64: '/w==' }];
  assert.deepEqual(program.draft, { source: 'print(1)', stdin: 'hé', files: [{ path: 'data.txt', content: 'x' }], attached });
  assert.equal(program.note, 'Goes along when you run it: the arguments -v; the patterns of files to hand back *.png, out/**.');
  assert.deepEqual(program.spec({ source: 'print(2)', stdin: '', files: [{ path: 'b.py', content: '' }], attached }, 'python3.11'), {
    runtime: 'python3.11',
    entry: 'app.py',
    files: [
      { path: 'b.py', content: '' },
      { path: 'data.bin', content_base64: '/w==' },
    ],
    args: ['-v'],
    limits: { cpu_ms: 1000 },
    collect: ['*.png', 'out/**'],
    source: 'print(2)',
    interactive: true,
  });
});
