"""A stand-in for Redis, as far as jobs know it. What its one script does, the rehearsal shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from diaspora_pod import jobs


class Queue:
    """Lists, sets and hashes by their names; a sorted set is a dict of members and scores."""

    def __init__(self, **keys: Any) -> None:
        self.keys: dict[str, Any] = keys
        self.asked: list[Sequence[str]] = []
        self.before: Callable[[Sequence[str]], None] = lambda words: None

    def call(self, *words: str) -> Any:
        self.asked.append(words)
        self.before(words)
        return getattr(self, f"_{words[0].lower()}")(*words[1:])

    def together(self, commands: Sequence[Sequence[str]]) -> list[Any]:
        return [self.call(*words) for words in commands]

    @contextmanager
    def connected(self) -> Iterator[Queue]:
        yield self

    def waits(self) -> dict[str, Any]:
        """What sidekiq would find."""
        known = {"queues", jobs.TAKEN}
        return {name: found for name, found in self.keys.items() if found and name not in known}

    def _llen(self, key: str) -> int:
        return len(self.keys.get(key, []))

    _hlen = _zcard = _llen

    def _smembers(self, key: str) -> list[str]:
        return list(self.keys.get(key, []))

    _hvals = _smembers

    def _sismember(self, key: str, member: str) -> int:
        return int(member in self.keys.get(key, []))

    def _lrange(self, key: str, start: str, end: str) -> list[str]:
        return list(self.keys.get(key, [])[int(start) : int(end) + 1])

    def _zrange(self, key: str, start: str, end: str, _scores: str) -> list[str]:
        pairs = list(self.keys.get(key, {}).items())[int(start) : int(end) + 1]
        return [word for pair in pairs for word in pair]

    def _rpush(self, key: str, *members: str) -> None:
        self.keys.setdefault(key, []).extend(members)

    def _zadd(self, key: str, score: str, member: str) -> None:
        self.keys.setdefault(key, {})[member] = score

    def _keys(self, pattern: str) -> list[str]:
        return [key for key in self.keys if key.startswith(pattern.removesuffix("*"))]

    def _unlink(self, *keys: str) -> None:
        for key in keys:
            self.keys.pop(key, None)

    def _waitaof(self, local: str, replicas: str, milliseconds: str) -> list[int]:
        return [1, 0]

    def _eval(self, script: str, count: str, taken: str, *words: str) -> int:
        assert script == jobs.JOIN
        *pairs, name = words
        assert int(count) == 1 + len(pairs)
        self.keys.setdefault(taken, []).append(name)
        for coming, place in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(self.keys[coming], list):
                self.keys[place] = [*self.keys.get(place, []), *self.keys.pop(coming)]
                self.keys.setdefault("queues", []).append(place.removeprefix("queue:"))
            else:
                self.keys[place] = {**self.keys.pop(coming), **self.keys.get(place, {})}
        return 1
