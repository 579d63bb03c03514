"""Batches and workers without a cluster: what goes where, and which batch is to blame."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.encoders.items import Item
from core.encoders.schedule import ATTEMPTS, IN_FLIGHT, Bucket, Holder, Schedule


def batches(n: int) -> list[tuple[list[Item], int]]:
    return [([Item((f"u{index}",), "text")], 1) for index in range(n)]


def sent(schedule: Schedule, workers: list[Holder]) -> list[tuple[Holder | None, Bucket]]:
    return list(schedule.assign(workers))


def name(bucket: Bucket) -> str:
    return bucket.items[0].ids[0]


def test_two_batches_a_worker_and_one_each_first() -> None:
    workers = [Holder(), Holder()]
    schedule = Schedule(iter(batches(3)))
    assert [(workers.index(worker), name(bucket)) for worker, bucket in sent(schedule, workers)] == [
        (0, "u0"),
        (1, "u1"),
        (0, "u2"),
    ]
    assert not schedule.waiting
    # What is done already goes to nobody.
    assert sent(Schedule(iter([([], 7)])), [Holder()])[0][0] is None


def test_suspects_are_sent_alone_and_the_rest_goes_on() -> None:
    first, second = Holder(), Holder()
    schedule = Schedule(iter(batches(9)))
    sent(schedule, [first, second])
    for bucket in list(first.held):
        assert not schedule.lost(first, bucket)
    new = Holder()
    # The new worker takes one suspect; the other worker runs dry for the second.
    (pair,) = sent(schedule, [new, second])
    assert (pair[0], name(pair[1])) == (new, "u0")
    assert sent(schedule, [new, second]) == []
    schedule.back(second, second.held[0])
    assert sent(schedule, [new, second]) == []
    schedule.back(second, second.held[0])
    (pair,) = sent(schedule, [new, second])
    assert (pair[0], name(pair[1])) == (second, "u2")
    schedule.back(second, second.held[0])
    assert [name(bucket) for _, bucket in sent(schedule, [new, second])] == ["u4", "u5"]
    assert len(new.held) == 1


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 25),
    workers=st.integers(1, 5),
    poisons=st.sets(st.integers(0, 24), max_size=3),
    data=st.data(),
)
def test_only_the_poisonous_are_given_up(n: int, workers: int, poisons: set[int], data: st.DataObject) -> None:
    poisonous = {f"u{index}" for index in poisons if index < n}
    schedule = Schedule(iter(batches(n)))
    members = [Holder() for _ in range(workers)]
    done: list[str] = []
    given_up: list[str] = []
    deaths = 0
    while schedule.waiting or any(member.held for member in members):
        sent(schedule, members)
        assert all(len(member.held) <= IN_FLIGHT for member in members)
        busy = [member for member in members if member.held]
        if not busy:
            continue
        member = data.draw(st.sampled_from(busy))
        # Any of the batches in a worker may be the first that the model meets; a poisonous one takes the other along.
        bucket = data.draw(st.sampled_from(member.held))
        if name(bucket) not in poisonous:
            schedule.back(member, bucket)
            done.append(name(bucket))
            continue
        deaths += 1
        given_up += [name(held) for held in list(member.held) if schedule.lost(member, held)]
        members[members.index(member)] = Holder()
    assert sorted(given_up) == sorted(poisonous)
    assert sorted(done) == sorted({f"u{index}" for index in range(n)} - poisonous)
    assert deaths <= ATTEMPTS * len(poisonous)
