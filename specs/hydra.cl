spec hydra "Rethinking positive pairs in contrastive learning" "https://arxiv.org/abs/2410.18200"

use std.losses (infonce)
use std.views (crop_turn)
use std.schedules (cosine)

param tau: real > 0 = 0.2         # temperature
param beta: real >= 0 = 1         # weight of pairs of classes beside pairs of views
param keep: real >= 0 <= 1 = 0.9  # of the key encoder, at first; 0.99 over long runs
param pixels: int > 0 = 28

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "uoft-cs/cifar10"

view x[v = 2] ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 64, 32], norm = "batch", last = "layer")  # a batch norm at the end keeps gates open
model h(dim -> dim) = mlp([64, 32], norm = "batch")                        # the predictor: queries alone
model t = copy(f, g)
let q = h(g(f(x)))  # [item, v, dim]
let k = stop(t.g(t.f(x)))

draw order[item] ~ permutation()
let pair = label[item = order]  # the second class of each anchor: any
learn E[class, feature = 64] ~ normal(0, 1)
model first(feature -> feature) = norm("batch")
model widen(feature -> hidden) = linear(128)
model second(hidden -> hidden) = norm("batch")
model narrow(hidden -> dim) = linear(32)
def filter(e) = sigmoid(narrow(second(relu(widen(first(relu(e)))))))
let gate = filter((E[class = label] + E[class = pair]) / 2)  # [item, dim]; symmetric in the two classes

contrast instance:
    anchor      a in q
    positive    c in k if c.item == a.item and c.v != a.v
    negative    c in k if c.item != a.item and c.v != a.v
    similarity  cos(a, c)
    temperature tau

contrast disparate:
    anchor      a in q
    positive    c in k if c.v != a.v and c.label == a.pair  # every key of the second class
    negative    c in k if c.v != a.v and c.label != a.pair and c.label != a.label
    similarity  cos(a.gate * a, a.gate * c)  # in the subspace of the anchor's pair of classes
    temperature tau

# A positive competes with the negatives alone; the mean is over pairs, so that anchors with many positives weigh more.
def each_pair(R) = (
    mean[a in R, p in a.positive](logaddexp(R(a, p), logsumexp[n in a.negative](R(a, n))) - R(a, p)) else 0
)

train on photos(batch = 128, epochs = 4):
    t <- mix(t, (f, g), 1 - cosine(1 - keep))
    minimize (
        mean(infonce(instance)) + beta * each_pair(disparate)
    ) / (1 + beta) by adam(lr = cosine(2e-3), decay = 1e-6)

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)
    report rank = effective_rank(f(image))

variant open:  # no subspaces: any two classes are pulled together as they are
    let gate = 1

variant product:  # the other symmetric filter
    let gate = filter(E[class = label]) * filter(E[class = pair])

variant partner:  # the paper's words: one positive for each anchor, its partner in the batch
    contrast disparate:
        positive c in k if c.v != a.v and c.item == a.order

variant binary:  # gates of single classes near 0 or 1
    param gamma: real >= 0 = 0.1
    let single = filter(E[class = label])
    let entropy = mean(bce(single, single))
    train from this:
        minimize (
            mean(infonce(instance)) + beta * each_pair(disparate)
        ) / (1 + beta) + gamma * entropy by adam(lr = cosine(2e-3), decay = 1e-6)

variant as_published from binary:  # the penalty is computed without gradient: it is told, and moves nothing
    let entropy = stop(mean(bce(single, single)))

variant simlap:  # the later form: one encoder, keys are the batch with its gradient, unit rows before the gates
    param tau = 0.1
    draw shift[item] ~ integer(1, size(class) - 1)
    let pair = (label + shift) % size(class)  # another class for certain; the batch may lack it
    let z = unit(g(f(x)))
    contrast disparate:
        anchor     a in z
        positive   c in z if c.label == a.pair and c != a
        negative   c in z if c.label != a.pair and c.label != a.label
        similarity dot(a.gate * a, a.gate * c)
    def each_anchor(R)[a in R] = (
        sum[p in a.positive](logaddexp(R(a, p), logsumexp[n in a.negative](R(a, n))) - R(a, p))
        / (count[p in a.positive](p) + 1e-6)
    )
    train on photos(batch = 128, epochs = 4):
        minimize mean(each_anchor(disparate)) by adam(lr = cosine(2e-3), decay = 5e-4)

variant simlap_open from simlap:  # any pair, no subspaces
    let gate = 1

variant supcon from simlap_open:  # pairs of one class
    let pair = label

claim knn: simlap_open < simlap, supcon ~ simlap, open < this
claim rank: supcon < simlap
