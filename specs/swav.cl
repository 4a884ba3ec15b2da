spec swav "Contrasting cluster assignments, swapped" "https://arxiv.org/abs/2006.09882"

use std.views (crop_turn)
use std.schedules (cosine)
use std.losses (cross_entropy)

param words: int > 1 = 30  # prototypes
param crops: int >= 2 = 6  # two large ones make codes; all others only predict
param makers: int >= 1 = 2
param tau: real > 0 = 0.1
param eps: real > 0 = 0.05         # sharpness of the codes
param frozen_steps: int >= 0 = 31  # the prototypes wait
param rate: real > 0 = 4           # of the optimiser, before its schedule
param large: int > 0 = 28
param small: int > 0 = 16

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "ILSVRC/imagenet-1k"

view x[crop = crops] ~ crop_turn(
    image, size = large if crop < 2 else small, scale = (0.4, 1) if crop < 2 else (0.2, 0.4)
)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 32], norm = "batch")
learn C[word = words, dim] ~ normal(0, 1)
let z = unit(g(f(x)))                                                  # [item, crop, dim]
let score = dot(z, C)                                                  # [item, crop, word]
let lead = stop(z[crop = 0 : makers][crop -> maker])                   # the crops that make codes
let code = stop(sinkhorn[word, item](dot(lead, C) / eps, rounds = 3))  # [item, maker, word]; each row sums to 1
let swap = cross_entropy[word](code, score / tau)                      # [item, maker, crop]

train on photos(batch = 128, epochs = 6):
    C <- unit(C)  # prototypes are projected when a step begins
    minimize mean[maker, crop, item if crop != maker](swap) over f, g, C if step >= frozen_steps by larc(
        lr = cosine(rate, low = rate / 1000), momentum = 0.9, decay = 1e-6
    )

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)

variant two_crops:  # without multi-crop
    param crops = 2

variant unbalanced:  # codes by a plain softmax collapse
    let code = stop(softmax[word](dot(lead, C) / eps))

variant queue:  # small batches: older rows help to balance the codes
    param slots: int > 0 = 512
    state Q[maker = makers, slot = slots, dim] = absent
    let past = dot(Q, C) if full(Q) else absent  # old rows, scored by the present prototypes
    let plan = sinkhorn[word, pool](cat[(slot, item) -> pool](past, dot(lead, C)) / eps, rounds = 3)
    let code = stop(plan[pool in item])
    train from this:
        minimize mean[maker, crop, item if crop != maker](swap) over f, g, C if step >= frozen_steps by larc(
            lr = cosine(rate, low = rate / 1000), momentum = 0.9, decay = 1e-6
        )
        Q <- push[slot](Q, lead, order = "front")  # newest first; read before it is written

claim linear: two_crops < this, unbalanced < this
