"""Random trees of every node class, such as a parser may produce them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cldsl.syntax import ast

RESERVED = [
    "spec",
    "use",
    "param",
    "data",
    "model",
    "learn",
    "state",
    "draw",
    "view",
    "let",
    "def",
    "contrast",
    "anchor",
    "positive",
    "negative",
    "logit",
    "similarity",
    "temperature",
    "train",
    "on",
    "loop",
    "every",
    "minimize",
    "report",
    "variant",
    "claim",
    "from",
    "over",
    "by",
    "if",
    "else",
    "and",
    "or",
    "not",
    "in",
    "top",
    "weight",
]

names = st.sampled_from(["a", "b", "c", "item", "v", "x1", "z_2", "Photo", "word", "K"])
#: after a dot every word is an ordinary name
member_names = st.sampled_from([*RESERVED, "item", "eval"])
#: before `=` in a call as well, but for the word that begins an expression
argument_names = st.sampled_from([word for word in RESERVED if word != "not"] + ["lr", "k"])
texts = st.sampled_from(["", "mnist-5k", "a # in a text", "it's: [x", "ü ∈ S", "\\n"])
_NUMBERS = st.one_of(
    st.integers(0, 10**15 - 1), st.floats(0, allow_infinity=False, allow_nan=False).map(abs), st.just(1e-4)
)
_OPERATORS = ["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "|", ".."]


def tuples(items: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def maybe(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | value


def comprehensions(e: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Comprehension]:
    plain = st.builds(ast.Comprehension, names, e, maybe(e), weight=maybe(e))
    return plain | st.builds(ast.Comprehension, names, e, maybe(e), e, e, maybe(e))


def positions(e: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Position]:
    def is_row(value: ast.Expr) -> bool:
        return isinstance(value, ast.Binary) and value.op == "in" and isinstance(value.left, ast.Name)

    return st.builds(ast.Position, e.filter(lambda value: not isinstance(value, ast.Name) and not is_row(value)))


def axis_items(e: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.AxisItem]:
    parts = tuples(st.tuples(names, maybe(e)), 1)
    return st.one_of(
        comprehensions(e),
        st.builds(ast.AxisName, names, st.just(False), maybe(e)),
        st.builds(ast.AxisName, names, st.just(True)),
        st.builds(ast.Select, argument_names, e, st.just(False)),
        st.builds(ast.Select, names, e, st.just(True)),
        st.builds(ast.Slice, names, maybe(e), maybe(e)),
        st.builds(ast.Rename, tuples(names, 1), parts),
        positions(e),
    )


def arguments(e: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Argument]:
    return st.builds(ast.Argument, maybe(argument_names), e)


def _larger(e: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
    return st.one_of(
        st.builds(ast.Binary, st.sampled_from(_OPERATORS), e, e),
        st.builds(ast.Unary, st.sampled_from(["-", "not"]), e),
        st.builds(ast.Attribute, e, member_names),
        st.builds(ast.Call, e, tuples(arguments(e))),
        st.builds(ast.Index, e, tuples(axis_items(e), 1, 2)),
        st.builds(ast.Choose, e, e, maybe(e)),
        st.builds(ast.Fill, e, e),
        st.builds(ast.SetOf, tuples(comprehensions(e), 0, 2)),
        st.builds(ast.ListOf, tuples(e)),
        st.builds(ast.TupleOf, tuples(e, 2)),
    )


expressions: st.SearchStrategy[ast.Expr] = st.recursive(
    st.builds(ast.Name, names) | st.builds(ast.Number, _NUMBERS) | st.builds(ast.Text, texts), _larger, max_leaves=8
)
#: for the many places of a statement, where small is enough
small: st.SearchStrategy[ast.Expr] = st.recursive(
    st.builds(ast.Name, names) | st.builds(ast.Number, _NUMBERS), _larger, max_leaves=3
)
_places = st.recursive(
    st.builds(ast.Name, names),
    lambda e: st.builds(ast.Index, e, tuples(axis_items(small), 1, 2)) | st.builds(ast.Attribute, e, member_names),
    max_leaves=2,
)
_axes = tuples(axis_items(small), 0, 2)
_some_axes = tuples(axis_items(small), 1, 2)
_parameters = tuples(st.builds(ast.Parameter, names, maybe(small)), 0, 2)
_streams = st.builds(ast.Stream, small, maybe(small))
_bounds = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "in"]), small)
_terms = st.builds(ast.Term, small, tuples(small, 0, 2), maybe(small))

domains = st.builds(ast.Domain, names, tuples(arguments(small), 0, 2), tuples(_bounds, 0, 2))
columns = st.builds(ast.Column, names, _axes, maybe(names))
outputs = st.one_of(
    st.builds(ast.Output, names, maybe(small), st.none(), st.booleans()),
    st.builds(ast.Output, names, st.none(), _some_axes),
)
_consumed = st.one_of(
    st.builds(ast.AxisName, names, st.booleans()), st.builds(ast.Select, names, small, st.just(False))
)
models = st.one_of(
    st.builds(ast.Model, names, _axes, st.none(), st.just(()), small),
    st.builds(ast.Model, names, _axes, tuples(_consumed, 1), tuples(outputs, 1), small),
)
lets = st.builds(ast.Let, names, _axes, expressions)
cells = st.one_of(
    st.builds(ast.Cell, st.sampled_from(["learn", "state"]), names, _axes, maybe(names), small, st.booleans()),
    st.builds(ast.Cell, st.sampled_from(["learn", "state"]), names, _axes, maybe(names), st.none(), st.just(False)),
)


def draws(kinds: list[str]) -> st.SearchStrategy[ast.Draw]:
    return st.builds(ast.Draw, st.sampled_from(kinds), tuples(st.tuples(names, _axes), 1, 2), small)


_lines = st.one_of(
    st.builds(ast.Role, st.just("anchor"), tuples(comprehensions(small), 1, 2)),
    st.builds(ast.Role, st.sampled_from(["positive", "negative"]), tuples(comprehensions(small), 1, 1)),
    st.builds(ast.Pair, st.sampled_from(["logit", "similarity", "temperature"]), small),
    lets,
    draws(["draw"]),
)
contrasts = st.builds(ast.Contrast, names, _parameters, maybe(names), tuples(_lines, 0, 5))
_simple = st.one_of(
    st.builds(ast.Param, names, maybe(domains), small),
    st.builds(ast.Data, names, tuples(columns, 1), tuples(texts, 0, 2)),
    models,
    cells,
    draws(["draw", "view"]),
    lets,
    contrasts,
    st.builds(ast.Assign, _places, small),
    st.builds(ast.Minimize, tuples(_terms, 1, 1)),
    st.builds(ast.Minimize, tuples(_terms, 2), st.just(True)),
    st.builds(ast.Report, names, _axes, small),
)


def _blocks(statement: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    body = tuples(statement, 1)
    return st.one_of(
        st.builds(ast.Def, names, _axes, _parameters, _axes, tuples(statement, 0, 2), small),
        st.builds(ast.Train, maybe(names), tuples(_streams, 0, 2), maybe(names), tuples(statement, 0, 2)),
        st.builds(ast.On, tuples(_streams, 1, 2), body),
        st.builds(ast.Loop, names, small, maybe(small), body),
        st.builds(ast.Every, small, names, body),
    )


statements = st.recursive(_simple, _blocks, max_leaves=4) | _blocks(_simple)
_headers = st.one_of(
    st.builds(ast.Header, names, tuples(texts, 1), maybe(names), st.just(False)),
    st.builds(ast.Header, names, tuples(texts, 1), texts, st.just(True)),
)
_orderings = tuples(st.tuples(names, st.sampled_from(["<", "<=", "~"]), names), 1)
items = st.one_of(
    _headers,
    st.builds(ast.Use, tuples(names, 1), tuples(names, 1)),
    statements,
    contrasts,
    st.builds(ast.Variant, names, maybe(texts), maybe(names), tuples(statements, 1, 2)),
    st.builds(ast.Claim, names, _orderings),
)
files = st.builds(ast.File, tuples(items, 0, 4))
