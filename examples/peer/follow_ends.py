#!/usr/bin/env python3
"""Prints a line for each job that ends, heard over the TCP event-bus bridge of a node. Nothing but the standard library.

The secret is read from the variable ONPY_BRIDGE_SECRET. A lost connection is made again; what ended meanwhile is not told:
who must hear of each end uses the webhook.
"""

import argparse
import json
import os
import socket
import struct
import sys
import time

ALIVE_S = 30


def send(connection, frame):
    data = json.dumps(frame).encode()
    connection.sendall(struct.pack(">I", len(data)) + data)


def receive(connection):
    """The next frame; None when the other side has closed."""
    (length,) = struct.unpack(">I", exactly(connection, 4) or b"\0\0\0\0")
    return json.loads(exactly(connection, length)) if length else None


def exactly(connection, length):
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            return None
        data += more
    return data


def follow(connection, secret):
    send(connection, {"type": "register", "address": "onpyrunner.ends", "headers": {"secret": secret}})
    send(connection, {"type": "ping"})
    while True:
        try:
            frame = receive(connection)
        except TimeoutError:
            send(connection, {"type": "ping"})  # notices a node that is gone
            continue
        if frame is None:
            return
        if frame["type"] == "err":
            sys.exit(f"the node refuses: {frame['message']}")
        if frame["type"] == "pong":
            print("listening", file=sys.stderr, flush=True)
        elif frame["type"] == "message":
            print(frame["body"]["id"], frame["body"]["status"], flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7000)
    args = parser.parse_args()
    secret = os.environ.get("ONPY_BRIDGE_SECRET") or sys.exit("set ONPY_BRIDGE_SECRET")
    while True:
        try:
            with socket.create_connection((args.host, args.port), timeout=ALIVE_S) as connection:
                follow(connection, secret)
        except OSError as e:
            print(f"{args.host}:{args.port}: {e}", file=sys.stderr, flush=True)
        time.sleep(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
