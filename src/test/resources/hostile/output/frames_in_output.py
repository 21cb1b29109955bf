# A flood whose every block begins like a frame, so that a reader that is out of step would believe it.
# Expect: RUNTIME_ERROR 5
# Expect-bytes: 650000
import os

end = b"E 0 0.000000 0.000000 1000\n"
frame = b"S" + len(end).to_bytes(4, "big") + end
for _ in range(10):
    data = (frame * 2100)[:65000]
    while data:
        data = data[os.write(1, data) :]
os._exit(5)
