spec mcl "Multistage contrastive learning against feature suppression" "https://arxiv.org/abs/2402.11816"

use std.losses (infonce)
use std.views (crop_turn)

param clusters: int > 0 = 10  # of each stage
param tau: real > 0 = 0.5
param rate: real > 0 = 2e-3
param rounds: int > 0 = 5  # epochs of a stage
param pixels: int > 0 = 14

data photos: image[
    item, channel, row, column
], label[item] -> class, colour[item] -> hue, id[item] -> sample from "coloured-digits", "attributes.npz"

view x[v = 2] ~ crop_turn(image, pixels)
model f[stage = 2](channel, row, column -> width) = conv([16, 32])  # one network for each stage, each from its own start
model g[stage = 2](width -> dim) = mlp([64, 32], norm = "batch")
state key[sample] = 0  # the clusters of all stages so far, as one number; all alike at first
def shown(k) = unit(g[stage = k](f[stage = k](x)))

contrast pull(z):  # rows of other clusters are not in the batch
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature tau

let first = unit(f[stage = 0](image)[width -> dim])
draw pick[cluster = clusters] ~ integer(0, size(sample) - 1)  # rows at which clusters begin
let centre = kmeans[item -> cluster](first, start = first[item = pick])
let both = unit[feature](f(image)[(stage, width) -> feature])  # raw outputs of all stages, normalised once

train on photos(batch = 100, sampler = together(key), epochs = rounds):
    minimize mean(infonce(pull(shown(0)))) by adam(lr = rate)

on photos(split = "train"):
    key[sample = id] <- clusters * key[sample = id] + argmax[cluster](-dist2(first, centre))

train on photos(batch = 100, sampler = together(key), epochs = rounds):
    minimize mean(infonce(pull(shown(1)))) by adam(lr = rate)

on photos(split = "test"):
    report digit = linear_probe(both, label)
    report colours = linear_probe(both, colour)
    report digit_before = linear_probe(f[stage = 0](image), label)
    report digit_after = linear_probe(f[stage = 1](image), label)

variant dummy "A second stage like the first, of equal cost":
    param clusters = 1

claim digit: dummy < this
claim digit_after: dummy < this
