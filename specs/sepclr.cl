spec sepclr "Separating common from salient patterns" "https://arxiv.org/abs/2402.11928"

use std.losses (infonce)
use std.views (simclr)

param two_tau: real > 0 = 1      # twice the width of the Gaussian kernels
param w_uniform: real >= 0 = 2   # spread against alignment, in each space
param w_salient: real >= 0 = 10  # of the salient space; 1000 for CIFAR with MNIST
param w_null: real >= 0 = 10     # background at the null point; 1000
param w_joint: real >= 0 = 10    # joint entropy: no leak between the spaces
param pixels: int > 0 = 24

data photos: image[
    item, channel, row, column
], target[item] -> kind, texture[item] -> class, digit[item] -> figure, trait[
    item, part
] from "digits-on-textures", "cifar-mnist.npz"

view x[v = 2] ~ simclr(image, pixels, scale = (0.2, 1), flip_p = 0, strength = 0.5, blur_p = 0)
model fc(channel, row, column -> width) = conv([16, 32, 64])  # what background and targets share
model fs = fresh(fc)                                          # what targets alone have
model gc(width -> dim) = mlp([64, 16], norm = "batch")
model gs = fresh(gc)
let c = unit(gc(fc(x)))          # [item, v, dim]; common: on the sphere
let s = gs(fs(x))                # salient: Euclidean
let n = s if target == 1 else 0  # background is the null point: a constant; targets keep their gradient

# Gaussian kernels exp(-|a - b|^2 / (2 tau)), by their logarithms.
def aligned(y) = dist2(y[v = 0], y[v = 1]) / two_tau     # [item]
def affinity(y) = -dist2(y, y[item -> other]) / two_tau  # [item, other, v]
def uniform(y) = mean[v](                                # over distinct pairs
    logsumexp[item, other if item < other](affinity(y)) - log(size(item) * (size(item) - 1) / 2)
)
let common = mean(aligned(c)) + w_uniform * uniform(c)
let salient = (mean[item if target == 1](aligned(s)) else 0) + w_uniform * uniform(n)
let null = mean[item, v if target == 0](sq(s) / two_tau) else 0
let joint = mean[item, v](logsumexp[other](affinity(c) + affinity(n)) - log(size(item)))  # itself included
let total = common + w_salient * salient + w_null * null + w_joint * joint

let code_c = fc(image), code_s = fs(image)

train on photos(batch = 128, epochs = 4):
    minimize total by adam(lr = 2e-3)

on photos(split = "test"):  # of targets: the salient space should know the digit, the common one the texture
    report salient_digit = linear_probe(code_s if target == 1, digit)
    report salient_texture = linear_probe(code_s if target == 1, texture)
    report common_digit = linear_probe(code_c if target == 1, digit)
    report common_texture = linear_probe(code_c if target == 1, texture)

variant independent:  # nothing keeps the two spaces apart
    param w_joint = 0

variant leak:  # the background is not held at the null point
    param w_null = 0

variant as_published:  # the weights of the released script
    param w_salient = 1000, w_null = 1000

variant split:  # one plain contrast, its representation cut in two
    model f(channel, row, column -> width) = conv([16, 32, 128])
    model g(width -> dim) = mlp([64, 32], norm = "batch")
    let z = unit(g(f(x)))
    contrast pull:
        anchor      a in z
        positive    c in z if c.item == a.item and c.v != a.v
        negative    c in z if c.item != a.item
        similarity  dot(a, c)
        temperature 0.2
    let total = mean(infonce(pull))
    let code_c = f(image)[width = 0 : 64], code_s = f(image)[width = 64 : 128]

variant attributes:  # known traits of targets: one salient dimension for each, seen as they are
    param w_uniform = 1, w_salient = 100, pixels = 32
    param discrete: real > 0 = 1e-5  # how far two values of the first trait are of one kind
    param smooth: real > 0 = 0.05    # of the others
    view x ~ simclr(image, pixels, scale = (0.2, 1), flip_p = 0, strength = 0.5, blur_p = 0)
    model gs(width -> part) = mlp([32, 3])
    let c = unit(gc(fc(stack[v](image, x))))
    let s = gs(fs(image))  # [item, part]
    def gap(y) = (y - y[item -> other])^2
    let width = discrete if part == 0 else smooth
    let alike = mean[
        item, other if item < other and target == 1 and target[item -> other] == 1
    ](exp(-gap(trait) / width) * gap(s)) else 0
    let null = mean[item if target == 0](s^2 / (two_tau if part == 0 else smooth)) else 0
    let even = logsumexp[item, other if item < other](-gap(n) / two_tau) - log(size(item) * (size(item) - 1) / 2)
    let salient = mean[part](even + (alike + null) / 2)
    let joint = mean[item](logsumexp[other](affinity(c[v = 0]) - sum[part](gap(n)) / two_tau) - log(size(item)))
    let total = common + w_salient * salient + w_joint * joint

claim salient_digit: split < this
claim salient_texture: this < split
claim common_digit: this < independent, this < split
