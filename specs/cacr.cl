spec cacr "Contrastive attraction and contrastive repulsion" "https://arxiv.org/abs/2105.03746"

use std.losses (infonce)
use std.views (crop_turn)
use std.schedules (two_steps, cosine)

param attract: real >= 0 = 1  # t+: how much more a far positive weighs
param repel: real >= 0 = 0.9  # t-: how much more a close negative weighs
param alpha: real > 0 = 1     # weight of the attraction
param beta: real > 0 = 1      # weight of the repulsion
param views: int >= 2 = 4
param rate: real > 0 = 0.1  # of the optimiser, before its schedule
param pixels: int > 0 = 28

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "uoft-cs/cifar10"

view x[v = views] ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = linear(32)
let z = unit(g(f(x)))  # [item, v, dim]

contrast attraction:  # among the views of an item
    anchor   a in z
    positive c in z if c.item == a.item and c.v != a.v
    logit    alpha * dist2(a, c)

contrast repulsion:  # among items, for each pair of views (v, w)
    anchor   a in z[item]
    negative c in z[v -> w][item] if c.item != a.item
    logit    -beta * dist2(a, c)

# Weights are differentiable: no stop anywhere. The code's softmax argument is cost t / alpha, so alpha cancels in it.
def pulled(R, t)[a in R] = softmean[p in a.positive](t * R(a, p) / alpha, R(a, p))
def pushed(R, t)[a in R] = softmean[n in a.negative](t * R(a, n) / beta, R(a, n))

let close = mean(pulled(attraction, attract))
let apart = mean[item, v, w if v < w](pushed(repulsion, repel))

train on photos(batch = 128, epochs = 6):
    minimize close + apart by sgd(lr = two_steps(rate, 4, 5), momentum = 0.9, decay = 1e-4)

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)

variant two_views:  # K = 1 positive
    param views = 2

variant uniform:  # no weights: the ablation "none"
    param attract = 0, repel = 0

variant baseline:  # InfoNCE on two views
    param views = 2
    contrast pull:
        anchor      a in z
        positive    c in z if c.item == a.item and c.v != a.v
        negative    c in z if c.item != a.item
        similarity  dot(a, c)
        temperature 0.19
    train from this:
        minimize mean(infonce(pull)) by sgd(lr = two_steps(rate, 4, 5), momentum = 0.9, decay = 1e-4)

variant momentum:  # MoCo frame: keys, a queue, detached weights
    param repel = 2, keep: real >= 0 <= 1 = 0.999
    model t = copy(f, g)
    state Q[slot = 1024, dim] ~ sphere()
    let k = stop(unit(t.g(t.f(x))))
    contrast attraction:
        positive c in k if c.item == a.item and c.v != a.v
    contrast repulsion:
        anchor   a in z
        negative c in Q
        negative c in z if c.v == a.v and c.item != a.item
    def pulled(R, t)[a in R] = softmean[p in a.positive](stop(t * R(a, p) / alpha), R(a, p))
    def pushed(R, t)[a in R] = (  # weights of the queue's columns are constants, the batch's are not
        softmean[n in a.negative](t * (stop(R(a, n)) if present(n.slot) else R(a, n)) / beta, R(a, n))
    )
    let apart = mean(pushed(repulsion, repel))
    train from this:
        t <- mix(t, (f, g), keep)
        minimize close + apart by sgd(lr = cosine(rate), momentum = 0.9, decay = 1e-4)
        Q <- push[slot](Q, k[v = views - 1])  # keys of the last view alone

variant as_published from momentum:         # the code caches the queue's distances of view 0 and takes them for the other views too
    let stale = -beta * dist2(z[v = 0], Q)  # [item, slot]
    def cached(R, t)[a in R] = softmean[n in a.negative](
        t * (stale[item = a.item, slot = n.slot] else R(a, n)) / beta, stale[item = a.item, slot = n.slot] else R(a, n)
    )
    let apart = mean(cached(repulsion, repel))

variant rbf from momentum:    # each key weighs its queries, far ones more; each query runs InfoNCE
    param heat: real > 0 = 1  # temperature of both
    contrast queries:
        anchor     a in k  # the key of an item in a view
        positive   c in z if c.item == a.item and c.v != a.v
        similarity dot(a, c) / heat
    def ranked(R)[a in R] = (
        softmean[q in a.positive](
            stop(dist2(a, q) / heat), 2 * heat * (logsumexp[m in k if m.v == a.v](R(m, q)) - R(a, q))
        )
    )
    train from this:
        minimize mean(ranked(queries)) by sgd(lr = cosine(rate), momentum = 0.9, decay = 1e-4)

claim linear: uniform < this, two_views < this, baseline < this
