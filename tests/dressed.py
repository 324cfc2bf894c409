"""Generated operations, dressed up: arguments become variables, selections fragments, and conditions are put on."""

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


def named(name: str) -> NameNode:
    """Return a name."""
    return NameNode(value=name)


class Dresser(Visitor):
    """Dresses one document; *variables* are what to send along."""

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
            self.variables[name] = value
        return ArgumentNode(name=node.name, value=VariableNode(name=named(name)))

    def conditions(self) -> tuple[DirectiveNode, ...]:
        """Draw conditions of a selection."""
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
            self.variables[name], value = answer, variable
        argument = ArgumentNode(name=named("if"), value=value)
        return (DirectiveNode(name=named(kind), arguments=(argument,)),)

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        """Condition selections, add `__typename`, and move the selection set into a fragment."""
        selections: list[Any] = []
        for each in node.selections:
            if isinstance(each, FieldNode | InlineFragmentNode):
                selections.append(replace(each, directives=(*(each.directives or ()), *self.conditions())))
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
        spread = FragmentSpreadNode(name=named(name), directives=self.conditions(), arguments=())
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
