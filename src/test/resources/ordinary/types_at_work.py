import abc
import contextlib
import inspect
import operator
import types
from typing import Generic, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class Stack(Generic[T]):
    def __init__(self):
        self.items: list[T] = []

    def push(self, item: T) -> None:
        """Puts one on top."""
        self.items.append(item)


@runtime_checkable
class Pushes(Protocol):
    def push(self, item): ...


class Base(abc.ABC):
    def __init_subclass__(cls, **options):
        print("subclass", cls.__name__, options)

    @abc.abstractmethod
    def needed(self): ...


class Derived(Base, extra=1):
    value = property(lambda self: 5)

    def __getattr__(self, name):
        return f"no {name}"

    def needed(self):
        return super().__init__


class Meta(type):
    def __call__(cls, *args):
        print("made", cls.__name__, args)
        return super().__call__()


@contextlib.contextmanager
def around():
    print("enter")
    try:
        yield 1
    except ValueError as error:
        print("swallowed", error)
    finally:
        print("leave")


with around() as one, contextlib.suppress(KeyError):
    raise ValueError(one)
print(isinstance(Stack(), Pushes), Stack[int], inspect.signature(Stack.push), inspect.getsource(Pushes), inspect.getdoc(Stack.push))
print(
    Derived().value,
    Derived().other,
    Derived.__mro__,
    Meta("Made", (), {})("x").__class__,
    types.SimpleNamespace(a=1),
    operator.itemgetter(1)("ab"),
)
print(
    eval("a + b", {"a": 1}, {"b": 2}),
    (lambda *a, k=1, **o: (a, k, o))(1, 2, k=3, z=4),
    [*range(2), *"ab"],
    {**{"a": 1}},
    f"{1 + 1=} {'x':>3}",
)
with contextlib.ExitStack() as stack:
    stack.callback(print, "last")
    print("first")
Base()
