spec dcl "Decoupled contrastive learning" "https://arxiv.org/abs/2110.06848"

use std.losses (decoupled, infonce)
use std.views (crop_turn)
use std.schedules (cosine)

param tau: real > 0 = 0.1    # temperature
param sigma: real > 0 = 0.5  # DCLW: sharpness of the weights of the positives
param pixels: int > 0 = 28

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "uoft-cs/cifar10"

view x[v = 2] ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 32])
let z = unit(g(f(x)))  # [item, v, dim]

contrast pull:  # the positive is not in the denominator
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item  # both views of the others
    similarity  dot(a, c)
    temperature tau

train on photos(batch = 16, epochs = 4):
    minimize mean(decoupled(pull)) by adam(lr = cosine(2e-3), decay = 1e-6)

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)

variant baseline:  # the positive back in the denominator: NT-Xent
    train from this:
        minimize mean(infonce(pull)) by adam(lr = cosine(2e-3), decay = 1e-6)

variant weighted:  # DCLW: hard positives weigh more, 1 on average
    let w = 2 - size(item) * softmax[item](dot(z[v = 0], z[v = 1]) / sigma)
    train from this:
        minimize mean(decoupled(pull, w)) by adam(lr = cosine(2e-3), decay = 1e-6)

variant weighted_detached from weighted:
    let w = stop(2 - size(item) * softmax[item](dot(z[v = 0], z[v = 1]) / sigma))

variant as_published:  # own columns get log(1e-45) added instead of being removed
    def leaky(R, w = 1)[a in R] = (
        logsumexp[n in z](R(a, n) + (-103.61632918473205 if n.item == a.item else 0))
        - a.w * mean[p in a.positive](R(a, p))
    )
    train from this:
        minimize mean(leaky(pull)) by adam(lr = cosine(2e-3), decay = 1e-6)

claim knn: baseline < this
