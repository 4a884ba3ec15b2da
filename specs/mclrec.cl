spec mclrec "Meta-optimized contrastive learning for sequential recommendation" "https://arxiv.org/abs/2304.07763"

use std.losses (infonce)
use std.sequences (cropped, hidden, reordered)

param lmd: real >= 0 = 0.1     # weight of the contrast of data views
param beta: real >= 0 = 0.1    # of data with model views
param gamma: real >= 0 = 0.01  # of the margins
param tau: real > 0 = 1
param drop: real >= 0 < 1 = 0.2
param rate: real > 0 = 2e-3

data prefixes: seq[item, time] -> vocab, next[item] -> vocab from "movielens-100k", "log:Beauty.inter"

learn E[vocab, dim = 32] ~ normal(0, 0.02)  # the table of items is also the last layer; 0 fills
model f(time, dim -> time, dim) = transformer(depth = 1, heads = 2, dropout = drop, causal = true)
model w[v = 2](dim -> dim) = mlp([16, 8, 32], activation = "gelu")  # learned augmenters, one for each view

let past = seq if seq > 0
draw order[item, operation = 3] ~ permutation()  # two different operations for the two copies
draw at[item, v = 2] ~ uniform(0, 1)
draw noise[item, v, time] ~ uniform(0, 1)
let which = order[operation = v]  # [item, v]
let changed = (
    cropped[time](past, 0.5, at) if which == 0 else hidden[time](past, 0.5, noise) if which == 1
    else reordered[time](past, 0.8, at, noise)
)
let s = changed if count[time](past) > 1 else past  # [item, v, time]

let user = last[time](f(E[vocab = past])) else 0  # [item, dim]; no sequence is empty
let h = last[time](f(E[vocab = s])) else 0        # [item, v, dim]
let z = unit(w(h))                                # augmented once more, by a model
let score = dot(user, E)                          # [item, vocab]
# views cross: what augmenter 1 makes meets what the encoder made of the first copy
let crossed = stack[side](h[v = 0], z[v = 1]), again = stack[side](h[v = 1], z[v = 0]), made = z[v -> side]

contrast pull(X):
    anchor      a in X
    positive    c in X if c.item == a.item and c.side != a.side
    negative    c in X if c.item != a.item
    similarity  dot(a, c)
    temperature tau

def nce(R) = mean[item](sum[side](infonce(R)))  # both directions
def nearest(R)[a in R] = max[n in a.negative](R(a, n))
def own(R)[a in R] = mean[p in a.positive](R(a, p))
def beyond(R, high)[a in R] = mean[n in a.negative](relu(a.high - R(a, n)))
# by how much positives exceed the lower margin of the batch, and negatives stay below its upper one
def margins(R) = (
    mean(relu(own(R) - min(min(own(R)), max(nearest(R))))) + mean(beyond(R, max(min(own(R)), max(nearest(R)))))
)

let rank = -mean[item](log_softmax[vocab](score)[vocab = next])
let close = nce(pull(h[v -> side]))
let augmented = nce(pull(crossed)) + nce(pull(again)) + nce(pull(made))
let spread = margins(pull(made))
let encoder = rank + lmd * close + beta * augmented + gamma * spread
let augmenters = augmented + gamma * spread

train on prefixes(batch = 128, epochs = 1):  # the paper: batch 256, dim 64, two layers, up to 100 epochs
    minimize encoder over f, E by adam(lr = rate)
    minimize augmenters over w by adam(lr = rate)  # with the encoder as it now is

on prefixes(split = "test"):
    report hr = hit_at(score, next, k = 10)
    report ndcg = ndcg_at(score, next, k = 10)
    report mrr = mrr(score, next)

variant as_published:  # three steps for a batch; margins of each row, in all three contrasts; means over both directions
    def nce(R) = mean(infonce(R))
    def within(R)[a in R]:
        let inner = mean[p in a.positive](R(a, p))
        let outer = max[n in a.negative](R(a, n))
        relu(inner - min(inner, outer)) + mean[n in a.negative](relu(max(inner, outer) - R(a, n)))
    let spread = mean(within(pull(crossed))) + mean(within(pull(again))) + mean(within(pull(made)))
    let encoder = rank + lmd * close + beta * (augmented + 0.1 * spread)
    let augmenters = augmented + 0.1 * spread
    train from this:
        minimize encoder over f, E by adam(lr = rate)
        minimize augmenters over w by adam(lr = rate)
        minimize encoder over f, E  # the first step's optimiser goes on

variant joint:  # everything at once
    train from this:
        minimize encoder by adam(lr = rate)

variant items:  # SASRec: no contrast
    train from this:
        minimize rank by adam(lr = rate)

variant data_views:  # CL4SRec: no augmenters
    train from this:
        minimize rank + lmd * close by adam(lr = rate)

variant one_augmenter:
    model w(dim -> dim) = mlp([16, 8, 32], activation = "gelu")

claim hr: items < this, data_views < this, joint < this
