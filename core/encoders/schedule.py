"""Which batch goes to which worker of a cluster, and which batch is to blame where workers die."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.encoders.items import Item

IN_FLIGHT = 2
"""Batches on their way to one worker: the second is decoded while the first is with the model."""

ATTEMPTS = 3
"""A batch that was with so many workers when they died, all but the first time alone, is given up."""


@dataclass(eq=False)
class Bucket:
    """A batch of items, what of its rows is counted when it is done, and how many workers died with it."""

    items: list[Item]
    rows: int
    losses: int = 0


@dataclass(eq=False)
class Holder:
    """A worker, as far as its batches go."""

    held: list[Bucket] = field(default_factory=list)


class Schedule:
    """Hands batches out, two to a worker. What was with a worker that died goes out again alone.

    Alone, because a worker holds two batches, and one of them does not die of the other: so a batch that is given up
    took each worker down but the first by itself.
    """

    def __init__(self, batches: Iterator[tuple[list[Item], int]]) -> None:
        self._batches = batches
        self._more = True
        self._suspects: deque[Bucket] = deque()

    @property
    def waiting(self) -> bool:
        """Whether there may be batches that no worker has."""
        return self._more or bool(self._suspects)

    def assign(self, holders: Sequence[Holder]) -> Iterator[tuple[Holder | None, Bucket]]:
        """What to send to whom now; nobody gets what holds no items.

        A worker with a suspect gets nothing else, and as many workers as suspects wait run dry for them.
        """
        free = [holder for holder in holders if not any(bucket.losses for bucket in holder.held)]
        free.sort(key=lambda holder: len(holder.held))
        kept = len(self._suspects)
        for holder in free[:kept]:
            if not holder.held:
                yield self._give(holder, self._suspects.popleft())
        # Round by round: with few batches left each worker gets one.
        for room in range(IN_FLIGHT):
            for holder in free[kept:]:
                while len(holder.held) <= room:
                    following = next(self._batches, None)
                    if following is None:
                        self._more = False
                        return
                    bucket = Bucket(*following)
                    yield self._give(holder, bucket) if bucket.items else (None, bucket)

    def back(self, holder: Holder, bucket: Bucket) -> None:
        """The batch is done."""
        holder.held.remove(bucket)

    def lost(self, holder: Holder, bucket: Bucket) -> bool:
        """The worker died with the batch; says whether it is given up, otherwise it waits to be sent alone."""
        holder.held.remove(bucket)
        bucket.losses += 1
        if bucket.losses >= ATTEMPTS:
            return True
        self._suspects.append(bucket)
        return False

    def _give(self, holder: Holder, bucket: Bucket) -> tuple[Holder, Bucket]:
        holder.held.append(bucket)
        return holder, bucket
