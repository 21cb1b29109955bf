"""A small program from request to answer, beside a bare python3. Usage: hello.py [URL] [JOBS] [CLIENTS]"""

import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from common import Client, summary  # noqa: E402


def bare(text):
    began = time.perf_counter()
    said = subprocess.run(["/usr/bin/python3", "-c", f"print({text!r})"], capture_output=True, text=True, check=True).stdout
    assert said == text + "\n"
    return (time.perf_counter() - began) * 1000


def main():
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    clients = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    job_times, bare_times, wrong = [], [], []

    def client(number):
        node = Client(url)
        for index in range(number, jobs, clients):
            text = f"hello {index}"
            status, job, took = node.timed("POST", "/v1/jobs?wait=30", {"source": "print(input())", "stdin": text})
            if status != 200 or job["outcome"] != "OK" or job["stdout"] != text + "\n":
                wrong.append(job)
            job_times.append(took)
            if clients == 1:
                bare_times.append(bare(text))

    began = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    print(f"job:  {summary(job_times)}")
    if bare_times:
        print(f"bare: {summary(bare_times)}")
    else:
        print(f"{jobs / took:.0f} jobs a second with {clients} clients")
    print(f"{len(wrong)} of {jobs} answers wrong")
    for job in wrong[:3]:
        print(job)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
