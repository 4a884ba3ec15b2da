spec hardness_aware "Understanding the behaviour of contrastive loss" "https://arxiv.org/abs/2012.09740"

use std.losses (infonce, simple_loss)
use std.views (crop_turn)
use std.schedules (two_steps)

param tau: real > 0 = 0.3         # small: uniform and intolerant; large: tolerant
param alpha: real > 0 <= 1 = 1    # share of the negatives that is kept, hardest first
param lam: real > 0 = 1e-3        # simple loss: weight of a negative
param keep: real >= 0 <= 1 = 0.5  # how much of a bank row stays
param rate: real > 0 = 0.1        # of the optimiser, before its schedule
param pixels: int > 0 = 28

data photos: image[
    item, channel, row, column
], label[item] -> class, id[item] -> sample from "mnist-5k", "uoft-cs/cifar100"

view x ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 32], norm = "batch")
let z = unit(g(f(x)))  # [item, dim]

let bound = 1 / sqrt(size(dim) / 3)
state bank[sample, dim] ~ uniform(-bound, bound)  # one row for each example; unit from its first visit on

contrast pull:
    anchor      a in z
    let kept = ceil(alpha * (size(sample) - 1))
    let cut = stop(min[h in bank if h.sample != a.id top kept by dot(a, h)](dot(a, h)))
    positive    c in bank if c.sample == a.id
    negative    c in bank if c.sample != a.id and dot(a, c) >= cut  # ties at the threshold are all kept
    similarity  dot(a, c)
    temperature tau

train on photos(batch = 128, epochs = 8):
    minimize mean(infonce(pull)) by sgd(lr = two_steps(rate, 6, 7), momentum = 0.9, decay = 5e-4)
    bank[sample = id] <- unit(keep * bank[sample = id] + (1 - keep) * z)  # z as the loss saw it

on photos(split = "test"):
    let e = unit(g(f(image)))
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)
    report uniformity = uniformity(e)
    report tolerance = tolerance(e, label)

variant warm:  # a large temperature alone
    param tau = 1
variant hard:  # explicit hard negatives make a large temperature good
    param tau = 1, alpha = 0.08
variant simple:  # no softmax: no hardness
    train from this:
        minimize mean(simple_loss(pull, lam)) by sgd(lr = two_steps(rate, 6, 7), momentum = 0.9, decay = 5e-4)
variant hard_simple from simple:
    param alpha = 0.08

variant as_published:  # the k best of the whole row, own slot or not; logarithm capped
    param nearest: int > 0 = 300
    def capped(R)[a in R] = (
        -log(mean[p in a.positive](exp(R(a, p) - logsumexp[n in bank top nearest by dot(a, n)](R(a, n)))) + 1e-7)
    )
    train from this:
        minimize mean(capped(pull)) by sgd(lr = two_steps(rate, 6, 7), momentum = 0.9, decay = 5e-4)

variant as_published_simple from as_published:  # the mean over all slots, the own one included
    def flat(R)[a in R] = mean[n in bank](R.similarity(a, n)) - sum[p in a.positive](R.similarity(a, p))
    train from this:
        minimize mean(flat(pull)) by sgd(lr = two_steps(rate, 6, 7), momentum = 0.9, decay = 5e-4)

claim linear: simple < this, simple < hard_simple, warm < hard
claim tolerance: this < warm
