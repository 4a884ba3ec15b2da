"""Small plans made by hand: what the elaborator would give."""

from __future__ import annotations

from typing import Any

from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.graph.plan import (
    Advance,
    Assign,
    ColumnPlan,
    DrawPlan,
    Minimize,
    Mix,
    ModelPlan,
    Objective,
    OnPlan,
    OptimiserPlan,
    ProgramPlan,
    ReportPlan,
    Run,
    StreamPlan,
    TensorPlan,
    TrainPlan,
)
from cldsl.syntax.diagnostics import Span

ITEM, WIDTH, DIM, SLOT, WORD = Axis("item", 4), Axis("width", 6), Axis("dim", 3), Axis("slot", 10), Axis("word", 5)
ROWS = Axis("item")


def at(line: int) -> Span:
    return Span("small.cl", line, 1, line, 9)


def called(g: Graph, x: Node, model: str, line: int, mode: str = "train") -> Node:
    return g.make(
        "call", x, model=model, consumes=("width",), produces=(DIM,), mode=mode, version=0, site=line, span=at(line)
    )


def ntxent(g: Graph, z: Node, tau: float = 0.1) -> Node:
    """NT-Xent of z[item, v, dim] with the self pair left out, by masks."""
    z = g.make("unit", z, over=("dim",), span=at(3), label="z")
    c = g.make("rename", z, pairs=(("item", "j"), ("v", "w")))
    logit = g.make("div", g.make("dot", z, c, over=("dim",), span=at(4)), g.const(tau), span=at(5), label="logit")
    item = g.leaf("iota", (z.axis("item"),), "int", axis="item")
    v = g.leaf("iota", (z.axis("v"),), "int", axis="v")
    j, w = g.make("rename", item, pairs=(("item", "j"),)), g.make("rename", v, pairs=(("v", "w"),))
    same = g.make("eq", item, j)
    positive = g.make("and", same, g.make("ne", v, w))
    rest = g.make("reduce", logit, g.make("ne", item, j), kind="logsumexp", over=("j", "w"), span=at(6))
    terms = g.make("sub", g.make("logaddexp", logit, rest), logit)
    each = g.make("reduce", terms, positive, kind="mean", over=("j", "w"), span=at(7))
    return g.make("reduce", each, kind="mean", over=("item", "v"), span=at(8), label="loss")


def queue_objective(g: Graph) -> Function:
    """Rows of f against the keys of t (present slots of a queue, and learned words), and the keys for the queue."""
    x = g.leaf("input", (ITEM, WIDTH), kind="column", name="x")
    noise = g.leaf("input", (ITEM, WIDTH), kind="draw", name="noise")
    queue = g.leaf("input", (SLOT, DIM), kind="state", name="Q")
    there = g.leaf("input", (SLOT,), "bool", kind="present", name="Q")
    words = g.leaf("input", (WORD, DIM), kind="learn", name="C")
    q = g.make("unit", called(g, g.make("add", x, noise), "f", 12), over=("dim",), span=at(12), label="q")
    k = g.make("stop", g.make("unit", called(g, x, "t.f", 13), over=("dim",), span=at(13)), span=at(13), label="k")
    own = g.make("dot", q, k, over=("dim",), span=at(14), label="own")
    others = g.make("dot", q, queue, over=("dim",), span=at(15))
    others = g.make("reduce", others, there, kind="logsumexp", over=("slot",), span=at(15))
    spread = g.make(
        "reduce", g.make("dot", q, words, over=("dim",), span=at(16)), kind="logsumexp", over=("word",), span=at(16)
    )
    terms = g.make("sub", g.make("logaddexp", g.make("logaddexp", own, others), spread), own)
    progress = g.leaf("input", kind="clock", name="progress")
    loss = g.make(
        "reduce", g.make("mul", terms, g.make("add", progress, g.const(1))), kind="mean", over=("item",), span=at(17)
    )
    return Function("objective_1", (("loss", loss), ("k", k)), True, at(17))


def queue_push(g: Graph) -> Function:
    queue = g.leaf("input", (SLOT, DIM), kind="state", name="Q")
    there = g.leaf("input", (SLOT,), "bool", kind="present", name="Q")
    pointer = g.leaf("input", (), "int", kind="pointer", name="slot")
    held = g.leaf("input", (ITEM, DIM), kind="held", name="k")
    rows = g.make("rename", held, pairs=(("item", "slot"),))
    full = g.make("expand", g.const(True), axis=Axis("slot", 4))
    pushed = g.make("push", queue, rows, pointer, axis="slot", order="ring", span=at(20))
    seen = g.make("push", there, full, pointer, axis="slot", order="ring", span=at(20))
    return Function("push_1", (("Q_new", pushed), ("Q_seen", seen)), span=at(20))


def evaluation(g: Graph) -> Function:
    x = g.leaf("input", (ROWS, WIDTH), kind="column", name="x")
    label = g.leaf("input", (ROWS,), "int", kind="column", name="label")
    return Function("values_1", (("features", called(g, x, "f", 24, "eval")), ("label", label)), span=at(24))


def program(**changes: Any) -> ProgramPlan:
    """A queue of keys of an averaged encoder; `changes` replace fields of the plan."""
    g = Graph()
    step = g.leaf("input", kind="clock", name="step")
    steps = g.leaf("input", kind="clock", name="steps")
    turn = g.make("div", g.make("mul", g.const(3.141592653589793), step), g.make("maximum", steps, g.const(1)))
    rate = g.make("mul", g.const(0.05), g.make("add", g.const(1), g.make("cos", turn)))
    model = ModelPlan("f", "module", "mlp", ((8, 3),), (), (WIDTH,), (DIM,), span=at(5))
    train = TrainPlan(
        "train_1",
        "photos",
        (("batch", 4), ("epochs", 2)),
        (DrawPlan("draw", "noise", (ITEM, WIDTH), "real", distribution=("normal", 0, 0.1), span=at(9)),),
        (queue_objective(g), queue_push(g)),
        (
            Mix((("t.f", "f"),), g.const(0.9), at(18)),
            Minimize(
                (Objective("objective_1", "by_1", rate, (("C", g.make("ge", step, g.const(1))),), at(19)),), at(19)
            ),
            Run("push_1", at(20)),
            Assign("Q", "Q_new", "Q_seen", at(20)),
            Advance("slot", 4, 10, at(20)),
        ),
        at(17),
    )
    on = OnPlan(
        "on_1",
        "photos",
        (("split", "test"),),
        (evaluation(g),),
        (ReportPlan("knn", "knn", ("features", "label"), (("k", 3),), "train", span=at(24)),),
        span=at(23),
    )
    plan = {
        "name": "small",
        "title": "A queue of keys",
        "link": "https://example.org/queue",
        "file": "specs/small.cl",
        "variant": None,
        "params": (("tau", 0.1), ("keep", 0.9)),
        "streams": (
            StreamPlan(
                "photos",
                "tiny",
                None,
                (ColumnPlan("x", (ROWS, WIDTH), "real", None), ColumnPlan("label", (ROWS,), "int", "class")),
                at(3),
            ),
        ),
        "models": (model, ModelPlan("t.f", "copy", "mlp", (), (), (WIDTH,), (DIM,), of="f", span=at(6))),
        "tensors": (
            TensorPlan("learn", "C", (WORD, DIM), "real", ("draw", "normal", (0, 1)), span=at(7)),
            TensorPlan("state", "Q", (SLOT, DIM), "real", ("absent",), True, (SLOT,), "slot", at(8)),
        ),
        "optimisers": (OptimiserPlan("by_1", "sgd", (("momentum", 0.9),), (("f", 1.0), ("C", 0.5)), at(19)),),
        "phases": (train, on),
    }
    return ProgramPlan(**{**plan, **changes})
