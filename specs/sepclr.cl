spec sepclr "Separating common from salient patterns" "https://arxiv.org/abs/2402.11928"

use std.losses (infonce)
use std.views (simclr)

param w_uniform: real >= 0 = 2   # spread against alignment, in each space
param w_salient: real >= 0 = 10  # of the salient space; 1000 for CIFAR with MNIST
param w_null: real >= 0 = 10     # background at the null point; 1000
param w_joint: real >= 0 = 10    # joint entropy: no leak between the spaces
param pixels: int > 0 = 32

data photos: image[
    item, channel, row, column
], target[item] -> kind, texture[item] -> class, digit[item] -> figure from "digits-on-textures", "cifar-mnist.npz"

view x[v = 2] ~ simclr(image, pixels, scale = (0.2, 1), flip_p = 0, strength = 0.5, blur_p = 0)
model fc(channel, row, column -> width) = conv([16, 32, 64])  # what background and targets share
model fs = fresh(fc)                                          # what targets alone have
model gc(width -> dim) = mlp([64, 16], norm = "batch")
model gs = fresh(gc)
let c = unit(gc(fc(x)))             # [item, v, dim]; common: on the sphere
let s = gs(fs(x))                   # salient: Euclidean
let n = s if target == 1 else 0     # background is the null point: a constant; targets keep their gradient

# Gaussian kernels exp(-|a - b|^2 / (2 tau)) with 2 tau = 1: squared distances are their logarithms.
def apart(y) = dist2(y, y[item -> other])          # [item, other, v]
def aligned(y) = dist2(y[v = 0], y[v = 1])         # [item]
def uniform(y) = mean[v](
    logsumexp[item, other if item < other](-apart(y)) - log(size(item) * (size(item) - 1) / 2)
)
let common = mean(aligned(c)) + w_uniform * uniform(c)
let salient = (mean[item if target == 1](aligned(s)) else 0) + w_uniform * uniform(n)
let null = mean[item, v if target == 0](sq(s)) else 0
let joint = mean[item, v](logsumexp[other](-apart(c) - apart(n)) - log(size(item)))  # itself included

train on photos(batch = 128, epochs = 6):
    minimize common + w_salient * salient + w_null * null + w_joint * joint by adam(lr = 2e-3)

on photos(split = "test"):  # fitted and scored on targets
    let code_c = fc(image), code_s = fs(image)
    report salient_digit = linear_probe(code_s if target == 1, digit)
    report salient_texture = linear_probe(code_s if target == 1, texture)
    report common_digit = linear_probe(code_c if target == 1, digit)
    report common_texture = linear_probe(code_c if target == 1, texture)
