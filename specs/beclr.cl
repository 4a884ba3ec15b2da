spec beclr "Batches enhanced by a clustered memory, prototypes moved by transport" "https://openreview.net/forum?id=k9SVcrmXL8"

use std.views (crop_turn)
use std.schedules (cosine)

param tau: real > 0 = 2
param lam: real >= 0 = 0.1         # weight of uniformity
param near: int > 0 = 3            # neighbours that enhance a row
param words: int > 1 = 20          # clusters of a memory
param slots: int > 0 = 640         # rows of a memory
param eps: real > 0 = 0.1          # sharpness of a batch's clusters
param begin: int >= 0 = 3          # epoch from which neighbours are added
param keep: real >= 0 <= 1 = 0.99  # momentum of the teacher, rising to 1
param rate: real > 0 = 0.05
param pixels: int > 0 = 28
param cost: real > 0 = 0.05        # regularisation of the transport at test time
param rest: real > 0 = 1e-4        # of its potentials, when it stops
param most: int > 0 = 1000         # rounds of it
param share: real >= 0 <= 1 = 0.7  # of moved prototypes, where there are several shots
param pull: real >= 0 <= 1 = 1     # how far prototypes are moved
param episodes_asked: int > 0 = 100

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k-novel", "timm/mini-imagenet"

view x[v = 2] ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 64], norm = "batch", last = "batch")
model h(dim -> dim) = mlp([16, 64], norm = "batch")
model t = copy(f, g)                            # the teacher
let s = g(f(x))                                 # [item, v, dim]
let made = stack[memory](t.g(t.f(x)), h(s), s)  # a memory for each: teacher, prediction, projection

state bank[memory = 3, slot = slots, dim] = absent    # raw rows
state tag[memory = 3, slot = slots] -> word = absent  # their clusters
state proto[memory = 3, word = words, dim] = 0
state first[word = words] -> slot ~ integer(0, slots - 1)  # slots where clusters begin

# a batch's clusters: balanced, near prototypes preferred
let seen = stop(made)[(v, item) -> fresh]  # [memory, fresh, dim]
let plan = sinkhorn[word, fresh](-sqrt(dist2(unit(seen), unit(proto))) / eps, rounds = 10)
let cluster = argmax[word](plan)  # [memory, fresh]

# a row's neighbours: nearest in the cluster of its nearest prototype, or in the whole bank if these are too few
def around(z, bank, tag, proto):
    let mine = argmax[word](cos(z, proto))
    let few = sum[slot](tag == mine) < near
    let list = {n in bank[slot] if n.tag == mine or few top near by cos(z, n)}
    let found[nth = near] = list[rank = nth]
    found
let extra = stop(around(stop(made), bank, tag, proto)) if full(bank) and epoch >= begin else absent
let more = unit(cat[(lone, nth) -> copy](stack[lone](made), extra))  # [memory, item, v, copy, dim]
let T = stop(more[memory = 0]), P = more[memory = 1], S = more[memory = 2]

let aligned = -mean(dot(P, T[v = 1 - v]))
contrast spread:  # all but the row and its other view
    anchor      a in S
    negative    c in S if c.item != a.item or c.copy != a.copy
    similarity  dot(a, c)
    temperature tau
def uniform(R) = log(mean[a in R](mean[n in a.negative](exp(R(a, n)))))

# prototypes carried to the queries: rows of an entropic plan, until it rests
def carried[way, query](C, Q):
    let far = dist2(C, Q)
    let asked = count[query](sum[way](far))
    sinkhorn[way, query](
        -far / max[way, query](far) / cost, rounds = most, until = rest / cost,
        masses = (1 / size(way) + 1e-8, 1 / asked + 1e-8)
    )
def moved[way, query](C, Q):
    let plan = carried[way, query](C, Q)
    pull * dot[query](plan, Q) / sum[query](plan) + (1 - pull) * C
def often[way, query](C, Q):
    let two = moved[way, query](moved[way, query](C, Q), Q)
    moved[way, query](moved[way, query](moved[way, query](two, Q), Q), Q)

train on photos(batch = 64, epochs = 8):
    minimize (aligned + lam * uniform(spread)) else 0 by sgd(lr = cosine(rate), momentum = 0.9, decay = 1e-4)
    bank <- push[slot](bank, seen)
    tag <- push[slot](tag, cluster)
    proto <- mean[slot if tag == word](bank) else proto
    t <- mix(t, (f, g), keep = 1 - (1 - keep) * (1 + cos_angle(3.14159 * progress)) / 2)
    every 2 epochs:  # clusters anew
        proto <- kmeans[slot -> word](unit(bank), start = unit(bank)[slot = first], rounds = 20)
        tag <- argmax[word](-dist2(unit(bank), proto))

# episodes of unseen classes: one shot and five
state right1 = 0, right5 = 0
let e = f.eval(image)[width -> dim]
let feature = (e - mean[dim](e)) / sqrt(var[dim](e) * size(dim) / (size(dim) - 1) + 1e-12)
train on photos(sampler = episodes(label, way = 5, shot = 1, ask = 15), split = "test", steps = episodes_asked):
    let C = mean[item if local == way](feature if support), Q = feature if not support
    right1 <- right1 + mean(argmax[way](-dist2(often[way, item](C, Q), Q)) == local if not support) / episodes_asked
train on photos(sampler = episodes(label, way = 5, shot = 5, ask = 15), split = "test", steps = episodes_asked):
    let C = mean[item if local == way](feature if support), Q = feature if not support
    let D = share * moved[way, item](C, Q) + (1 - share) * C
    right5 <- right5 + mean(argmax[way](-dist2(D, Q)) == local if not support) / episodes_asked

on photos(split = "test"):
    report one = few_shot(feature, label, shot = 1, measure = "accuracy")
    report five = few_shot(feature, label, shot = 5, measure = "accuracy")
    report moved_one = right1
    report moved_five = right5

variant baseline:  # no memory
    param begin = 1_000_000

variant unmoved:  # prototypes stay where their shots are
    param pull = 0

variant positives:  # the teacher's neighbours are positives of the row itself, so that they have a gradient
    let aligned = -mean(dot(P[copy = 0], T[v = 1 - v]))

variant as_published:  # places within a cluster are read as slots; view 1 falls back a row earlier
    def around(z, bank, tag, proto):
        let mine = argmax[word](cos(z, proto))
        let few = sum[slot](tag == mine) < near + (v == 0)
        let inside = tag == mine or few
        let list = {n in bank[slot] if n.tag == mine or few top near by cos(z, n)}
        let place = cumsum[slot](1 * inside) - 1
        let found[nth = near] = bank[slot = place[slot = list[rank = nth].slot]]
        found

claim moved_one: unmoved < this
claim moved_five: unmoved < this
claim one: baseline < this, this < positives
