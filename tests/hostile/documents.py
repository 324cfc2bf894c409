"""Makes documents that ask for trouble, each from a number, so that no two are the same and no cache helps.

Some are refused, some are answered; what they have in common is that a server without limits would not survive them.
"""

from collections.abc import Callable
from itertools import permutations
from typing import Any

Document = Callable[[int], str]
Asked = Callable[[int], tuple[str, dict[str, Any]]]

ORDERS = list(permutations(["HEAT", "QUALITY", "TITLE", "INGESTED_AT", "PUBLISHED_DATE_TIME"], 4))
SCALARS = "title excerpt publishedDateTime webUrl type quality id path slug category heat published ingestedAt"
LETTERS = "rmlsctepdw"


def roots(count: int, each: Callable[[int], str]) -> str:
    """Return an operation of several root fields."""
    return "{" + " ".join(f"f{n}: {each(n)}" for n in range(count)) + "}"


def counting(condition: Callable[[int], str], count: int) -> str:
    """Return an operation that counts the articles of which all conditions hold."""
    conditions = " ".join("{" + condition(n) + "}" for n in range(count))
    return "{ articles(first: 1, filter: {and: [" + conditions + "]}) { totalCount } }"


def doubling(levels: int, alias: str) -> str:
    """Return fragments that each spread the next twice."""
    parts = (f"fragment F{n} on Article {{ {alias} ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return " ".join(
        ["{ articles(first: 1) { nodes { ...F0 } } }", *parts, f"fragment F{levels} on Article {{ title }}"]
    )


def nested(opening: str, inner: str, closing: str, levels: int) -> str:
    """Return something within itself."""
    return opening * levels + inner + closing * levels


PARSED: dict[str, Document] = {
    "nothing but comments": lambda n: "#\n" * 30_000 + f"#{n}\n{{ __typename }}",
    "a comment without an end": lambda n: f"{{ __typename }} #{n}" + "é" * 30_000,
    "commas": lambda n: "," * 60_000 + f"{{ a{n}: __typename }}",
    "a byte order mark": lambda n: "\ufeff" * 15_000 + f"{{ a{n}: __typename }}",
    "NULs": lambda n: f"{{ a{n}: __typename }}" + "\x00" * 60_000,
    "control characters": lambda n: "\x01\x7f\u0085\u2028" * 8_000 + str(n),
    "lone surrogates": lambda n: f'{{ article(by: {{path: "{n}\\ud800\\udc00\\ud800"}}) {{ title }} }}',
    "brackets": lambda n: "{[(" * 20_000 + str(n),
    "closing brackets": lambda n: "})]" * 20_000 + str(n),
    "open quotes": lambda n: '"""\\' * 15_000 + str(n),
    "empty strings": lambda n: '""' * 30_000 + str(n),
    "a block string": lambda n: f'{{ topic(slug: """{n}' + " a\n" * 20_000 + '""") { name } }',
    "a block string of quotes": lambda n: f'{{ topic(slug: """{n}' + '\\"""' * 15_000 + '""") { name } }',
    "escapes": lambda n: f'{{ topic(slug: "{n}' + "\\u{10FFFF}" * 6_000 + '") { name } }',
    "a long number": lambda n: "{ articles(first: 1" + "0" * 60_000 + f"{n}) {{ totalCount }} }}",
    "a long name": lambda n: "{ " + "a" * 60_000 + f"{n} }}",
    "too many tokens": lambda n: "{" + "a " * 32_000 + f"a{n} }}",
    "many errors": lambda n: "{" + " ".join(f"x{n}x{i}" for i in range(4_900)) + "}",
    "many unknown arguments": lambda n: (
        "{ articles(" + " ".join(f"x{n}x{i}: 1" for i in range(1_600)) + ") { totalCount } }"
    ),
    "many unknown directives": lambda n: "{ __typename " + " ".join(f"@x{n}x{i}" for i in range(2_400)) + "}",
    "many unknown fragments": lambda n: "{ " + " ".join(f"...X{n}x{i}" for i in range(2_400)) + "}",
    "many unknown types": lambda n: "{" + " ".join(f"... on X{n}x{i} {{ a }}" for i in range(700)) + "}",
    "many misspelt fields": lambda n: "{ articles { nodes {" + " ".join(f"titl{n}{i}" for i in range(4_000)) + "} } }",
    "many operations": lambda n: " ".join(f"query Q{n}x{i} {{ __typename }}" for i in range(900)),
    "many anonymous operations": lambda n: "{ __typename } " * 1_600 + f"{{ a{n}: __typename }}",
    "many variables": lambda n: "query(" + " ".join(f"$v{n}x{i}: Int" for i in range(1_200)) + ") { __typename }",
    "many variables of one name": lambda n: "query(" + "$v: Int " * 1_200 + f") {{ a{n}: __typename }}",
    "many directives": lambda n: f"{{ a{n}: __typename " + "@include(if: true) " * 700 + "}",
    "many definitions of a schema": lambda n: " ".join(f"type A{n}x{i} {{ a: Int }}" for i in range(600)),
    "fragments that double": lambda n: doubling(40, f"a{n}: slug"),
    "fragments that double without an alias": lambda n: doubling(40, "slug") + f"# {n}",
    "a ring of fragments": lambda n: (
        "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{(i + 1) % 500} }}" for i in range(500)) + f"# {n}"
    ),
    "a fragment in itself": lambda n: f"{{ ...F }} fragment F on Query {{ a{n}: __typename ...F ...F ...F }}",
    "a chain of fragments": lambda n: (
        "{ ...F0 } "
        + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(500))
        + f"fragment F500 on Query {{ a{n}: __typename }}"
    ),
    "one fragment spread often": lambda n: (
        "{ articles(first: 1) { nodes {"
        + "...F " * 1_200
        + f"}} }} }} fragment F on Article {{ a{n}: title excerpt type }}"
    ),
    "unused fragments": lambda n: (
        "{ __typename } " + " ".join(f"fragment F{n}x{i} on Article {{ title }}" for i in range(700))
    ),
    "fields that conflict": lambda n: (
        "{ articles(first: 1) { nodes {" + " ".join(f"a{n}: excerpt(maxLength: {i})" for i in range(600)) + "} } }"
    ),
    "objects that conflict": lambda n: (
        "{ articles(first: 1) { nodes {"
        + " ".join(f"related(first: {i % 9}) {{ a{n}: title }}" for i in range(500))
        + "} } }"
    ),
    "fields that merge": lambda n: "{ articles(first: 1) { nodes {" + "title " * 4_800 + f"a{n}: title }} }} }}",
    "objects that merge in levels": lambda n: (
        "{ articles(first: 1) { nodes {" + "related { images { url } } " * 500 + f"a{n}: title }} }} }}"
    ),
    "inline fragments in each other": lambda n: "{" + nested("... {", f"a{n}: __typename", "}", 60) + "}",
    "inline fragments beside each other": lambda n: "{" + "... on Query { __typename } " * 800 + f"a{n}: __typename }}",
    "a deep document": lambda n: (
        "{ articles { nodes { " + nested("related(first: 1) { ", f"a{n}: title", " }", 20) + " } } }"
    ),
    "too many aliases": lambda n: "{" + " ".join(f"a{n}x{i}: __typename" for i in range(31)) + "}",
    "introspection in itself": lambda n: (
        "{ __schema { types {" + nested("fields { type {", f"a{n}: name", "} }", 15) + "} } }"
    ),
    "introspection side by side": lambda n: roots(
        20, lambda _: f"__schema {{ types {{ a{n}: name fields {{ name args {{ name type {{ name }} }} }} }} }}"
    ),
    "a list of many": lambda n: f'{{ articles(filter: {{path: {{in: ["{n}"' + ' "a"' * 4_800 + "]}}) { totalCount } }",
    "lists in each other": lambda n: (
        "{ articles(filter: {path: {in: " + nested("[", f'"{n}"', "]", 60) + "}}) { totalCount } }"
    ),
    "a wide filter": lambda n: counting(lambda i: f"heat: {{gt: {n + i}}}", 800),
    "a deep filter": lambda n: (
        "{ articles(filter: " + nested("{and: [", f"{{heat: {{gt: {n}}}}}", "]}", 25) + ") { totalCount } }"
    ),
}
"""What must be found out before anything is executed."""

EXECUTED: dict[str, Document] = {
    "texts that contain": lambda n: counting(lambda i: f'excerpt: {{contains: "q{n}q{i}"}}', 49).replace(
        "and:", "or:", 1
    ),
    "texts that are not": lambda n: counting(lambda i: f'excerpt: {{ne: "q{n}q{i}"}}', 49),
    "addresses that begin": lambda n: counting(
        lambda i: f'webUrl: {{startsWith: "https://www.paper{i}x{n}"}}', 49
    ).replace("and:", "or:", 1),
    "pictures": lambda n: counting(lambda i: f'images: {{none: {{url: {{contains: "q{n}q{i}"}}}}}}', 24),
    "numbers of pictures": lambda n: counting(lambda i: f"images: {{count: {{lt: {n + i + 100}}}}}", 33),
    "related articles": lambda n: counting(lambda i: f"related: {{some: {{heat: {{gt: {i - n - 500}}}}}}}", 24),
    "related articles in each other": lambda n: (
        "{ articles(first: 1, filter: "
        + nested("{related: {some: ", f"{{heat: {{gte: {-n - 2}}}}}", "}}", 20)
        + ") { totalCount } }"
    ),
    "nots in each other": lambda n: (
        "{ articles(first: 1, filter: "
        + nested("{not: ", f'{{excerpt: {{contains: "q{n}"}}}}', "}", 50)
        + ") { totalCount } }"
    ),
    "roots that each filter": lambda n: roots(
        20, lambda i: f'articles(first: 1, filter: {{excerpt: {{contains: "q{n}q{i}"}}}}) {{ totalCount }}'
    ),
    "lists that each filter": lambda n: (
        "{ topics(first: 16) { nodes {"
        + " ".join(
            f'f{i}: articles(first: 1, filter: {{excerpt: {{ne: "q{n}q{i}"}}}}) {{ totalCount }}' for i in range(19)
        )
        + "} } }"
    ),
    "orders": lambda n: roots(
        4,
        lambda i: (
            "articles(first: 1, orderBy: ["
            + " ".join(f"{{field: {field}}}" for field in ORDERS[(5 * n + 9 * i) % len(ORDERS)])
            + "]) { nodes { slug } }"
        ),
    ),
    "orders of one term": lambda n: roots(
        8,
        lambda i: (
            f"articles(first: 1, orderBy: {{field: {ORDERS[i % 2 * 60][i // 2]}, direction: ASC,"
            f" nulls: {('LAST', 'FIRST')[n % 2]}}}) {{ nodes {{ slug }} }}"
        ),
    ),
    "searches for what is not there": lambda n: roots(
        8, lambda i: f'articles(first: 1, search: {{query: "-zz{n}zz{i}"}}) {{ totalCount }}'
    ),
    "searches for beginnings": lambda n: roots(
        7, lambda i: f'articles(first: 1, search: {{query: "{LETTERS[i]}* -zz{n}"}}) {{ totalCount }}'
    ),
    "a search for many beginnings": lambda n: roots(
        2,
        lambda i: (
            f'articles(first: 1, search: {{query: "{" ".join(f"-{a}{n}{i}*" for a in LETTERS * 3)}"}}) {{ totalCount }}'
        ),
    ),
    "a search of patterns": lambda n: (
        f'{{ articles(search: {{query: "(a+)+$* .*.*{n}* [a-z]{{1,99}}* a|b* \\\\* \\"((a*)*)*"}}) {{ totalCount }} }}'
    ),
    "a search of one long word": lambda n: f'{{ articles(search: {{query: "{n}{"a" * 60_000}*"}}) {{ totalCount }} }}',
    "a search of many words": lambda n: (
        f'{{ articles(search: {{query: "{n} {"robot " * 10_000}"}}) {{ totalCount }} }}'
    ),
    "a search without spaces": lambda n: f'{{ articles(search: {{query: "{n}{"界" * 20_000}"}}) {{ totalCount }} }}',
    "facets": lambda n: roots(
        4,
        lambda i: (
            f"articles(first: 1, filter: {{heat: {{gte: {-n - i - 2}}}}}) {{ facets {{"
            " histogram(unit: HOUR) { start end } a: histogram(unit: DAY) { start }"
            " topics(first: 100) { topic { name } } providers(first: 100) { provider { name } }"
            " b: histogram(unit: WEEK) { count } } }"
        ),
    ),
    "highlights": lambda n: (
        f'{{ articles(first: 100, search: {{query: "r* -zz{n}"}}) {{ edges {{ highlights {{ snippet }} }} }} }}'
    ),
    "all fields of a page": lambda n: (
        f"{{ articles(first: 100) {{ nodes {{ a{n}: title {SCALARS} topics {{ name }} }} }} }}"
    ),
    "the most objects": lambda n: (
        f"{{ providers(first: 97) {{ nodes {{ articles(first: 99) {{ nodes {{ a{n}: title }} }} }} }} }}"
    ),
    "the most values": lambda n: (
        "{ providers(first: 12) { nodes { articles(first: 99) { nodes {"
        + " ".join(f"a{n}x{i}: excerpt" for i in range(28))
        + "} } } } }"
    ),
    "aliases of a long text": lambda n: (
        "{ providers(first: 97) { nodes { articles(first: 99) { nodes {"
        + " ".join(f"a{n}x{i}: excerpt" for i in range(28))
        + "} } } } }"
    ),
    "bodies": lambda n: (
        f"{{ articles(first: 100) {{ nodes {{ a{n}: body extra featuredContent related {{ title }} }} }} }}"
    ),
    "all bodies": lambda n: (
        f"{{ providers(first: 97) {{ nodes {{ articles(first: 99) {{ nodes {{ a{n}: body }} }} }} }} }}"
    ),
    "introspection beside data": lambda n: (
        "{ __schema { queryType { name } } providers(first: 45) { nodes { articles(first: 99) { nodes {"
        f" a{n}: title }} }} }} }} }}"
    ),
    "related entries of related entries": lambda n: (
        "{ articles(first: 8) { nodes {" + nested("related(first: 3) {", f"a{n}: title excerpt", "}", 6) + "} } }"
    ),
    "changes": lambda n: roots(5, lambda i: f"changes(first: {199 - i}) {{ changes {{ a{n}: kind at seq }} }}"),
    "nodes": lambda n: "{ nodes(ids: [" + f'"{n}" ' * 100 + "]) { id } }",
}
"""What may be executed, and what was found to cost too much once."""


def in_variables(n: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return documents whose trouble is in their variables."""
    conditions = {"or": [{"excerpt": {"contains": f"q{n}q{i}"}} for i in range(45)]}
    numbered = " ".join(
        f"f{i}: articles(filter: {{and: [$f], heat: {{gte: {-i}}}}}) {{ totalCount }}" for i in range(20)
    )
    return {
        "one filter": ("query($f: ArticleFilter) { articles(filter: $f) { totalCount } }", {"f": conditions}),
        "a filter in many places": (f"query($f: ArticleFilter) {{ {numbered} }}", {"f": conditions}),
        "a long list": (
            "query($p: [String!]) { articles(filter: {path: {in: $p}}) { totalCount } }",
            {"p": [f"{n}-{i}" for i in range(9_000)]},
        ),
        "a list beyond measure": (
            "query($p: [Int!]) { articles(filter: {quality: {in: $p}}) { totalCount } }",
            {"p": list(range(n, n + 100_000))},
        ),
        "a long search": (
            "query($q: String!) { articles(search: {query: $q}) { totalCount } }",
            {"q": f"{n} " + "a" * 900_000},
        ),
        "many that are not asked for": (
            "query($n: Int) { articles(first: $n) { totalCount } }",
            {"n": n, **{f"v{i}": [i] for i in range(50_000)}},
        ),
    }
