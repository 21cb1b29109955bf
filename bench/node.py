"""A client of a node, as the scripts here need it: one kept connection, timings in milliseconds."""

import http.client
import json
import statistics
import time
import urllib.parse


class Node:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=60)

    def call(self, method, path, body=None):
        """Returns the status, the JSON, and how long it took."""
        began = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = self.connection.getresponse()
        data = response.read()
        took = (time.perf_counter() - began) * 1000
        return response.status, json.loads(data), took


def summary(times):
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {statistics.median(ordered):.2f} ms, p99 {p99:.2f} ms, worst {ordered[-1]:.2f} ms ({len(ordered)} times)"
