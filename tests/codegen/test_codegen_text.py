"""Trees of Python and their text: brackets, line length, and texts that must stay constants."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cldsl.codegen.names import Identifier, NameRefused, Names, identifier, taken
from cldsl.codegen.printer import comment_text, docstring, flat, lines_of, text_of
from cldsl.codegen.statements import Assign, Binary, Choice, Do, Expression, Literal, Name, Remark, Unary, call, name

_NUMBERS = st.sampled_from([2, 3.5, -1, 7]).map(Literal)
_OPS = st.sampled_from(["+", "-", "*", "/", "**", "%", "<", "==", "and", "or", "&", "|"])


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    binary = st.builds(Binary, _OPS, inner, inner)
    return binary | st.builds(Unary, st.sampled_from(["-", "not"]), inner) | st.builds(Choice, inner, inner, inner)


def _shape(e: Expression) -> str:
    """The tree with every bracket written."""
    if isinstance(e, Binary) and e.op in ("and", "or") and isinstance(e.left, Binary) and e.left.op == e.op:
        return f"({_shape(e.left)[1:-1]} {e.op} {_shape(e.right)})"  # Python reads a chain as one
    if isinstance(e, Binary):
        return f"({_shape(e.left)} {e.op} {_shape(e.right)})"
    if isinstance(e, Unary):
        return f"({e.op} {_shape(e.operand)})"
    if isinstance(e, Choice):
        return f"({_shape(e.then)} if {_shape(e.test)} else {_shape(e.other)})"
    return f"({flat(e)})"


@settings(max_examples=60, deadline=None)
@given(st.recursive(_NUMBERS | st.sampled_from("xyz").map(lambda x: Name((x,))), _grown, max_leaves=10))
def test_brackets_are_enough(e: Expression) -> None:
    assert ast.dump(ast.parse(flat(e), mode="eval")) == ast.dump(ast.parse(_shape(e), mode="eval"))
    broken = "\n".join(lines_of([Assign((name("value"),), call("f", *[e] * 12))]))
    assert ast.dump(ast.parse(broken)) == ast.dump(ast.parse(f"value = f({', '.join([_shape(e)] * 12)})"))


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text_stays_a_constant(text: str) -> None:
    assert ast.literal_eval(text_of(text)) == text
    assert ast.literal_eval("\n".join(docstring(text)).strip()).strip() is not None
    tree = ast.parse("\n".join(docstring(text)))
    assert len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
    # a comment too long for its line stands above it; either way the statement is all there is
    noted = ast.parse("\n".join(lines_of([Remark(text), Do(name("x"), comment_text(text))])))
    assert [ast.unparse(each) for each in noted.body] == ["x"]


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinite_numbers_have_a_name(value: float) -> None:
    assert text_of((value, 1)) == f"({'-' if value < 0 else ''}torch.inf, 1)"


def test_other_values_are_no_constants() -> None:
    with pytest.raises(TypeError):
        text_of(object())


@pytest.mark.parametrize("text", ["", "1x", "a b", "a-b", "naïve", "x\n", "ｘ", "a;b", "x'"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(NameRefused):
        identifier(text)


@pytest.mark.parametrize(
    ("text", "want"), [("class", "class_"), ("__class__", "n_class__"), ("_", "n_"), ("None", "None_")]
)
def test_names_that_python_reads_otherwise_are_changed(text: str, want: str) -> None:
    assert identifier(text) == want


def test_names_are_unique_and_stable() -> None:
    names = Names()
    assert [names.of("x"), names.of("t.x"), names.of("t_x"), names.of("x"), names.fresh("x")] == [
        "x",
        "t_x",
        "t_x_2",
        "x",
        "x_2",
    ]
    assert names.fresh("torch") != "torch" and names.fresh("self") != "self"


@pytest.mark.parametrize("path", [("torch", "exp(1)"), ("import os",), ("__import__",), ("lambda",)])
def test_a_path_is_made_of_names(path: tuple[str, ...]) -> None:
    with pytest.raises(NameRefused):
        Name(path)


def test_the_attributes_of_a_program_are_taken() -> None:
    from cldsl.runtime import Program

    class Empty(Program):
        def build(self) -> None: ...

    assert set(vars(Empty())) | {"forward", "train", "seed", "minimize", "state_dict"} <= taken()
    assert isinstance(Names(taken()).of("forward"), Identifier) and Names(taken()).of("forward") != "forward"
