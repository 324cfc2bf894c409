"""One record of a level in, its value out, once the whole level has been asked for in one batch.

This is how the interpreter reads what a plan reads level by level: all loads of one field at one place of the answer,
made in the same turn of the event loop, become one call.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from graphql.pyutils import Path
from strawberry.dataloader import DataLoader

Function = Callable[..., Awaitable[Sequence[Any]]]


def load(context: Any, function: Function, record: Any, arguments: Mapping[str, Any], path: Path) -> Awaitable[Any]:
    """Return what will be the record's value of `function(records, context, **arguments)`, or raise it if an Exception.

    It is no coroutine: graphql-core does not await the siblings of what failed. The loaders live in the dict
    `context.loaders`, for one request.
    """
    level = (function, tuple(key for key in path.as_list() if isinstance(key, str)), repr(arguments))
    loader: DataLoader[Any, Any] | None = context.loaders.get(level)
    if loader is None:

        async def batch(records: list[Any]) -> list[Any]:
            return list(await function(records, context, **arguments))

        loader = context.loaders[level] = DataLoader(batch, cache=False)
    return loader.load(record)
