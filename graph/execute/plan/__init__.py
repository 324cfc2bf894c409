"""How a query becomes bytes: a validated operation is planned once; then each request is a walk, batched by level.

Planning, once for an operation (and for each answer to its conditions on variables):

1. `resolver`    what a schema says of its fields: an attribute, a call, or a batch for all records of a level
2. `collect`     selection sets and a concrete type → its fields by response key; `@skip` and `@include` decided
3. `variables`, `arguments`, `leaf`   definitions and argument nodes → functions of a request; what needs no serialising
4. `selection`   the tree that a plan is: selections, their shapes by concrete type, fields, positions
5. `planner`     operation → tree, or the reason why the interpreter must answer
6. `shape`       each shape gets its `build`: source, compiled, that makes the JSON objects of a level, and of those
                 that need nothing but its records; types that are asked alike share one
7. `plan`        the variants of one operation

Executing, for each request:

8. `fetch`       a field and a level's records → values; one call for each linked field and level
9. `complete`    values → what the answer holds for them; lists, leaves, and objects made with care
10. `trouble`    errors on their way up, and how far they leave null
11. `kept`       encoded objects, used again for as long as the store has not changed
12. `execute`    the walk: down by fetching, back up by building; bytes where they are kept

The fast way knows nothing of errors: a column of values is checked by the set of its classes, and an object is made by
its shape's `build`. Where something is amiss, and only for the level where it is, the careful way looks at each value
by itself, names each error with its field, and lets null go up as the specification has it. It is also the first way
that a new plan goes: what classes its records have is only seen when they come. Sibling fields are fetched
one after the other, in the order of the answer; nothing here creates a task.

Nothing here knows of articles, of Strawberry or of HTTP: graphql-core and orjson are all it stands on.
"""
