spec supremix "Mixup your own pairs: contrastive regression" "https://arxiv.org/abs/2309.16633"

use std.losses (supcon)
use std.views (crop_turn)
use std.schedules (one_step)

param T: real > 0 = 0.5     # temperature
param window: real > 0 = 3  # how far, in label units, a parent of a hard positive may be
param magnify: bool = true  # weigh candidates by the distance of the labels
param pixels: int > 0 = 28

data digits: image[item, channel, row, column], label[item] -> class from "mnist-5k", "agedb"

view x[v = 2] ~ crop_turn(image, pixels, scale = (0.6, 1), degrees = 10)
let age = label  # the value of the digit, as a number
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 32], norm = "batch", last = "batch")
let z = unit(g(f(x)))  # [item, v, dim]

draw share[a in z, k in z] ~ beta(2, 8)  # of the anchor in a hard negative

contrast order:
    anchor      a in z
    let soft[k in z] = rows(
        stop(share[a, k] * a + (1 - share[a, k]) * k), age = share[a, k] * a.age + (1 - share[a, k]) * k.age
    ) if k.age != a.age
    let exact[j in z, k in z] = (
        rows(stop(((k.age - a.age) * j + (a.age - j.age) * k) / (k.age - j.age)), age = a.age)
        if a.age - window < j.age and j.age < a.age and a.age < k.age and k.age < a.age + window
    )
    positive    c in z if c.age == a.age and c != a
    positive    c in exact  # hard positives: the mixed label is the anchor's
    negative    c in z if c.age != a.age weight (abs(a.age - c.age) + 1 if magnify else 1)
    negative    c in soft weight (abs(a.age - c.age) + 1 if magnify else 1)
    similarity  dot(a, c)
    temperature T

train on digits(batch = 32, epochs = 4):
    minimize mean(supcon(order)) by adam(lr = one_step(2e-3, 3))

on digits(split = "test"):
    report mae = regress(f(image), label, measure = "mae")
    report pearson = regress(f(image), label, measure = "pearson")

variant supcr:  # no mixtures: supervised contrastive regression
    contrast order:
        positive c in z if c.age == a.age and c != a
        negative c in z if c.age != a.age weight (abs(a.age - c.age) + 1 if magnify else 1)

variant supcon_classes from supcr:  # labels as classes
    param magnify = false

variant as_published:  # real and mixed logits are shifted by maxima of their own before they share one softmax
    contrast real from order:
        positive c in z if c.age == a.age and c != a
        negative c in z if c.age != a.age weight (abs(a.age - c.age) + 1 if magnify else 1)
    contrast mixed from order:
        positive c in exact
        negative c in soft weight (abs(a.age - c.age) + 1 if magnify else 1)
    def top_real(R)[a in R] = max[c in z](dot(a, c) / T)
    def top_mixed(R)[a in R] = max(max[c in a.candidate](R(a, c)) else 0, 0)  # empty slots count as 0
    def mass(R, shift)[a in R] = sum[c in a.candidate weight R.weight(a, c)](exp(R(a, c) - a.shift))
    def pulls(R, shift)[a in R] = sum[p in a.positive](R(a, p) - a.shift)
    def number(R)[a in R] = count[p in a.positive](R(a, p))
    let shift_real = stop(top_real(real)), shift_mixed = stop(top_mixed(mixed))
    let literal = (
        log(mass(real, shift_real) + mass(mixed, shift_mixed))
        - (pulls(real, shift_real) + pulls(mixed, shift_mixed)) / (number(real) + number(mixed))
    )
    train from this:
        minimize mean(literal) by adam(lr = one_step(2e-3, 3))

claim mae: this < supcr, this < supcon_classes
