"""From reductions to our tree: one method per rule of grammar/cldsl.lark, called bottom-up with the rule's children.

Anything that a rule cannot say by itself (a bare axis against an expression, two temperatures) is judged here or later,
never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span
from cldsl.syntax.lalr import Token


class Block(tuple[Any, ...]):
    """The lines below a colon; its own type so that it is not taken for one of the values of a rule."""


def _role(kind: str) -> Callable[[Builder, Span, list[Any]], ast.Role]:
    return lambda builder, span, c: ast.Role(kind, tuple(builder.rows(c)), span=span)


def _pair(kind: str) -> Callable[[Builder, Span, list[Any]], ast.Pair]:
    return lambda builder, span, c: ast.Pair(kind, c[0], span=span)


def _binary(op: str) -> Callable[[Builder, Span, list[Any]], ast.Binary]:
    return lambda builder, span, c: ast.Binary(op, c[0], c[-1], span=span)


class Builder:
    """Holds the file's name for the spans and collects what is well-formed but senseless."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def complain(self, span: Span, code: str, message: str, reason: str = "", mend: str = "") -> None:
        self.found.append(Diagnostic(span, code, message, reason, mend))

    def r_axes(self, span: Span, c: list[Any]) -> tuple[Any, ...]:
        return tuple(c)

    r_streams = r_axis_names = r_outs = r_params = r_over = r_top = r_axis_group = r_axes

    # ---- file

    def r_start(self, span: Span, c: list[Any]) -> ast.File:
        items: list[ast.Item] = []
        for child in c:
            if isinstance(child, Block):
                items.extend(child)
            elif child is not None:
                items.append(child)
        return ast.File(tuple(items), span=span)

    def r_spec(self, span: Span, c: list[Any]) -> ast.Header:
        texts = tuple(_text(t) for t in c[1:] if isinstance(t, Token))
        parent = c[-1] if isinstance(c[-1], tuple) else (None, False)
        return ast.Header(str(c[0]), texts, parent[0], parent[1], span=span)

    def r_use(self, span: Span, c: list[Any]) -> ast.Use:
        return ast.Use(c[0], c[1], span=span)

    def r_dotted(self, span: Span, c: list[Any]) -> tuple[str, ...]:
        return tuple(str(t) for t in c)

    r_names = r_dotted

    def r_from_(self, span: Span, c: list[Any]) -> tuple[str, bool]:
        token = c[0]
        return (_text(token), True) if token.type == "STRING" else (str(token), False)

    # ---- declarations

    def r_param(self, span: Span, c: list[Any]) -> Block:
        return Block(c)

    def r_param_item(self, span: Span, c: list[Any]) -> ast.Param:
        return ast.Param(str(c[0]), c[1], c[2], span=span)

    def r_type_(self, span: Span, c: list[Any]) -> ast.Domain:
        return ast.Domain(str(c[0]), tuple(c[1] or ()), tuple(c[2:]), span=span)

    def r_bound(self, span: Span, c: list[Any]) -> tuple[str, ast.Expr]:
        return ("in", c[0]) if len(c) == 1 else (str(c[0]), c[1])

    def r_data(self, span: Span, c: list[Any]) -> Block:
        columns = tuple(x for x in c if isinstance(x, ast.Column))
        sources = tuple(_text(x) for x in c[1:] if isinstance(x, Token))
        return Block((ast.Data(str(c[0]), columns, sources, span=span),))

    def r_column(self, span: Span, c: list[Any]) -> ast.Column:
        return ast.Column(str(c[0]), c[1] or (), c[2], span=span)

    def r_target(self, span: Span, c: list[Any]) -> str:
        return str(c[0])

    def r_model(self, span: Span, c: list[Any]) -> Block:
        value = c[-1]
        return Block(
            ast.Model(name, family, consumes, produces, value, further, span=where)
            for where, name, family, (consumes, further, produces) in c[:-1]
        )

    def r_model_item(self, span: Span, c: list[Any]) -> tuple[Any, ...]:
        return (span, str(c[0]), c[1] or (), c[2] or (None, (), ()))

    def r_signature(self, span: Span, c: list[Any]) -> tuple[Any, ...]:
        return (c[0], tuple(c[1:-1]), c[-1])

    def r_axis_name(self, span: Span, c: list[Any]) -> ast.AxisItem:
        if c[0].type == "RAGGED":
            return ast.AxisName(str(c[0])[:-1], ragged=True, span=span)
        if len(c) > 1 and c[1] is not None:
            return ast.Select(str(c[0]), c[1], span=span)
        return ast.AxisName(str(c[0]), span=span)

    def r_out(self, span: Span, c: list[Any]) -> ast.Output:
        ragged = c[0].type == "RAGGED"
        name = str(c[0])[:-1] if ragged else str(c[0])
        rest = c[1] if len(c) > 1 else None
        if isinstance(rest, tuple):
            return ast.Output(name, None, rest, ragged, span=span)
        return ast.Output(name, rest, None, ragged, span=span)

    def r_learn(self, span: Span, c: list[Any]) -> Block:
        return Block(ast.Cell("learn", *cell, span=where) for where, cell in c)

    def r_state(self, span: Span, c: list[Any]) -> Block:
        return Block(ast.Cell("state", *cell, span=where) for where, cell in c)

    def r_cell(self, span: Span, c: list[Any]) -> tuple[Span, tuple[Any, ...]]:
        drawn, value = c[3] or (False, None)
        return (span, (str(c[0]), c[1] or (), c[2], value, drawn))

    def r_init_value(self, span: Span, c: list[Any]) -> tuple[bool, ast.Expr]:
        return (False, c[0])

    def r_init_draw(self, span: Span, c: list[Any]) -> tuple[bool, ast.Expr]:
        return (True, c[0])

    def r_draw(self, span: Span, c: list[Any]) -> Block:
        return Block((ast.Draw("draw", tuple(c[:-1]), c[-1], span=span),))

    def r_view(self, span: Span, c: list[Any]) -> Block:
        return Block((ast.Draw("view", tuple(c[:-1]), c[-1], span=span),))

    def r_place_name(self, span: Span, c: list[Any]) -> tuple[str, tuple[ast.AxisItem, ...]]:
        return (str(c[0]), c[1] or ())

    def r_let(self, span: Span, c: list[Any]) -> Block:
        return Block(c)

    def r_let_item(self, span: Span, c: list[Any]) -> ast.Let:
        return ast.Let(str(c[0]), c[1] or (), c[2], span=span)

    def r_def_expr(self, span: Span, c: list[Any]) -> Block:
        return Block((ast.Def(str(c[0]), c[1] or (), c[2] or (), c[3] or (), (), c[4], span=span),))

    def r_def_block(self, span: Span, c: list[Any]) -> Block:
        body = _flat(c[4:-1])
        return Block((ast.Def(str(c[0]), c[1] or (), c[2] or (), c[3] or (), body, c[-1], span=span),))

    def r_param_name(self, span: Span, c: list[Any]) -> ast.Parameter:
        return ast.Parameter(str(c[0]), c[1], span=span)

    def r_contrast(self, span: Span, c: list[Any]) -> Block:
        parent = c[2][0] if c[2] else None
        return Block((ast.Contrast(str(c[0]), c[1] or (), parent, _flat(c[3:]), span=span),))

    r_contrast_same = r_contrast

    r_anchor, r_positive, r_negative = (_role(kind) for kind in ("anchor", "positive", "negative"))
    r_logit, r_similarity, r_temperature = (_pair(kind) for kind in ("logit", "similarity", "temperature"))

    # ---- statements

    def r_train(self, span: Span, c: list[Any]) -> ast.Train:
        parent = c[2][0] if c[2] else None
        return ast.Train(str(c[0]) if c[0] else None, c[1] or (), parent, _flat(c[3:]), span=span)

    def r_stream(self, span: Span, c: list[Any]) -> ast.Stream:
        return ast.Stream(c[0], c[1], span=span)

    def r_on(self, span: Span, c: list[Any]) -> ast.On:
        return ast.On(c[0], _flat(c[1:]), span=span)

    def r_loop(self, span: Span, c: list[Any]) -> ast.Loop:
        return ast.Loop(str(c[0]), c[1], c[2], _flat(c[3:]), span=span)

    def r_every(self, span: Span, c: list[Any]) -> ast.Every:
        return ast.Every(c[0], str(c[1]), _flat(c[2:]), span=span)

    def r_assign(self, span: Span, c: list[Any]) -> ast.Assign:
        return ast.Assign(c[0], c[2], span=span)

    def r_minimize(self, span: Span, c: list[Any]) -> ast.Minimize:
        return ast.Minimize(tuple(c), len(c) > 1, span=span)

    def r_term(self, span: Span, c: list[Any]) -> ast.Term:
        return ast.Term(c[0], c[1] or (), c[2], span=span)

    def r_by(self, span: Span, c: list[Any]) -> ast.Expr:
        value: ast.Expr = c[0]
        return value

    def r_report(self, span: Span, c: list[Any]) -> ast.Report:
        return ast.Report(str(c[0]), c[1] or (), c[2], span=span)

    def r_variant(self, span: Span, c: list[Any]) -> ast.Variant:
        parent = c[2][0] if c[2] else None
        text = _text(c[1]) if c[1] else None
        return ast.Variant(str(c[0]), text, parent, _flat(c[3:]), span=span)

    def r_claim(self, span: Span, c: list[Any]) -> ast.Claim:
        return ast.Claim(str(c[0]), tuple(c[1:]), span=span)

    def r_ordering(self, span: Span, c: list[Any]) -> tuple[str, str, str]:
        return (str(c[0]), str(c[1]), str(c[2]))

    # ---- brackets

    def r_comp(self, span: Span, c: list[Any]) -> ast.AxisItem:
        """`item`, `word if m`, `c in S if P top k by E weight w`, or a position"""
        value, condition, top, weight = c
        k, by = top if top else (None, None)
        if isinstance(value, ast.Binary) and value.op == "in" and isinstance(value.left, ast.Name):
            return ast.Comprehension(value.left.id, value.right, condition, k, by, weight, span=span)
        if top or weight:
            self.complain(
                span,
                "clause-without-row",
                "`top` and `weight` belong to a row",
                "no row is bound here",
                "write `c in SOURCE ...`",
            )
        if isinstance(value, ast.Name):
            return ast.AxisName(value.id, condition=condition, span=span)
        if condition is not None:
            self.complain(
                span,
                "filter-in-brackets",
                "a filter in brackets follows an axis or a row",
                "this is a value",
                "put the choice in parentheses",
            )
        return ast.Position(value, span=span)

    def r_cond(self, span: Span, c: list[Any]) -> ast.Expr:
        value: ast.Expr = c[0]
        return value

    r_expr = r_cond

    def r_weight(self, span: Span, c: list[Any]) -> Any:
        return c[0]

    def r_select(self, span: Span, c: list[Any]) -> ast.Select:
        return ast.Select(str(c[0]), c[1], span=span)

    def r_slice(self, span: Span, c: list[Any]) -> ast.Slice:
        return ast.Slice(str(c[0]), c[1], c[2], span=span)

    def r_ragged(self, span: Span, c: list[Any]) -> ast.AxisItem:
        name = str(c[0])[:-1]
        if c[1] is not None:
            return ast.Select(name, c[1], ragged=True, span=span)
        return ast.AxisName(name, ragged=True, span=span)

    def r_rename(self, span: Span, c: list[Any]) -> ast.Rename:
        old = self._axis_names(c[0])
        new = c[1] if isinstance(c[1], tuple) else ((str(c[1]), None),)
        return ast.Rename(old, new, span=span)

    def r_axis_part(self, span: Span, c: list[Any]) -> tuple[str, Any]:
        return (str(c[0]), c[1])

    # ---- expressions

    def r_filter(self, span: Span, c: list[Any]) -> ast.Choose:
        return ast.Choose(c[0], c[1], None, span=span)

    def r_choose(self, span: Span, c: list[Any]) -> ast.Choose:
        return ast.Choose(c[0], c[1], c[2], span=span)

    def r_fill(self, span: Span, c: list[Any]) -> ast.Fill:
        return ast.Fill(c[0], c[1], span=span)

    r_or_, r_and_, r_member, r_union, r_range = (_binary(op) for op in ("or", "and", "in", "|", ".."))

    def r_compare(self, span: Span, c: list[Any]) -> ast.Binary:
        return ast.Binary(str(c[1]), c[0], c[2], span=span)

    r_sum = r_product = r_power = r_compare

    def r_not_(self, span: Span, c: list[Any]) -> ast.Unary:
        return ast.Unary("not", c[0], span=span)

    def r_negate(self, span: Span, c: list[Any]) -> ast.Unary:
        return ast.Unary("-", c[1], span=span)

    def r_index(self, span: Span, c: list[Any]) -> ast.Index:
        return ast.Index(c[0], c[1], span=span)

    def r_call(self, span: Span, c: list[Any]) -> ast.Call:
        return ast.Call(c[0], tuple(c[1] or ()), span=span)

    def r_args(self, span: Span, c: list[Any]) -> tuple[ast.Argument, ...]:
        return tuple(a if isinstance(a, ast.Argument) else ast.Argument(None, a, span=a.span) for a in c)

    def r_named_arg(self, span: Span, c: list[Any]) -> ast.Argument:
        return ast.Argument(str(c[0]), c[1], span=span)

    def r_attribute(self, span: Span, c: list[Any]) -> ast.Attribute:
        return ast.Attribute(c[0], str(c[1]), span=span)

    def r_name(self, span: Span, c: list[Any]) -> ast.Name:
        return ast.Name(str(c[0]), span=span)

    def r_number(self, span: Span, c: list[Any]) -> ast.Number:
        text = str(c[0]).replace("_", "")
        value: float | int = int(text) if text.isdigit() and len(text) < 16 else float(text)
        if value == float("inf"):
            self.complain(
                span,
                "number-too-large",
                f"the number {text[:20]} is too large",
                "it is no finite double",
                "write a finite number",
            )
        return ast.Number(value, span=span)

    def r_text(self, span: Span, c: list[Any]) -> ast.Text:
        return ast.Text(_text(c[0]), span=span)

    def r_group(self, span: Span, c: list[Any]) -> ast.Expr:
        value: ast.Expr = c[0]
        return value  # parentheses leave no node: precedence is the tree's

    def r_tuple_(self, span: Span, c: list[Any]) -> ast.TupleOf:
        return ast.TupleOf(tuple(c), span=span)

    def r_list_(self, span: Span, c: list[Any]) -> ast.ListOf:
        return ast.ListOf(tuple(x for x in c if x is not None), span=span)

    def r_set_(self, span: Span, c: list[Any]) -> ast.SetOf:
        return ast.SetOf(tuple(self.rows([x for x in c if x is not None])), span=span)

    # ---- helpers

    def rows(self, items: list[Any]) -> list[ast.Comprehension]:
        rows = []
        for item in items:
            if isinstance(item, ast.Comprehension):
                rows.append(item)
            else:
                self.complain(
                    item.span,
                    "row-expected",
                    "a row is bound here: `c in SOURCE`",
                    "a row has a name and a source",
                    "write `c in z if ...`",
                )
        return rows

    def _axis_names(self, value: ast.Expr) -> tuple[str, ...]:
        parts = value.items if isinstance(value, ast.TupleOf) else (value,)
        names = tuple(part.id for part in parts if isinstance(part, ast.Name))
        if len(names) != len(parts):
            self.complain(
                value.span,
                "axis-expected",
                "left of `->` stand names of axes",
                "an axis is renamed, split or merged by name",
                "write `x[(a, b) -> c]`",
            )
        return names or ("?",)


def _text(token: Token) -> str:
    return str(token)[1:-1]


def _flat(blocks: list[Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    for block in blocks:
        if isinstance(block, Block):
            found.extend(_flat(list(block)))
        elif block is not None:
            found.append(block)
    return tuple(found)
