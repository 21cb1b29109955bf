#!/usr/bin/env python3
"""The audit finds what is wrong: each test forges one story, and the audit must say so. A true story passes."""

import copy
import sys
import unittest

sys.dont_write_bytecode = True

import audit  # noqa: E402
from audit import Cancel, Sighting, Story  # noqa: E402

LINES = "line 0\nline 1\n"


def event(id, k, d, **more):
    return {"id": id, "k": k, "t": 0, "d": d, **more}


def job(status="DONE", **fields):
    done = {"outcome": "OK", "exit_code": 0} if status == "DONE" else {"outcome": None, "exit_code": None}
    told = {"id": "0-a", "status": status, **done, "message": "Finished.", "stdout": LINES, "stdout_bytes": len(LINES)}
    return {**told, "starts": 2, "files": [], **fields}


def finish(story, final, log):
    story.log = log
    story.raw = [{f: e[f] for f in ("id", "k", "t", "d")} for e in log]
    story.finals = [final, copy.deepcopy(final)]
    story.follows = [list(log)]
    story.ends = [final["status"]]
    story.sightings = [
        Sighting(1, 2, "QUEUED", "q", 0), Sighting(3, 4, "RUNNING", "r", 1), Sighting(5, 6, "QUEUED", "q", 1),
        Sighting(9, 10, final["status"], audit.digest(final), 2),
    ]  # fmt: skip
    return story


def story():
    """A job that was started twice, since its first runner was lost."""
    s = Story("key", {"source": "…", "max_starts": 2}, LINES, ids=["0-a"], accepted_at=1.0, replay="0-a", stored={"starts": "2"})
    return finish(s, job(), [
        event("0-1", "state", "QUEUED"), event("100-1", "state", "RUNNING"), event("100-2", "out", "line 0\n"),
        event("100-3", "requeued", "QUEUED"), event("200-1", "state", "RUNNING"), event("200-2", "out", "line 0\nline"),
        event("200-3", "out", " 1\n"), event("200-4", "end", "DONE", job={"status": "DONE"}),
    ])  # fmt: skip


def cancelled(code=202):
    s = Story("key", {"source": "…"}, LINES, endless=True, ids=["0-a"], accepted_at=1.0, replay="0-a", stored={"cancel": "150"})
    s.cancels = [Cancel(code, "RUNNING" if code == 202 else "CANCELLED")]
    return finish(s, job("CANCELLED", stdout="line 0\n", stdout_bytes=7, starts=1), [
        event("0-1", "state", "QUEUED"), event("100-1", "state", "RUNNING"), event("100-2", "out", "line 0\n"),
        event("100-3", "end", "CANCELLED", job={"status": "CANCELLED"}),
    ])  # fmt: skip


class AuditTest(unittest.TestCase):
    def finds(self, forged, sentence, **how):
        self.assertIn(sentence, " | ".join(audit.check(forged, **how)) or "nothing")

    def relog(self, forged, log):
        """Puts another log wherever the story has it, so that only the log's own rules can find it."""
        forged.log, forged.follows = log, [list(log)]
        forged.raw = [{f: e[f] for f in ("id", "k", "t", "d")} for e in log]

    def forge_log(self, sentence, change, forged=None):
        forged = forged or story()
        log = copy.deepcopy(forged.log)
        change(log)
        self.relog(forged, log)
        self.finds(forged, sentence)

    def test_a_true_story_passes(self):
        for true in (story(), cancelled(), cancelled(200)):
            self.assertEqual(audit.check(true), [])

    def test_a_job_that_no_node_knows_is_lost(self):
        s = story()
        s.finals[1] = None
        self.finds(s, "lost")
        s.finals = []
        self.finds(s, "lost")

    def test_a_request_that_was_never_accepted(self):
        s = story()
        s.ids = []
        self.finds(s, "never accepted")

    def test_a_job_that_still_runs_is_stuck(self):
        s = story()
        s.finals = [job("RUNNING"), job("RUNNING")]
        self.finds(s, "stuck: it is RUNNING")

    def test_two_nodes_with_two_results(self):
        s = story()
        s.finals[1]["stdout"] = "line 0\n"
        self.finds(s, "two results: two nodes")

    def test_a_result_that_changed(self):
        s = story()
        s.sightings.insert(3, Sighting(7, 8, "DONE", "other", 1))
        self.finds(s, "two results: DONE was seen with other content")

    def test_a_state_that_went_back(self):
        s = story()
        s.sightings.append(Sighting(11, 12, "RUNNING", "r", 2))
        self.finds(s, "went back: RUNNING")

    def test_an_answer_asked_for_before_the_end_may_be_old(self):
        s = story()
        s.sightings.append(Sighting(8, 12, "RUNNING", "r", 2))
        self.assertEqual(audit.check(s), [])

    def test_two_ends(self):
        self.forge_log("2 end events", lambda log: log.append(event("200-5", "end", "DONE")))

    def test_no_end(self):
        self.forge_log("0 end events", lambda log: log.pop())

    def test_an_end_told_twice(self):
        s = story()
        s.ends = ["DONE", "DONE"]
        self.finds(s, "ends told")

    def test_a_gap(self):
        self.forge_log("gap between 200-1 and 200-3", lambda log: log.pop(5))

    def test_an_event_of_an_older_start(self):
        self.forge_log("event 100-4 comes after 200-2", lambda log: log.insert(6, event("100-4", "out", "line 1\n")))

    def test_a_start_without_requeued(self):
        self.forge_log("not fenced: 200-1", lambda log: log.pop(3))

    def test_output_while_queued(self):
        self.forge_log("while it was queued", lambda log: log.insert(4, event("100-4", "out", "line 1\n")))

    def test_output_under_a_fence_that_was_never_claimed(self):
        self.forge_log("not fenced", lambda log: log.pop(4))

    def test_output_with_a_hole(self):
        self.forge_log("has a hole", lambda log: log[2].update(d="line 1\n"))

    def test_output_that_is_not_whole(self):
        s = story()
        log = copy.deepcopy(s.log)
        log[6]["d"] = ""
        for final in s.finals:
            final.update(stdout="line 0\nline", stdout_bytes=11)
        s.sightings.pop()
        self.relog(s, log)
        self.finds(s, "its output is not whole")

    def test_a_reader_who_missed_an_event(self):
        s = story()
        s.follows[0].pop(2)
        self.finds(s, "a reader saw another log, from its event 3")

    def test_a_reader_who_got_an_event_twice(self):
        s = story()
        s.follows[0].insert(2, s.log[2])
        self.finds(s, "a reader saw another log")

    def test_a_reader_who_never_heard_the_end(self):
        s = story()
        s.follows[0].pop()
        self.finds(s, "never its end")

    def test_one_key_two_jobs(self):
        s = story()
        s.replay = "0-b"
        self.finds(s, "one key, 2 jobs")
        s = story()
        s.ids.append("0-b")
        self.finds(s, "one key, 2 jobs")

    def test_too_many_starts(self):
        s = story()
        s.body["max_starts"] = 1
        self.finds(s, "2 starts in its log")

    def test_starts_that_are_not_told(self):
        s = story()
        for final in s.finals:
            final["starts"] = 1
        s.sightings.pop()
        self.finds(s, "2 starts in its log, 1 told")
        self.assertEqual(audit.check(s, drains=1), [])

    def test_an_error_that_is_not_a_lost_worker(self):
        for code, starts in (("SANDBOX_FAILED", 2), ("QUEUE_TIMEOUT", 2), ("WORKER_LOST", 1)):
            s = story()
            log = copy.deepcopy(s.log)
            log[-1].update(d="ERROR", job={"status": "ERROR"})
            finish(s, job("ERROR", error={"code": code}, starts=starts), log)
            self.finds(s, f"ERROR {code} after {starts} of 2 starts", drains=1)

    def test_another_exit_code(self):
        s = story()
        s.exit_code = 3
        self.finds(s, "DONE OK 0, not")

    def test_a_file_that_is_missing(self):
        s = story()
        s.file = "row 0\n"
        self.finds(s, "its file is not whole")
        self.finds(s, "its file is not whole", was_full=True)

    def test_a_file_that_cannot_be_read(self):
        s = story()
        for final in s.finals:
            final["files"] = [{"path": "out.txt"}]
        s.sightings.pop()
        self.finds(s, "cannot be read")

    def test_a_cancel_that_nobody_asked_for(self):
        s = cancelled()
        s.cancels, s.stored = [], {}
        self.finds(s, "nobody asked")

    def test_a_cancel_that_was_forgotten(self):
        s = cancelled()
        s.stored = {}
        self.finds(s, "accepted and forgotten")

    def test_a_start_after_a_cancel(self):
        s = cancelled()
        s.stored = {"cancel": "50"}
        self.finds(s, "started after its cancel")

    def test_a_cancel_with_another_end(self):
        s = story()
        s.cancels = [Cancel(200, "CANCELLED")]
        self.finds(s, "a cancel was answered CANCELLED, and it is DONE")

    def test_what_is_left_in_redis(self):
        true = [story()]
        self.assertEqual(audit.check_store({"onpy:{0}:lease": 0}, true, ["0-a"]), [])
        self.assertEqual(audit.check_store({"onpy:{0}:lease": 2}, true, ["0-a"]), ["2 left in onpy:{0}:lease"])
        self.assertIn("1 jobs that no client was told of", audit.check_store({}, true, ["0-a", "0-b"])[0])


if __name__ == "__main__":
    unittest.main()
