spec mochi "Hard negative mixing for contrastive learning" "https://arxiv.org/abs/2010.01028"

use std.losses (infonce, proxy_accuracy)
use std.views (crop_turn)
use std.schedules (cosine)

param hardest: int > 0 = 64  # parents kept for each query
param pairs: int >= 0 = 64   # mixes of two of them
param blends: int >= 0 = 16  # mixes with the query itself
param tau: real > 0 = 0.2
param keep: real >= 0 <= 1 = 0.99  # momentum of the key encoder
param start: int >= 0 = 30         # no mixes before this step
param rate: real > 0 = 0.1         # of the optimiser, before its schedule
param pixels: int > 0 = 28

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "ILSVRC/imagenet-1k"

view x[v = 2] ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 32], norm = "batch")
model t = copy(f, g)  # the key encoder
state Q[slot = 1024, dim] ~ sphere()
let q = unit(g(f(x[v = 0])))  # [item, dim]
let k = stop(unit(t.g(t.f(x[v = 1]))))

draw i[item, mix = pairs] ~ integer(0, hardest - 1)  # ranks of the parents, with replacement
draw j[item, mix = pairs] ~ integer(0, hardest - 1)
draw r[item, blend = blends] ~ integer(0, hardest - 1)
draw share[item, mix = pairs] ~ uniform(0, 1)
draw own[item, blend = blends] ~ uniform(0, 0.5)  # below a half: the negative dominates

contrast pull:
    anchor      a in q
    let hard = {n in Q top hardest by dot(a, n)}
    let two = stop(unit(a.share * hard[rank = a.i] + (1 - a.share) * hard[rank = a.j]))
    let one = stop(unit(a.own * a + (1 - a.own) * hard[rank = a.r]))
    positive    c in k if c.item == a.item
    negative    c in Q
    negative    c in two if step >= start
    negative    c in one if step >= start
    similarity  dot(a, c)
    temperature tau

train on photos(batch = 64, epochs = 6):
    t <- mix(t, (f, g), keep)  # keys come from the updated encoder
    minimize mean(infonce(pull)) by sgd(lr = cosine(rate), momentum = 0.9, decay = 1e-4)
    report proxy = mean(proxy_accuracy(pull))  # falls: the task is harder
    Q <- push[slot](Q, k)                      # and enter the queue after the loss has read it

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)
    report uniformity = uniformity(unit(g(f(image))))

variant baseline:  # MoCo-v2
    param pairs = 0, blends = 0

variant oracle:  # no row of the own class as negative or parent: the upper bound
    state tag[slot = 1024] -> class = absent
    contrast pull:
        let hard = {n in Q if n.tag != a.label top hardest by dot(a, n)}
        negative c in Q if c.tag != a.label
        negative c in two if step >= start
        negative c in one if step >= start
    train from this:
        Q <- push[slot](Q, k)
        tag <- push[slot](tag, label)  # the ring has one pointer: the column moves with its rows

claim linear: baseline < this
claim uniformity: this < baseline
