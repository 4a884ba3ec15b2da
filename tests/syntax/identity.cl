# Every construct once, in the one layout: formatting this file changes nothing.
spec identity "Every construct" "arXiv:0000.00000" from base

use std.losses (infonce, decoupled)

param tau: real > 0 <= 1 = 0.1, k: int in 1 .. 5 = 2  # two params in one line
param mode: text("a", "b") = "a"
param free = [1, 2.5, 1e-4]

data photos: image[item, channel, y, x], label[item] -> class from "small", "large/one"
data words: token[item, word*, piece* = 8]

model f[v = 2](channel, y = 28, x -> width), g(word* -> width = 64, mask[item, word*]) = resnet(18)
model ema = copy(f)
learn w[width, dim] ~ normal(0, 0.02), b[dim] = 0
state Q[slot = 512, dim] -> class = absent, seen
view x[v = 2], box[v] ~ crop(image, size = 28)
draw coin[item, v] ~ bernoulli(0.5)

let z = unit(f(x)), y[item] = sum[v](z)
let parts = z[item = 0][v = 1 :][v = : 2][width -> (head, each = 8)][(head, each) -> width][1]
let chosen = a if b and not c or d != e else f % 2 else -g^2
let some = {c in z if c.item == 1 top 5 by c.score weight w, i in photos} | 1 .. 9
let pair = (z, y).first[word if word >= 1, j in z]
let ragged = sum[word*](token)

def nce(R, beta = 1)[a in R] = mean[p in a.positive](R(a, p)) / beta

def pooled[axis](x)[axis]:
    # a def may hold declarations
    let m = mean[axis](x)

    m - max[axis](x)

contrast pull(A, tau = 0.1):
    anchor      a in z, b in y  # the anchors
    positive    c in z if c.item == a.item
    negative    c in z if c.item != a.item weight a.w
    similarity  dot(a, c)
    temperature tau
    let near = dot(a, c)
    draw kept ~ bernoulli(0.5)

contrast push from pull:
    logit dot(a, c)

contrast same from pull

train first on photos(batch = 256) if label > 0, words from base:
    minimize mean(nce(pull)) over f, g by sgd(lr = 0.1)
    minimize:
        mean(nce(pull)) by sgd(lr = 0.1)
        sum(b) over b
    Q[slot = 1] <- push(Q, z)
    every 10 epochs:
        report knn[k = 9] = knn(z, label)
    loop i in 1 .. 10 if not done:
        ema <- mix(ema, f, keep = 0.99)

train on photos

on photos(split = "test"):
    report accuracy = mean(
        argmax[class](the_first_of_the_long_names(image)) == label,
        another_rather_long_argument = the_second_of_the_long_names(image)
    )

variant plain "Without" from this:
    param tau = 0.5

claim knn: plain < this, plain <= this, this ~ plain
