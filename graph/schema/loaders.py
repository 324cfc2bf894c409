"""Batches the loads of one field, so that the interpreter asks the store once for a level, as a plan does.

All loads of a field under one path of response keys, made in the same turn of the event loop, become one call.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from graphql.pyutils import Path
from strawberry.dataloader import DataLoader

Function = Callable[..., Awaitable[Sequence[Any]]]


def load(context: Any, function: Function, parent: Any, arguments: Mapping[str, Any], path: Path) -> Awaitable[Any]:
    """Return an awaitable of the parent's value among those of `function(parents, context, **arguments)`.

    It raises the value if that is an Exception. It is no coroutine: graphql-core does not await the siblings of what
    failed. The loaders live in the dict `context.loaders`, for one request.
    """
    level = (function, tuple(key for key in path.as_list() if isinstance(key, str)), repr(arguments))
    loader: DataLoader[Any, Any] | None = context.loaders.get(level)
    if loader is None:

        async def batch(parents: list[Any]) -> list[Any]:
            return list(await function(parents, context, **arguments))

        loader = context.loaders[level] = DataLoader(batch, cache=False)
    return loader.load(parent)
