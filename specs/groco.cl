spec groco "Learning by sorting: group ordering constraints" "https://arxiv.org/abs/2301.02009"

use std.losses (infonce)
use std.views (dino)
use std.schedules (cosine)

param hardest: int > 0 = 10
param steepness: real > 0 = 1  # of the relaxed swaps
param views: int >= 2 = 2
param full: int >= 1 = 2  # only full crops are positives
param pixels: int > 0 = 28

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "ILSVRC/imagenet-1k"

view x[v = views] ~ dino(
    image, pixels, scale = (0.3, 1), flip_p = 0, blur_p = [1, 0.1][v % 2], solarize_p = [0, 0.2][v % 2]
)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 64], norm = "batch", last = "batch_no_affine")
let z = g(f(x))  # not unit: the cosine is

let y = stop(z)  # candidates are constants; every view is an anchor in turn
contrast order:
    anchor     a in z
    positive   c in y if c.item == a.item and c.v != a.v and c.v < full
    negative   c in y if c.item != a.item and c.v == a.v top hardest by cos(a, c)
    similarity cos(a, c)

def grouped(R)[a in R]:  # negatives belong in the lower places, positives in the upper
    let low = sort[n in a.negative](R(a, n))
    let high = sort[p in a.positive](R(a, p))
    let k = count[n in a.negative](n)
    let list = cat[slot](low[rank -> slot], high[rank -> slot])
    let M = soft_sort[slot -> place](list, steepness = steepness)
    let below = clamp(sum[place if place < k](M), 0, 1)
    let above = clamp(sum[place if place >= k](M), 0, 1)
    mean[slot if present(list)](bce(below, slot < k) + bce(above, slot >= k)) / 2 else 0  # small crops have longer lists

train on photos(batch = 128, epochs = 8):
    minimize mean[v](mean[item](grouped(order))) by sgd(lr = cosine(2, warm_epochs = 1), momentum = 0.9, decay = 1e-6)

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20, temperature = 0.07)
    report linear = linear_probe(f(image), label)

variant baseline:  # NT-Xent
    contrast pull:
        anchor      a in z
        positive    c in z if c.item == a.item and c.v != a.v
        negative    c in z if c.item != a.item
        similarity  cos(a, c)
        temperature 0.1
    train from this:
        minimize mean(infonce(pull)) by sgd(lr = cosine(0.1, warm_epochs = 1), momentum = 0.9, decay = 1e-6)

variant top_baseline:  # the matched ablation: the same pairs, a softmax instead of sorting
    contrast pull:
        anchor      a in z
        positive    c in y if c.item == a.item and c.v != a.v
        negative    c in y if c.item != a.item top hardest by cos(a, c)
        similarity  cos(a, c)
        temperature 0.5
    train from this:
        minimize mean(infonce(pull)) by sgd(lr = cosine(0.1, warm_epochs = 1), momentum = 0.9, decay = 1e-6)

claim knn: baseline < this, top_baseline < this
