import enum
import functools
import typing
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from dataclasses import asdict, astuple, dataclass, field, replace


@dataclass(order=True, slots=True)
class Item:
    price: float
    name: str = field(compare=False, default="?")
    tags: list[str] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Fixed:
    x: int


class Color(enum.Enum):
    RED = enum.auto()
    BLUE = enum.auto()


class Bits(enum.IntFlag):
    A = 1
    B = 2


print(sorted([Item(2, "b"), Item(1, "a")]), asdict(Item(1, tags=["x"])), astuple(Item(3)), replace(Item(1), name="new"))
print(list(Color), Color["RED"], Bits.A | Bits.B, Color(2).name, hash(Fixed(1)) == hash(Fixed(1)))
print(
    Counter("mississippi").most_common(2),
    deque(range(5), 3),
    OrderedDict(a=1),
    defaultdict(int, {"a": 1}),
    dict(ChainMap({"a": 1}, {"b": 2})),
)
print(typing.get_type_hints(Item), functools.reduce(lambda a, b: a * b, range(1, 6)))
match Item(5, "x"):
    case Item(price=p, name="x") if p > 3:
        print("matched", p)
Fixed(1).x = 2
