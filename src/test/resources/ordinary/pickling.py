import copy
import io
import pickle
from collections import namedtuple
from dataclasses import dataclass, field

Point = namedtuple("Point", "x y")


@dataclass
class Node:
    name: str
    children: list = field(default_factory=list)

    def __reduce_ex__(self, protocol):
        return Node, (self.name, self.children)


tree = Node("root", [Node("leaf"), Point(1, 2.5), {"k": (1, None, True)}, {1, 2}, b"bytes", "é👻", range(3), 10**30])
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    data = pickle.dumps(tree, protocol)
    print(protocol, len(data), pickle.loads(data) == tree)
print(copy.deepcopy(tree) == tree, copy.copy(tree) is tree)
for attempt in (lambda: pickle.dumps(lambda: 1), lambda: pickle.loads(b"garbage"), lambda: pickle.dumps(io.StringIO)):
    try:
        print(len(attempt()))
    except Exception as error:
        print(type(error).__name__)
cycle = []
cycle.append(cycle)
print(pickle.loads(pickle.dumps(cycle)))
