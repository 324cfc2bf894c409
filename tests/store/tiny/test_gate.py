"""Checks that a reader that gave up at the gate holds nobody up."""

import asyncio

from store.tiny.gate import Gate
from tests.patience import PATIENCE


def test_a_reader_that_is_closed_while_it_waits_does_not_hold_the_writer_off() -> None:
    async def read(gate: Gate) -> None:
        async with gate.reading():
            pass

    async def scenario() -> None:
        gate = Gate()
        with gate.writing:
            waiting = read(gate)
            waiting.send(None)
            waiting.close()
        with gate.writing:
            pass

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))
