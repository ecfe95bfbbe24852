"""How each word of the facade is written once and spoken twice: at once by ``Simulator``, awaited by ``AsyncSimulator``.

A word is a talk: a generator that yields what it asks of the server, is sent the answers, and returns what came of
it. ``verb`` and ``reading`` give it to users as a method or an attribute with its own types: plain on a ``SyncPart``,
awaitable on an ``AsyncPart``.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from functools import update_wrapper, wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NoReturn, ParamSpec, Protocol, Self, TypeVar, overload

import msgspec

from simulator.client.errors import refusal, unknown_keyword, unknown_word

P = ParamSpec("P")
T = TypeVar("T")


class Ask(msgspec.Struct, frozen=True):
    """One call of the control API. ``path`` is below ``/_simulator``; ``waits``: the answer may take real time."""

    method: str
    path: str
    query: Mapping[str, str | int] | None = None
    body: Any = None
    waits: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What came back; ``body`` is decoded JSON, text where it is none, None where it is empty."""

    status: int
    body: Any = None


class Transport(Protocol):
    """Carries calls to a simulator, whether over HTTP or within the process.

    ``url`` is where clients under test reach the vendors of ``main``, without a slash at its end.
    """

    @property
    def url(self) -> str:
        """Where the server is."""

    def ask(self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: Any = None) -> Answer:
        """Make a call whose answer is there at once.

        Raises:
            Unreachable: nobody answers.
        """

    def ask_waiting(
        self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: Any = None
    ) -> Answer | Awaitable[Answer]:
        """Make a call that waits for something real; inside a running event loop the answer may be awaited."""

    def close(self) -> None:
        """Let go of what it holds."""


class AsyncTransport(Protocol):
    """Carries calls to a simulator for those who await them."""

    @property
    def url(self) -> str:
        """Where the server is."""

    async def ask(
        self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: Any = None
    ) -> Answer:
        """Make a call.

        Raises:
            Unreachable: nobody answers.
        """

    async def close(self) -> None:
        """Let go of what it holds."""


Talk = Generator[Ask, Answer, T]


class Awaited:
    """A result that may also be awaited, because inside a running event loop the verb that brings it must be."""

    def __await__(self) -> Generator[Any, None, Self]:
        return self
        yield  # type: ignore[unreachable]  # it makes this a generator


class Part:
    """A part of the facade: speaks of one sandbox, and of one vendor where ``vendor`` is not empty."""

    _transport: Any
    _sandbox: str
    _vendor: str

    def _of(self, part: "Part", vendor: str | None = None) -> Self:
        """Speak of the same sandbox as another part from now on, and of its vendor or another."""
        self._transport, self._sandbox = part._transport, part._sandbox
        self._vendor = part._vendor if vendor is None else vendor
        return self

    def _say(
        self, method: str, path: str, body: Any = None, /, *, waits: bool = False, **query: str | int | None
    ) -> Talk[Any]:
        """Ask about the sandbox, or about the server where the path starts with ``//``; return the body.

        Raises:
            SimulatorRefused: it was refused.
        """
        whole = path[1:] if path.startswith("//") else f"/sandboxes/{self._sandbox}{path}"
        said = {name: value for name, value in query.items() if value is not None}
        answer = yield Ask(method, whole, said or None, body, waits)
        if answer.status >= 400:
            raise refusal(answer.status, answer.body)
        return answer.body

    def _vendor_or(self, vendor: str | None) -> str | None:
        """Return which vendor is asked about: the one that is named, or the one that this part is of."""
        return vendor or self._vendor or None

    if not TYPE_CHECKING:  # a type checker is to find a misspelt name by itself

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(name)
            if hasattr(type(self), name):  # it is there, and raised an AttributeError of its own: raise that
                return object.__getattribute__(self, name)
            raise unknown_word(type(self).__name__, name, (word for word in dir(type(self)) if word[0] != "_"))


class SyncPart(Part):
    """Speaks at once."""

    _transport: Transport

    def _run(self, talk: Talk[T]) -> T:
        """Carry a talk to its end; where an answer must be awaited, return what is to be awaited instead."""
        __tracebackhide__ = True  # in a failed test's traceback, only the test's own line matters
        return _speak(self._transport, talk, None)


class AsyncPart(Part):
    """Speaks awaited."""

    _transport: AsyncTransport

    async def _run(self, talk: Talk[T]) -> T:
        """Carry a talk to its end."""
        answer: Any = None
        while True:
            try:
                ask = talk.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = await self._transport.ask(ask.method, ask.path, ask.query, ask.body)


class NotYet(Awaitable[T]):
    """What a waiting verb returns inside a running event loop: to be awaited, and no use before."""

    def __init__(self, rest: Coroutine[Any, Any, T]) -> None:
        self._rest = rest

    def __await__(self) -> Generator[Any, Any, T]:
        return self._rest.__await__()

    def _too_early(self, *_: object) -> NoReturn:
        raise TypeError(
            "await it: inside a running event loop this verb must not block, for its receiver may live there"
        )

    __iter__ = __len__ = __getitem__ = __bool__ = __getattr__ = _too_early


def _speak(transport: Transport, talk: Talk[T], answer: Answer | None) -> T:
    __tracebackhide__ = True
    while True:
        try:
            ask = next(talk) if answer is None else talk.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        speak = transport.ask_waiting if ask.waits else transport.ask
        said = speak(ask.method, ask.path, ask.query, ask.body)
        if not isinstance(said, Answer):
            return NotYet(_speak_on(transport, talk, said))  # type: ignore[return-value]
        answer = said


async def _speak_on(transport: Transport, talk: Talk[T], awaited: Awaitable[Answer]) -> T:
    result = _speak(transport, talk, await awaited)
    return await result if isinstance(result, NotYet) else result


class verb(Generic[P, T]):  # noqa: N801 - it is read as a decorator
    """A talk as a method."""

    def __init__(self, tell: Callable[Concatenate[Any, P], Talk[T]]) -> None:
        self._tell = tell
        update_wrapper(self, tell)  # type: ignore[arg-type]  # it is callable once it is bound

    @overload
    def __get__(self, part: None, kind: type) -> Self: ...
    @overload
    def __get__(self, part: SyncPart, kind: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, part: AsyncPart, kind: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, part: Any, kind: type) -> Any:
        if part is None:
            return self
        tell = self._tell

        @wraps(tell)
        def told(*args: P.args, **kwargs: P.kwargs) -> Any:
            __tracebackhide__ = True
            try:
                talk = tell(part, *args, **kwargs)  # a generator: nothing of it has run yet
            except TypeError as error:
                raise _misused(tell, kwargs, error) from None
            return part._run(talk)

        return told


class reading(Generic[T]):  # noqa: N801 - it is read as a decorator
    """A talk as an attribute."""

    def __init__(self, tell: Callable[[Any], Talk[T]]) -> None:
        self._tell = tell
        self.__doc__ = tell.__doc__

    @overload
    def __get__(self, part: None, kind: type) -> Self: ...
    @overload
    def __get__(self, part: SyncPart, kind: type) -> T: ...
    @overload
    def __get__(self, part: AsyncPart, kind: type) -> Coroutine[Any, Any, T]: ...
    def __get__(self, part: Any, kind: type) -> Any:
        return self if part is None else part._run(self._tell(part))


def _misused(tell: Callable[..., Any], kwargs: Mapping[str, Any], error: TypeError) -> TypeError:
    """Return in the user's words why a verb cannot be called like this, with the nearest right keyword."""
    from inspect import signature  # here, for few ever need it

    _, *known = signature(tell).parameters
    for name in kwargs:
        if name not in known:
            return unknown_keyword(tell.__name__, name, known)
    return TypeError(str(error).replace(tell.__qualname__, tell.__name__))
