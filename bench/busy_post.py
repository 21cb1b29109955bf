"""POST /v1/jobs while every slot is busy and 100 jobs wait. Usage: busy_post.py [URL]"""

import sys
import threading

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from common import Client, summary  # noqa: E402

WAITING = 100
MEASURED = 200
SLEEP = "import time; time.sleep(0.2)"


def instants(jobs):
    for job in jobs:
        yield job["started_at"], 1
        yield job["finished_at"], -1


def main():
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    node = Client(url)
    ids = []
    for _ in range(WAITING):
        status, job, _ = node.timed("POST", "/v1/jobs", {"source": SLEEP})
        assert status == 202, job
        ids.append(job["id"])
    times, depths = [], []
    for _ in range(MEASURED):
        status, job, took = node.timed("POST", "/v1/jobs", {"source": SLEEP})
        assert status == 202, job
        ids.append(job["id"])
        times.append(took)
        depths.append(job.get("queue", {}).get("position", 0))
    print(f"POST with {min(depths)} to {max(depths)} jobs waiting: {summary(times)}")

    jobs = [None] * len(ids)

    def follow(part):
        mine = Client(url)
        for index in range(part, len(ids), 4):
            while jobs[index] is None:
                status, job, _ = mine.timed("GET", f"/v1/jobs/{ids[index]}?wait=30")
                assert status == 200, job
                if job["status"] in ("DONE", "ERROR", "CANCELLED"):
                    jobs[index] = job

    threads = [threading.Thread(target=follow, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = [job for job in jobs if job["outcome"] != "OK"]
    running = most = 0
    for _, step in sorted(instants(jobs), key=lambda i: (i[0], i[1])):
        running += step
        most = max(most, running)
    print(f"{len(jobs)} jobs ended, {len(wrong)} of them wrongly; at most {most} ran at once")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
