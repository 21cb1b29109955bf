import gc
import sys
import tracemalloc
import weakref


class Node:
    pass


node = Node()
node.itself = node
reference = weakref.ref(node, lambda r: print("gone"))
del node
print(gc.isenabled(), gc.get_threshold(), gc.collect() > 0, reference())
cache = weakref.WeakValueDictionary()
kept = cache["a"] = Node()
cache["b"] = Node()
print(sorted(cache), len(weakref.WeakSet([kept])), sys.getrefcount(kept) > 2, gc.is_tracked([]), gc.get_objects() != [], gc.garbage)
tracemalloc.start()
hoard = [bytes(1000) for _ in range(100)]
print(tracemalloc.get_traced_memory()[0] > 100000, tracemalloc.take_snapshot().statistics("lineno")[0].traceback[0].lineno)
tracemalloc.stop()
gc.disable()
print(gc.isenabled(), gc.get_freeze_count() >= 0)
gc.callbacks.append(lambda phase, info: print(phase, sorted(info)))
gc.collect()
