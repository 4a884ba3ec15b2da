"""The text of a function is read back to an equal function, and says what is wrong with a text that is none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cldsl.graph.nodes import Axis, Function, Graph, GraphError
from cldsl.graph.printer import same, show, value, word
from cldsl.graph.reader import _Line, read
from cldsl.graph.view import to_networkx
from cldsl.syntax.diagnostics import Span
from tests.support.graphs import functions

TEXT = """\
function objective_1 grad  # dcl.cl:30
  doc "mean \\"decoupled\\" loss"
  %0 = input(kind=learn, name=z) : real[item, dim=8] as "z"  # dcl.cl:12
  %1 = call(%0; model=f, consumes=(dim), produces=(width[3]), mode=train, version=0, site="16:14") : real[item, width=3]
  %2 = reduce(%1; kind=sum, over=(item, width)) : real[]
  %3 = const(value=-inf) : real[]
  %4 = expand(%3; axis=c[4]) : real[c=4]
  %5 = table(values=((1, -2), (3, 4))) : int[c=2, "odd name"=2]
  return loss=%2, "two words"=%4, t=%5
"""


def test_text_is_read_back_as_it_was() -> None:
    function = read(TEXT)
    assert show(function) == TEXT
    assert function.span == Span("dcl.cl", 30, 1, 30, 1)
    assert function.doc == 'mean "decoupled" loss'
    assert function.outputs[0][1].inputs[0].inputs[0].label == "z"


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(made=functions())
def test_random_functions_survive(made: tuple[Graph, Function]) -> None:
    _, function = made
    text = show(function)
    graph = Graph()
    again = read(text, graph)
    assert show(again) == text
    assert same(again, function)
    assert [a is b for (_, a), (_, b) in zip(read(text, graph).outputs, again.outputs, strict=True)] == [True, True]


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.builds(Axis, st.text(min_size=1, max_size=4), st.one_of(st.none(), st.integers(0, 99))),
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(item=st.recursive(_SCALARS, lambda each: st.lists(each, max_size=3).map(tuple), max_leaves=6))
def test_attribute_values_survive(item: object) -> None:
    line = _Line(value(item), 1)
    again = line.value()
    assert line.peek()[0] == "end"
    assert (again, repr(again)) == (item, repr(item))


def test_words_that_are_numbers_or_constants_are_quoted() -> None:
    assert [word(each) for each in ("row_1", "f.weight", "true", "inf", "2d", "")] == [
        "row_1", "f.weight", '"true"', '"inf"', '"2d"', '""',
    ]  # fmt: skip


def test_numbers_keep_their_type() -> None:
    items = (1, 1.0, True, -math.inf, 1e-30)
    assert [(type(each), each) for each in _Line(value(items), 1).value()] == [(type(each), each) for each in items]


def test_labels_and_places_are_no_part_of_meaning() -> None:
    bare = read("function g\n%0 = const(value=1.0) : real[]\nreturn y=%0\n")
    marked = read('function g  # a.cl:3\n%0 = const(value=1.0) : real[] as "one"  # a.cl:4\nreturn y=%0\n')
    assert same(bare, marked)
    assert show(bare) != show(marked)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%0 = const(value=1.0) : real[]\n%1 = exp(%2) : real[]", "line 3: %2 is not defined above"),
        ("%0 = const(value=1.0) : real[]\n%1 = exp(%0) : real[a=2]", "line 3: %1 is real[], not what the line says"),
        ("%0 = const(value=1.0) : real[]\n%1 = frob(%0) : real[]", "line 3: no operator frob"),
        ("%0 = const(value=&) : real[]", "line 2: cannot read '&) : real[]'"),
        ("%0 = const(value=1.0) real[]", "line 2: : expected, not real"),
        ("%0 = const(value=1.0) : real[]  # nowhere", "line 2: # nowhere is no place in a spec"),
    ],
)
def test_mistakes_are_named_with_their_line(body: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        read(f"function f\n{body}\nreturn y=%0\n")
    assert str(caught.value) == message


def test_networkx_view() -> None:
    graph = Graph()
    x = graph.leaf("input", (Axis("a", 2),), kind="learn", name="x")
    square = graph.make("mul", x, x)
    view = to_networkx(Function("f", (("y", square),)))
    assert view.edges[x, square]["places"] == (0, 1)
    assert view.nodes[square]["axes"] == ("a",)
    assert view.graph["outputs"] == {"y": square}
