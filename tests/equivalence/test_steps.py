"""Train steps: after each one, the emitted program has the losses, states, learned tensors and weights of the evaluator."""

from __future__ import annotations

import pytest
import torch

from tests.equivalence.stepping import Training, both_after_each_step
from tests.support.compare import assert_close

INFONCE, COSINE = "use std.losses (infonce)\n", "use std.schedules (cosine)\n"
HEAD = 'spec steps "Steps"\n'
PLAIN = """data rows_of: x[item, v, width], label[item] -> class from "rows.npz"
model f(width -> dim) = linear(3)
let z = unit(f(x))
contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature 0.5
"""
SIZES = {"item": 4, "v": 2, "width": 4, "class": 3}


def _optimised(rule: str) -> Training:
    text = f"{HEAD}{INFONCE}{COSINE if 'cosine' in rule else ''}{PLAIN}train on rows_of(batch = 4, epochs = 2):\n    minimize mean(infonce(pull)) by {rule}\n    report classes = sum(label)\n"
    return Training(text, {"x": "item v width", "label": "item"}, SIZES, indices={"label": 3})


RULES = (
    "sgd(lr = cosine(0.3))",
    "sgd(lr = cosine(0.3, warm_epochs = 1), momentum = 0.9, decay = 1e-2)",
    "sgd(lr = 0.2, momentum = 0.9, nesterov = true)",
    "adam(lr = cosine(0.05), decay = 1e-2)",
    "adamw(lr = 0.05, decay = 0.1)",
    "lars(lr = 0.8, momentum = 0.9, decay = 1e-2)",
    "larc(lr = 0.6, momentum = 0.9, decay = 1e-2)",
    "sgd(lr = 0.3, clip = 0.1)",
)

QUEUE = Training(
    HEAD
    + INFONCE
    + COSINE
    + """data rows_of: x[item, v, width], label[item] -> class from "rows.npz"
model f(width -> wide) = linear(5)
model g(wide -> dim) = linear(3)
model t = copy(f, g)
state Q[slot = 6, dim] = absent
state tag[slot = 6] -> class = absent
let q = unit(g(f(x[v = 0])))
let k = stop(unit(t.g(t.f(x[v = 1]))))
draw share[item, mix = 2] ~ uniform(0, 1)
contrast pull:
    anchor      a in q
    let hard = {n in Q top 2 by dot(a, n)}
    let two = stop(unit(a.share * a + (1 - a.share) * hard[rank = 0]))
    positive    c in k if c.item == a.item
    negative    c in Q if c.tag != a.label
    negative    c in two if step >= 2
    similarity  dot(a, c)
    temperature 0.3 if step < 1 else 0.5
train on rows_of(batch = 4, epochs = 2):
    t <- mix(t, (f, g), 0.9)
    minimize mean(infonce(pull)) by sgd(lr = cosine(0.3), momentum = 0.9, decay = 1e-3)
    report filled = count[slot](tag)
    Q <- push[slot](Q, k)
    tag <- push[slot](tag, label)
""",
    {"x": "item v width", "label": "item"}, {**SIZES, "mix": 2}, {"share": "item mix"}, {"label": 3},
)  # fmt: skip

PROTOTYPES = Training(
    HEAD
    + COSINE
    + """data rows_of: x[item, v, width] from "rows.npz"
model f(width -> dim) = linear(3)
learn C[word = 4, dim] ~ normal(0, 1)
state Q[slot = 8, dim] = absent
let z = unit(f(x))
let score = dot(z, C)
let lead = stop(z[v = 0])
let past = dot(Q, C) if full(Q) else absent
let plan = sinkhorn[word, pool](cat[(slot, item) -> pool](past, dot(lead, C)) / 0.5, rounds = 3)
let code = stop(plan[pool in item])
train on rows_of(batch = 4, epochs = 2):
    C <- unit(C)
    minimize -mean(sum[word](code * log_softmax[word](score / 0.2))) over f, 0.5 * C if step >= 2 by sgd(lr = cosine(0.3), momentum = 0.9, decay = 1e-2)
    Q <- push[slot](Q, lead, order = "front")
""",
    {"x": "item v width"}, SIZES,
)  # fmt: skip

TABLE = Training(
    HEAD
    + """data rows_of: x[item, width], id[item] -> sample from "rows.npz"
model f(width -> dim) = linear(3)
state bank[sample, dim] ~ normal(0, 1), u[sample] = 0, tau[sample] = 0.5
let z = unit(f(x))
let heat = tau[sample = id]
let loss = mean(logsumexp[sample](dot(z, bank) / heat) - dot(z, bank[sample = id]) / heat)
let slope = stop(mean[sample](dot(z, bank)))
train on rows_of(batch = 4, epochs = 2):
    minimize loss by adam(lr = 0.05)
    report before = mean(slope)
    bank[sample = id] <- unit(0.5 * bank[sample = id] + 0.5 * z)
    u[sample = id] <- 0.5 * u[sample = id] + 0.5 * slope
    tau[sample = id] <- clamp(tau[sample = id] - 0.3 * u[sample = id], 0.1, 1)
    report after = mean(u)
""",
    {"x": "item width", "id": "item"}, {**SIZES, "sample": 6}, indices={"id": 6},
)  # fmt: skip

RAGGED = Training(
    HEAD
    + """data bags: x[item, time*, width], w[item, time*], label[item] -> class from "bags.npz"
model f(width -> dim) = mlp([4, 3])
model g(dim -> class) = linear(3)
let z = f(log(x * x + 0.01))
let k = floor(count[time](x[width = 0]) / 2) + 1
let bag = g(mean[c in z[time] top k by c.w](c))
train on bags(batch = 4, epochs = 2):
    minimize (mean(cross(bag, label)) else 0) + sum(z) / 9 by adam(lr = 0.05)
    report rows = count(x[width = 0])
def cross(s, c) = logsumexp[class](s) - s[class = c]
""",
    {"x": "item time width", "x.present": "item time", "w": "item time", "w.present": "item time", "label": "item"},
    {**SIZES, "time": 5}, indices={"label": 3},
)  # fmt: skip

TWICE = Training(
    HEAD
    + INFONCE
    + PLAIN
    + """model p(dim -> dim) = linear(3)
learn scale = 1
train on rows_of(batch = 4, epochs = 2):
    minimize mean(infonce(pull)) over f by sgd(lr = 0.3)
    minimize mean(dist2(p(z), stop(z))) * scale ^ 2 by adam(lr = 0.05)
    report classes = sum(label) + mean(infonce(pull))
""",
    {"x": "item v width", "label": "item"}, SIZES, indices={"label": 3},
)  # fmt: skip

EPISODES = Training(
    HEAD
    + """data rows_of: x[item, width], label[item] -> class from "rows.npz"
model f(width -> dim) = linear(3)
let e = f(x)
let S = e if support
let Q = e if not support
let proto[way, dim] = mean[item if local == way](S)
let others = mean[a in Q, c in S if c.local != a.local](dist2(a, c))
train on rows_of(sampler = episodes(label, way = 3, shot = 2, ask = 1), epochs = 2):
    minimize mean(logsumexp[way](-dist2(Q, proto)) + dist2(Q, proto[way = local])) by sgd(lr = 0.1)
    report others = others
    report classes = sum(label)
""",
    {"x": "item width", "label": "item"}, {"item": 9, "width": 4, "class": 5, "way": 3}, indices={"label": 5},
    sampled={"support": torch.arange(9) < 6, "local": torch.tensor([0, 0, 1, 1, 2, 2, 0, 1, 2])},
)  # fmt: skip

#: members picked by a number, by an index that has the family's axis, and all of them; weights that no objective reaches stay
FAMILY = Training(
    HEAD
    + """data rows_of: x[item, v, width], label[item] -> class from "rows.npz"
model f[v = 2](width -> dim) = linear(3)
let lead = f[v = 0](x)
let crossed = f[v = 1 - v](x)
train on rows_of(batch = 4, epochs = 2):
    minimize mean(sq(lead)) by adam(lr = 0.1)
    report swapped = mean(dot(crossed, f(x)))
    minimize mean(sq(f[v = 1](x[v = 0]))) + mean(sq(crossed[v = 0])) by sgd(lr = 0.1)
    report classes = sum(label)
""",
    {"x": "item v width", "label": "item"}, SIZES, indices={"label": 3},
)  # fmt: skip

TOGETHER = Training(
    HEAD
    + INFONCE
    + PLAIN
    + """model p(dim -> dim) = linear(3)
learn scale = 1
train on rows_of(batch = 4, epochs = 2):
    minimize:
        mean(infonce(pull)) over f by sgd(lr = 0.3, momentum = 0.9)
        mean(dist2(p(z), stop(z))) * scale ^ 2 over p, scale if step >= 1 by adamw(lr = 0.05, decay = 0.1)
    report classes = sum(label)
""",
    {"x": "item v width", "label": "item"}, SIZES, indices={"label": 3},
)  # fmt: skip

#: guarded blocks: states read before, inside and after; weights that move inside; a value held there no longer held after
EVERY = Training(
    HEAD
    + INFONCE
    + PLAIN
    + """model t = copy(f)
state s = 1, C[class, dim] ~ normal(0, 1), Q[slot = 6, dim] = absent, last[class] = 0
let centre[class, dim] = mean[item, v if class == label](stop(z)) else C
let pulled = mean(dot(z, C[class = label])) + s * mean(z)
train on rows_of(batch = 4, epochs = 2):
    s <- s + 1
    every 2 steps:
        C <- unit(0.5 * C + 0.5 * centre)
        last <- last + s * norm(centre)
        Q <- push[slot](Q, z[v = 0])
        report inside = sum(C)
    minimize mean(infonce(pull)) - 0.1 * pulled over f by sgd(lr = 0.3)
    report outside = sum(centre) + sum(last)
    every 1 epochs:
        t <- mix(t, f, keep = 0.5)
        s <- 0.5 * s + mean(z)
        minimize mean(sq(f(x) - stop(t(x)))) + s * mean(z) over f by sgd(lr = 0.1)
        last <- last + mean(z) + s
    s <- s + sum(last) * mean(f(x))
    report late = s + sum(Q else 0)
""",
    {"x": "item v width", "label": "item"}, SIZES, indices={"label": 3},
)  # fmt: skip

CONTINUED = Training(
    HEAD
    + INFONCE
    + COSINE
    + PLAIN
    + """model p(dim -> dim) = linear(3)
let apart = mean(dist2(p(z), stop(z[v = 1 - v])))
train on rows_of(batch = 4, epochs = 2):
    minimize mean(infonce(pull)) + apart over f by adam(lr = cosine(0.05))
    minimize apart over p by sgd(lr = 0.1, momentum = 0.9)
    minimize mean(infonce(pull)) + apart over f if step != 1
    minimize apart over p
    report classes = sum(label)
""",
    {"x": "item v width", "label": "item"}, SIZES, indices={"label": 3},
)  # fmt: skip

SEQUENCES = Training(
    HEAD
    + """data rows_of: seq[item, time] -> vocab, next[item] -> vocab from "rows.npz"
learn E[vocab, dim = 4] ~ normal(0, 1)
model f(time, dim -> time, dim) = transformer(depth = 1, heads = 2, causal = true)
model g(time, dim -> time, dim) = transformer(depth = 2, heads = 1, hidden = 3, norm = "before")
let every = E[vocab = seq] if seq > 0
let h = last[time](f(every)) else 0
let score = dot(h + (mean[time](g(every)) else 0), E)
train on rows_of(batch = 4, epochs = 2):
    minimize -mean[item](log_softmax[vocab](score)[vocab = next]) by adam(lr = 0.05)
    report there = count[item, time](f(every)[dim = 0])
""",
    {"seq": "item time", "next": "item"}, {"item": 4, "time": 5, "vocab": 4}, indices={"seq": 4, "next": 4},
)  # fmt: skip

#: two streams in one step, of other numbers of rows
BESIDE = Training(
    HEAD
    + INFONCE
    + PLAIN
    + """data bags: tile[bag, part, width], sign[bag] from "bags.npz"
let whole = mean[part](f(tile))
train on rows_of(batch = 4, epochs = 2), bags(batch = 3):
    minimize mean(infonce(pull)) + mean(sq(whole) * sign) by sgd(lr = 0.1)
    report both = sum(dot(z[v = 0], mean[bag](whole)))
""",
    {"x": "item v width", "label": "item", "tile": "bag part width", "sign": "bag"},
    {**SIZES, "bag": 3, "part": 2}, indices={"label": 3},
)  # fmt: skip

APART = Training(
    HEAD
    + """data rows_of: x[item, v, width] from "rows.npz"
model f(width -> wide) = mlp([5, 4], norm = "batch")
model g(wide -> dim) = mlp([3], last = "batch")
let p = each[v](f(x))
let q = f(x)
train on rows_of(batch = 4, epochs = 2):
    minimize mean(sq(each[v](g(p)) - each[v](g(q) * p[wide = 0]))) + mean(g(p)) by sgd(lr = 0.1)
""",
    {"x": "item v width"}, SIZES,
)  # fmt: skip

OUTPUTS = Training(
    HEAD
    + """data rows_of: image[item, v, channel, row, column] from "rows.npz"
model f(channel, row, column -> low[width, y, x], high[deep, q, r], top[deep]) = conv([3, 5], levels = [1, 2])
model t = copy(f)
let u = f(image)
let w = t.eval(image[v = 0])
state seen[width = 3] = 0
train on rows_of(batch = 4, epochs = 2):
    t <- mix(t, f, 0.5)
    minimize mean(sq[deep](each[v](f(image).top)[v = 0] - w.top)) + mean(u.low * u.low[y -> k, x -> l][k -> x, l -> y]) by sgd(lr = 0.1)
    seen <- mean[item, v, y, x](u.low * (y + 2 * x))
    report high = mean(u.high) + sum(seen)
""",
    {"image": "item v channel row column"}, {"item": 4, "v": 2, "channel": 2, "row": 4, "column": 4},
)  # fmt: skip

#: a model of two arguments, one of its kind that asks itself, and weights moved between the two, both trained
SEVERAL = Training(
    HEAD
    + """data bags: x[item, time, width], y[item, word, width] from "bags.npz"
model f(width -> dim) = linear(4)
model ask(time, dim | word, dim -> time, dim) = attention(heads = 2, hidden = 3, start = "tied")
model own(time, dim -> time, dim) = attention(heads = 2, hidden = 3)
let z = f(x)
let seen = ask(z, f(y))
let solo = own(z if x[width = 0] > 0)
train on bags(batch = 4, epochs = 2):
    minimize mean(seen ^ 2) + sum(seen[time = 0]) by adam(lr = 0.05)
    minimize (mean(solo ^ 2) else 0) over own by adam(lr = 0.01)
    every 1 epochs:
        ask <- mix(ask, own, keep = 1 - 0.1 * (epoch + 1))
    report after = mean(ask(z, f(y)))
""",
    {"x": "item time width", "y": "item word width"}, {"item": 4, "time": 3, "word": 2, "width": 4},
)  # fmt: skip

#: two virtual steps: the weights of w move by the gradient through both; slopes for values of each kind
VIRTUAL = Training(
    HEAD
    + """data rows_of: x[item, width], label[item] -> class from "rows.npz"
model f(width -> dim) = mlp([5, 3], activation = "tanh", norm = "batch")
model w(dim -> score) = linear(1)
model t = copy(f)
learn C[class, dim] ~ normal(0, 1)
state s = 0.5
def fault(score) = mean[item](-log_softmax[class](score)[class = label])
let share = sigmoid(w(f(x))[score = 0])
let inner = mean[item](share * -log_softmax[class](dot(f(x), C))[class = label])
let g = f - s * grad(inner, f)
let second = fault(dot(g(x), C)) + mean(share)
let h = 0.9 * g - 0.2 * grad(second, g) + t / 10
let z = h(x)
let outer = fault(dot(z, C)) + grad(sum(z ^ 3), z)[item = 0, dim = 0] ^ 2
let apart = grad(fault(dot(f(x), C)), C)
let steep = grad(sum(tanh(f(x)) * f(x)), x)
train on rows_of(batch = 4, epochs = 2):
    t <- mix(t, f, keep = 0.9)
    minimize outer over w by adam(lr = 0.05)
    minimize inner + 0.1 * mean(apart ^ 2) + 0.1 * mean(steep ^ 2) over f, C by sgd(lr = 0.3)
    s <- s + mean(steep)
    report late = mean(h(x)) + sum(apart)
""",
    {"x": "item width", "label": "item"}, SIZES, indices={"label": 3},
)  # fmt: skip

TRAININGS = {
    **{rule: _optimised(rule) for rule in RULES}, "queue": QUEUE, "prototypes": PROTOTYPES, "table": TABLE,
    "twice": TWICE, "ragged": RAGGED, "together": TOGETHER, "episodes": EPISODES, "every": EVERY, "beside": BESIDE,
    "continued": CONTINUED, "sequences": SEQUENCES, "apart": APART, "outputs": OUTPUTS, "virtual": VIRTUAL, "family": FAMILY,
    "several": SEVERAL,
}  # fmt: skip


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", TRAININGS)
def test_after_each_step(name: str, level: int) -> None:
    told = both_after_each_step(TRAININGS[name], level)
    for step, (emitted, evaluated) in enumerate(told):
        try:
            assert_close(emitted, evaluated, 1e-9, 1e-12)
        except AssertionError as error:
            raise AssertionError(f"step {step}, -O{level}: {error}\n{TRAININGS[name].text}") from None


def test_something_moves() -> None:
    """Weights, states and losses change from step to step, so that the comparison sees them."""
    told = both_after_each_step(QUEUE, 2)
    first, last = told[0][0], told[-1][0]
    assert all(
        (first[name] != last[name]).any() for name in ("f.0.weight", "t.g.0.weight", "Q", "present Q", "log loss")
    )
