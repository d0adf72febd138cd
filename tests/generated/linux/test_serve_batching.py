"""The batcher of generated servers: nothing mixed up, nothing lost, nothing without bounds."""

from __future__ import annotations

import asyncio
import importlib
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[Any]


@pytest.fixture
def batching(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.serve.batching")


class Model:
    """Doubles its input, by rows; notes what it was given."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls: list[Array] = []
        self.threads: set[int] = set()
        self.seconds = seconds
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, inputs: list[Array]) -> list[Array]:
        self.go_on.wait(30)
        self.calls.append(inputs[0].copy())
        self.threads.add(threading.get_ident())
        time.sleep(self.seconds)
        return [inputs[0] * 2]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), 30)

    asyncio.run(bounded())


def one(value: int, rows: int = 1) -> list[Array]:
    return [np.full((rows, 3), value, np.int32)]


@pytest.mark.parametrize("workers", [1, 3])
def test_every_request_gets_its_own_answer(batching: Any, workers: int) -> None:
    async def work() -> None:
        models = [Model(0.0005) for _ in range(workers)]
        batcher = batching.Batcher(models, queue=1000)
        answers = await asyncio.gather(*(batcher.predict(one(i), 20) for i in range(300)))
        assert [int(answer[0][0, 0]) for answer in answers] == [2 * i for i in range(300)]
        assert batcher.inferences == 300
        assert all(len(model.threads) <= 1 for model in models)
        assert threading.get_ident() not in set.union(*(model.threads for model in models))
        assert await batcher.close(5)

    run(work)


def test_a_fast_model_runs_on_the_event_loop(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        batcher = batching.Batcher([model], inline=True)
        answer = await batcher.predict(one(4), 1)
        assert int(answer[0][0, 0]) == 8
        assert model.threads == {threading.get_ident()}
        assert await batcher.close(1)

    run(work)


def test_rows_are_joined_and_taken_apart(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        batcher = batching.Batcher([model], rows=4, max_batch=4, max_wait_s=0.2)
        counts = [1, 2, 1, 3, 1]
        answers = await asyncio.gather(
            *(batcher.predict(one(i, count), 5) for i, count in enumerate(counts))
        )
        for i, (count, answer) in enumerate(zip(counts, answers, strict=True)):
            assert answer[0].tolist() == [[2 * i] * 3] * count
        # 1 + 2 + 1 rows are full; so are 3 + 1.
        assert [len(call) for call in model.calls] == [4, 4]
        await batcher.close(1)

    run(work)


def test_a_batch_that_is_not_full_is_filled_up_after_the_wait(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        batcher = batching.Batcher([model], rows=4, max_batch=4, max_wait_s=0.01)
        answer = await batcher.predict(one(7, 2), 5)
        assert answer[0].tolist() == [[14] * 3] * 2
        assert model.calls[0].tolist() == [[7] * 3] * 4  # the last row again: a value it knows
        await batcher.close(1)

    run(work)


def test_a_full_queue_refuses(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        model.go_on.clear()
        batcher = batching.Batcher([model], queue=3)
        tasks = [asyncio.create_task(batcher.predict(one(0), 20))]
        while batcher.waiting or not tasks[0] or batcher.pending < 1:
            await asyncio.sleep(0.001)
        tasks += [asyncio.create_task(batcher.predict(one(i), 20)) for i in (1, 2, 3)]
        while batcher.waiting < 3:
            await asyncio.sleep(0.001)
        with pytest.raises(batching.QueueFullError):
            await batcher.predict(one(9), 20)
        assert batcher.refused == 1
        model.go_on.set()
        answers = await asyncio.gather(*tasks)
        assert [int(answer[0][0, 0]) for answer in answers] == [0, 2, 4, 6]
        assert await batcher.close(5)

    run(work)


def test_a_deadline_passes_in_the_queue_and_the_request_is_not_run(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        model.go_on.clear()
        batcher = batching.Batcher([model])
        first = asyncio.create_task(batcher.predict(one(1), 20))
        await asyncio.sleep(0.05)
        with pytest.raises(batching.DeadlineError):
            await batcher.predict(one(2), 0.05)
        model.go_on.set()
        await first
        await batcher.close(5)
        assert [int(call[0, 0]) for call in model.calls] == [1]

    run(work)


def test_a_request_that_was_given_up_is_not_run(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        model.go_on.clear()
        batcher = batching.Batcher([model])
        first = asyncio.create_task(batcher.predict(one(1), 20))
        second = asyncio.create_task(batcher.predict(one(2), 20))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0)
        model.go_on.set()
        await first
        assert await batcher.close(5)
        assert [int(call[0, 0]) for call in model.calls] == [1]
        assert batcher.pending == 0

    run(work)


def test_closing_answers_all_that_was_accepted(batching: Any) -> None:
    async def work() -> None:
        model = Model(0.005)
        batcher = batching.Batcher([model])
        tasks = [asyncio.create_task(batcher.predict(one(i), 20)) for i in range(20)]
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(batcher.close(20))
        await asyncio.sleep(0)
        with pytest.raises(batching.ClosingError):
            await batcher.predict(one(99), 20)
        answers = await asyncio.gather(*tasks)
        assert [int(answer[0][0, 0]) for answer in answers] == [2 * i for i in range(20)]
        assert await closing

    run(work)


def test_closing_does_not_wait_for_an_engine_that_hangs(batching: Any) -> None:
    async def work() -> None:
        model = Model()
        model.go_on.clear()
        batcher = batching.Batcher([model])
        tasks = [asyncio.create_task(batcher.predict(one(i), 20)) for i in range(2)]
        await asyncio.sleep(0.05)
        assert not await batcher.close(0.05)
        with pytest.raises(batching.ClosingError):
            await tasks[1]
        tasks[0].cancel()
        model.go_on.set()

    run(work)


@pytest.mark.parametrize("inline", [False, True])
def test_an_engine_that_fails_does_so_for_one_request(batching: Any, inline: bool) -> None:
    async def work() -> None:
        def fails_on_three(inputs: list[Array]) -> list[Array]:
            if inputs[0][0, 0] == 3:
                raise RuntimeError("secret values 1, 2, 3")
            return inputs

        batcher = batching.Batcher([fails_on_three], inline=inline)
        results = await asyncio.gather(
            *(batcher.predict(one(i), 5) for i in range(6)), return_exceptions=True
        )
        kinds = [isinstance(result, batching.ModelError) for result in results]
        assert kinds == [False, False, False, True, False, False]
        assert "secret" not in str(results[3])
        assert batcher.live
        assert await batcher.close(5)

    run(work)


def test_a_worker_that_hangs_is_not_live(batching: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "STUCK_S", 0.05)

    async def work() -> None:
        model = Model()
        model.go_on.clear()
        batcher = batching.Batcher([model])
        task = asyncio.create_task(batcher.predict(one(1), 20))
        await asyncio.sleep(0.02)
        assert batcher.live
        await asyncio.sleep(0.1)
        assert not batcher.live
        model.go_on.set()
        await task
        assert batcher.live
        await batcher.close(5)

    run(work)
