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

claim mae: this < supcr, this < supcon_classes
