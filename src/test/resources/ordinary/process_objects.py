import multiprocessing
from multiprocessing import Lock, Manager, Pipe, Process, Queue, Value, shared_memory


def produce(queue, lock, value):
    for number in range(5):
        with lock:
            value.value += number
        queue.put(number)


def answer(pipe):
    pipe.send([pipe.recv() * 2, multiprocessing.current_process().name])
    pipe.close()


def write(name):
    memory = shared_memory.SharedMemory(name)
    memory.buf[:5] = b"hello"
    memory.close()


if __name__ == "__main__":
    queue, lock, value = Queue(), Lock(), Value("i", 100)
    process = Process(target=produce, args=(queue, lock, value), name="producer")
    process.start()
    print([queue.get() for _ in range(5)])
    process.join()
    print(value.value, process.exitcode, process.name)
    here, there = Pipe()
    process = Process(target=answer, args=(there,), name="answerer")
    process.start()
    here.send(21)
    print(here.recv())
    process.join()
    memory = shared_memory.SharedMemory(create=True, size=100)
    process = Process(target=write, args=(memory.name,))
    process.start()
    process.join()
    print(bytes(memory.buf[:5]))
    memory.close()
    memory.unlink()
    with Manager() as manager:
        shared = manager.dict(a=1)
        shared["b"] = manager.list([1, 2])
        print(sorted(shared.keys()), list(shared["b"]))
