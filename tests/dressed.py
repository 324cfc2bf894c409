"""Dresses generated operations up: makes arguments variables and selections fragments, and adds `@skip` and `@include`.

Some variables do not fit, or are missing where they are required.
"""

from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import strategies as st

ODD: list[Any] = [None, "", "odd", 0, -1, 2**31, 1.5, True, [], [None], ["odd"], [[1]], {}, {"odd": 1}]
"""Values that do not fit most types."""


def named(name: str) -> NameNode:
    """Return a name."""
    return NameNode(value=name)


class Dresser(Visitor):
    """Dresses one document; `variables` are to be sent with it."""

    def __init__(self, draw: st.DrawFn, types: TypeInfo) -> None:
        super().__init__()
        self.draw, self.types = draw, types
        self.definitions: list[VariableDefinitionNode] = []
        self.fragments: list[FragmentDefinitionNode] = []
        self.variables: dict[str, Any] = {}

    def chance(self, of: int) -> bool:
        """Draw one in *of*."""
        return self.draw(st.integers(1, of)) == 1

    def enter_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        """Make an argument's value a variable, with or without default."""
        if not self.chance(3):
            return None
        kind = str(self.types.get_input_type())
        name = f"v{len(self.definitions)}"
        try:
            value = value_from_ast_untyped(node.value)
        except ValueError:
            return None
        default: Any = node.value if self.chance(4) else None
        self.definitions.append(
            VariableDefinitionNode(
                variable=VariableNode(name=named(name)), type=parse_type(kind), default_value=default, directives=()
            )
        )
        if default is None or self.chance(2):
            self.give(name, value)
        return ArgumentNode(name=node.name, value=VariableNode(name=named(name)))

    def give(self, name: str, value: Any) -> None:
        """Send a variable's value, or an odd one, or none."""
        if not self.chance(20):
            self.variables[name] = value
        elif not self.chance(3):
            self.variables[name] = self.draw(st.sampled_from(ODD))

    def directives(self) -> tuple[DirectiveNode, ...]:
        """Draw whether and how `@skip` or `@include` stands at a selection."""
        if not self.chance(8):
            return ()
        kind, answer = self.draw(st.sampled_from(["skip", "include"])), self.draw(st.booleans())
        value: Any = BooleanValueNode(value=answer)
        if self.chance(2):
            name = f"b{len(self.definitions)}"
            variable = VariableNode(name=named(name))
            self.definitions.append(
                VariableDefinitionNode(variable=variable, type=parse_type("Boolean!"), directives=())
            )
            self.give(name, answer)
            value = variable
        argument = ArgumentNode(name=named("if"), value=value)
        return (DirectiveNode(name=named(kind), arguments=(argument,)),)

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        """Add directives and `__typename` to a selection set, and move it into a fragment."""
        selections: list[Any] = []
        for each in node.selections:
            if isinstance(each, FieldNode | InlineFragmentNode):
                selections.append(replace(each, directives=(*(each.directives or ()), *self.directives())))
            else:
                selections.append(each)
        if self.chance(6):
            selections.insert(0, FieldNode(name=named("__typename"), arguments=(), directives=()))
        kind = get_named_type(self.types.get_parent_type())
        if kind is None or not self.chance(5):
            return SelectionSetNode(selections=tuple(selections))
        name = f"F{len(self.fragments)}"
        self.fragments.append(
            FragmentDefinitionNode(
                name=named(name),
                type_condition=NamedTypeNode(name=named(kind.name)),
                directives=(),
                variable_definitions=(),
                selection_set=SelectionSetNode(selections=tuple(selections)),
            )
        )
        spread = FragmentSpreadNode(name=named(name), directives=self.directives(), arguments=())
        again = selections[:1] if self.chance(2) else []
        return SelectionSetNode(selections=(spread, *again))


@st.composite
def dressed(draw: st.DrawFn, texts: st.SearchStrategy[str], schema: GraphQLSchema) -> tuple[str, dict[str, Any]]:
    """Draw an operation and its variables."""
    document = parse(draw(texts))
    types = TypeInfo(schema)
    dresser = Dresser(draw, types)
    document = visit(document, TypeInfoVisitor(types, dresser))
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    operation = replace(operation, variable_definitions=tuple(dresser.definitions))
    whole = DocumentNode(definitions=(operation, *dresser.fragments))
    return print_ast(whole), dresser.variables
