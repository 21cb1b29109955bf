// What the state line says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../src/job';
import { clock, describe, duration, size } from '../src/words';

const job = (fields: Partial<Job>): Job => ({ id: '0-x', status: 'DONE', ...fields });
const usage = { wall_ms: 120, cpu_ms: 100, memory_peak_bytes: 9437184 };

test('a queued job says its place', () => {
  assert.equal(describe(job({ status: 'QUEUED', queue: { position: 3 } })).title, 'Queued (place 3)');
  assert.equal(describe(job({ status: 'QUEUED' })).title, 'Queued');
});

test('a finished job says how long it took and its memory', () => {
  assert.equal(describe(job({ outcome: 'OK', exit_code: 0, message: 'Finished.', usage })).title, 'Finished in 0.12 s (9 MB)');
  assert.equal(describe(job({ outcome: 'OK' })).title, 'Finished');
});

test('another exit code than 0 is named', () => {
  const words = describe(job({ outcome: 'RUNTIME_ERROR', exit_code: 1, usage }));
  assert.equal(words.title, 'Exit code 1 after 0.12 s (9 MB)');
  assert.equal(words.tone, 'bad');
});

test("a limit is told in the server's words", () => {
  const words = describe(job({ outcome: 'CPU_LIMIT', message: 'Stopped after 5.0 s of CPU time, the limit.', usage }));
  assert.equal(words.title, 'Stopped after 5.0 s of CPU time, the limit');
  assert.equal(words.tone, 'limit');
  assert.equal(words.detail, 'Ran 0.12 s, used 0.10 s of CPU time and 9 MB.');
});

test('what to do about a limit stands below it', () => {
  const words = describe(job({ outcome: 'CPU_LIMIT', message: 'Stopped after 5.0 s of CPU time, the limit: make it do less.' }));
  assert.equal(words.title, 'Stopped after 5.0 s of CPU time, the limit');
  assert.equal(words.detail, 'Make it do less.');
});

test('an outcome this page does not know is told in the server’s words as well', () => {
  assert.equal(describe(job({ outcome: 'NEW_LIMIT', message: 'Stopped.' })).title, 'Stopped');
  assert.equal(describe(job({ outcome: 'NEW_LIMIT' })).title, 'Finished');
});

test('an error is the system’s, not the program’s', () => {
  const words = describe(job({ status: 'ERROR', error: { code: 'WORKER_LOST', detail: 'Run it again.' } }));
  assert.equal(words.title, 'The system failed, not your program');
  assert.equal(words.detail, 'Run it again. (WORKER_LOST)');
});

test('durations and sizes read well', () => {
  assert.deepEqual([0, 4, 120, 12_340, 125_000].map(duration), ['1 ms', '4 ms', '0.12 s', '12.3 s', '2 min 5 s']);
  assert.deepEqual([-5, 1_400].map(clock), ['0.0 s', '1.4 s']);
  assert.deepEqual([512, 12_288, 9_437_184, 268_435_456].map(size), ['512 B', '12 kB', '9 MB', '256 MB']);
});
