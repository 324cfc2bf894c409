"""Plans a validated query once, then answers each request by walking the plan, with one call for each field and level.

Planning, once for an operation (and for each combination of answers to its `@skip` and `@include`):

1. `resolver`    what a schema declares of its fields: an attribute, a call, or a batch for all parents of a level
2. `nodes`, `collect`   the fields of a concrete type by response key, `@skip` and `@include` decided (CollectFields)
3. `variables`, `arguments`, `leaf`   functions that coerce a request's variables, make arguments, serialise leaves
4. `tree`        what a plan consists of: selection sets, their shapes by concrete type, fields, positions
5. `planner`     grows the tree of an operation, or raises the reason why the interpreter must answer it
6. `shape`       compiles each shape's `build`, the function that makes the JSON objects of a level, and those within
                 them that need nothing but their parents; types with the same fields share one
7. `plan`        the variants of one operation

Executing, for each request:

8. `field_values`    resolves one field for all parents of a level; one call of each batch resolver
9. `complete`        turns values into what the answer has for them (CompleteValue), and is the slow path for objects
10. `field_errors`   carries errors up the answer, and decides how far up they leave null
11. `fragment_cache` has encoded objects, used again for as long as the store does not change
12. `execute`        the walk: down by resolving, back up by building; cached bytes where there are any

`errors` has the exceptions between these stages.

The fast path knows nothing of errors: a column of values is checked by the set of its classes, and an object is made by
its shape's `build`. Where a value is not as expected, the slow path looks at each value of that level by itself, gives
each error its field, and lets null go up as the specification has it. A new plan starts on the slow path, since the
classes of its parents are unknown until the first of them come. Sibling fields are resolved one after the other, in the
order of the answer; nothing here creates a task.

What belongs here: an answer that takes long to put together, a new kind of resolver, a difference from the
interpreter's answers. Articles that take long to find are `store.tiny.memory`'s. Nothing here knows of articles, of
Strawberry or of HTTP: it is built on graphql-core, orjson and cachetools alone.
"""
