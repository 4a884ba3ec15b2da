spec sc_mil "Supervised contrastive learning of bags under imbalance" "https://arxiv.org/abs/2303.13405"

use std.losses (supcon)

param tau: real > 0 = 1
param curve: text("parabolic", "linear", "cosine") = "parabolic"

data bags: image[
    item, tile*, channel, row, column
], label[item] -> class, truth[item, tile*] -> yes from "digit-bags-lt", "bags:slides/train.csv"
data shifted: image[
    item, tile*, channel, row, column
], label[item] -> class from "digit-bags-lt-shifted", "bags:elsewhere/train.csv"

model f(channel, row, column -> width) = mlp([64, 32])
model v(width -> hidden) = linear(32)
learn w[hidden = 32] ~ normal(0, 0.1)
model g(width -> dim) = mlp([32, 16])
model c(width -> class) = linear(3)

let tiles = f(image)                                       # [item, tile, width]
let share = softmax[tile](dot[hidden](w, tanh(v(tiles))))  # attention over the tiles of a bag
let bag = sum[tile](share * tiles)                         # [item, width]
let z = unit(g(bag))                                       # the contrast sees a projection, the classifier the bag itself
let score = c(bag)

contrast pull:
    anchor      a in z
    positive    c in z if c.label == a.label and c != a
    negative    c in z if c.label != a.label
    similarity  dot(a, c)
    temperature tau

let contrast_loss = mean(supcon(pull)) else 0  # over the anchors that have a positive
let class_loss = mean(logsumexp[class](score) - score[class = label])
let t = epoch / epochs
let beta = 1 - t if curve == "linear" else (1 + cos_angle(3.141592653589793 * t)) / 2 if curve == "cosine" else 1 - t^2

train on bags(batch = 24, epochs = 40, sampler = quota(label)):
    minimize beta * contrast_loss + (1 - beta) * class_loss by adam(lr = 2e-3)

on bags(split = "test"):
    report f1 = macro_f1(argmax[class](score), label)
    report attention = auc(share, truth)

on shifted(split = "test"):
    report f1_shifted = macro_f1(argmax[class](score), label)

variant oversampled:  # cross-entropy alone, small classes come again
    let beta = 0

variant baseline from oversampled:  # and as the classes come
    train on bags(batch = 24, epochs = 40):
        minimize class_loss by adam(lr = 2e-3)

variant constant:  # both losses throughout
    let beta = 0.5

variant gated:  # attention of tanh and sigmoid
    model u(width -> hidden) = linear(32)
    let share = softmax[tile](dot[hidden](w, tanh(v(tiles)) * sigmoid(u(tiles))))

claim f1: baseline < this, oversampled < this, constant < this
