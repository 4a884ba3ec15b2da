spec ins_mil "A good instance classifier is all you need" "https://arxiv.org/abs/2307.02249"

use std.losses (infonce, supcon, cross_entropy)
use std.views (crop_turn)

param tau: real > 0 = 0.07
param weigh: real >= 0 = 0.5       # the contrast beside the classifier
param keep: real >= 0 <= 1 = 0.99  # momentum of the key encoder
param slow: real > 0 < 1 = 0.9     # momentum of the prototypes
param first: int >= 0 = 4          # epochs of the classifier alone, on labels of bags (paper: 1, pretrained)
param wait: int >= 0 = 5           # then a warm-up to this epoch
param slots: int > 0 = 1024
param rate: real > 0 = 0.05

data tiles: image[
    item, channel, row, column
], label[item] -> class, truth[item] -> class, id[item] -> sample from "digit-tiles", "tiles:slides/train.csv"
data bags: image[item, tile, channel, row, column], label[item] -> class from "digit-bags", "bags:slides/train.csv"

view x[v = 2] ~ crop_turn(image, 28)
model f(channel, row, column -> width) = conv([8, 16])
model c(width -> class) = linear(2)
model g(width -> dim) = mlp([64, 32])
model t = copy(f, g)  # the key encoder
let inner = f(x[v = 0])
let score = c(inner)  # [item, class]
let q = unit(g(inner))
let k = stop(unit(t.g(t.f(x[v = 1]))))

let allowed = class <= label                              # a tile of a negative bag is negative
let own = argmax[class](softmax[class](score) * allowed)  # pseudo class: of a tile and of its key
state Q[slot = slots, dim] = absent, P[slot = slots, class = 2] = absent
let queued = argmax[class](P)

contrast alike:
    anchor      a in q
    positive    c in q if c.own == a.own and c != a
    positive    c in k if c.own == a.own
    positive    c in Q if c.queued == a.own
    negative    c in q if c.own != a.own and c != a
    negative    c in k if c.own != a.own
    negative    c in Q if c.queued != a.own
    similarity  dot(a, c)
    temperature tau
contrast same:  # while pseudo classes are still poor: a tile against its other view
    anchor      a in q
    positive    c in k if c.item == a.item
    negative    c in Q
    similarity  dot(a, c)
    temperature tau

state mu[class = 2, dim] = 0         # prototypes
state s[sample, class = 2] = absent  # soft pseudo labels of all tiles
let warm = epoch < wait
let phi = 0.95 - 0.15 * (epoch - 1) / epochs
let taken = label == 1 or not warm or epoch < first  # the warm-up is on tiles whose class is open
let near = softmax[class](dot(q, mu))
let before = s[sample = id] else allowed / sum[class](allowed)
let moved = phi * before + (1 - phi) * onehot[class](argmax[class](near * allowed))
let belief = before if warm else moved if label == 1 else allowed  # [item, class]
let turn = onehot[class](own) * taken
let later = sum[item](turn) - cumsum[item](turn)  # rows of the class that follow in the batch
let followed = unit(                              # each row moves the prototype of its class, one after the other
    slow^sum[item](turn) * mu + (1 - slow) * sum[item](turn * slow^later * q)
)
let target = onehot[class](label) if epoch < first else belief
let class_loss = mean(cross_entropy[class](target, score) if taken) else 0
let part = 0 if epoch < first else weigh
let pull_loss = (mean(infonce(same) if taken) if warm else mean(supcon(alike))) else 0

let likely = softmax[class](c(f(image)))                # of a tile, alone or in its bag
let together = -log(mean[tile](likely)[class = label])  # [item]: of a bag

train on tiles(batch = 64, epochs = 12):
    t <- mix(t, (f, g), keep)
    minimize class_loss + part * pull_loss by sgd(lr = rate, momentum = 0.9, decay = 1e-3)
    s[sample = id] <- belief  # what the loss saw: by the prototypes as they were
    mu <- followed
    Q <- push[slot](Q, k)
    P <- push[slot](P, softmax[class](score) * allowed)
    every 1 epochs:
        train on bags(batch = 20, epochs = 1):  # what the tiles say together
            minimize mean(together) by sgd(lr = rate, momentum = 0.9, decay = 1e-3)

on tiles(split = "test"):
    report tile_auc = auc(likely[class = 1], truth)

on bags(split = "test"):
    report bag_auc = auc(mean[tile](likely[class = 1]), label)

variant as_published:  # a guard in the logarithm, below the largest similarity, the anchor's with itself
    def guarded(R)[a in R]:
        let top = stop(max(max[c in a.candidate](R(a, c)), sq(a) / tau))
        log(sum[c in a.candidate](exp(R(a, c) - top)) + 1e-12) + top - mean[p in a.positive](R(a, p))
    let pull_loss = (mean(infonce(same) if taken) if warm else mean(guarded(alike))) else 0
    # and the bag's loss is of its mean feature, normalised as if it were scores of classes
    let pooled = mean[tile](f(image))
    let odd = cross_entropy[width](width == label, softmax[width](pooled))
    train from this:
        minimize class_loss + part * pull_loss by sgd(lr = rate, momentum = 0.9, decay = 1e-3)
        every 1 epochs:
            train on bags(batch = 20, epochs = 1):
                minimize mean(odd) by sgd(lr = rate, momentum = 0.9, decay = 1e-3)

variant copied:  # each tile has the label of its bag
    param first = 12

variant prototypes:  # pseudo labels without the contrast
    param weigh = 0

claim tile_auc: copied < this, copied < prototypes, prototypes < this
