spec obow "Online bag-of-visual-words generation" "https://arxiv.org/abs/2012.11552"

use std.losses (cross_entropy)
use std.schedules (cosine, rising)
use std.views (crop_turn)

param words: int > 1 = 256         # a multiple of the batch
param sharp: real > 0 = 10         # of the codes, in units of the mean distance to the nearest word
param kappa: real > 0 = 5          # inverse temperature of the predictions
param keep: real >= 0 <= 1 = 0.99  # of the teacher, rising to 1
param calm: real >= 0 <= 1 = 0.99  # of the mean distance
param crops: int >= 2 = 5          # two large ones, the others small
param rate: real > 0 = 0.05        # of the optimiser, before its schedule

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "ILSVRC/imagenet-1k"

view b[crop = crops] ~ crop_turn(image, size = 20 if crop < 2 else 14, scale = (0.3, 0.8) if crop < 2 else (0.1, 0.4))
model f(channel, row, column -> low[width, y, x], high[dim, q, r], top[dim]) = conv([16, 32, 64], levels = [2, 3])
model t = copy(f)
model g(width -> dim) = mlp([128, 64], norm = "batch", hidden_bias = false)  # from words to the weights that predict them
model h(dim -> dim) = mlp([128, 64], norm = "batch", hidden_bias = false)
state V[word = words, width] ~ normal(0, 1), U[word = words, dim] ~ normal(0, 1)  # words of either level
state near = 0.5, close = 0.5                                                     # mean distances to the nearest word
draw at[item, level = 2] ~ uniform(0, 1)                                          # where new words are taken
draw by[item, level = 2] ~ uniform(0, 1)

# the teacher sees the whole image, without the cells of its border
let seen = t(image)
let low = stop(seen.low[y = 1 : size(y) - 1, x = 1 : size(x) - 1][y -> m, x -> n])
let high = stop(seen.high[q = 1 : size(q) - 1, r = 1 : size(r) - 1][q -> k, r -> l])
let far = dist2[width](low, relu(V)), away = dist2(high, relu(U))  # words are at least 0, as features are

let code = softmax[word](-sharp / near * far), mark = softmax[word](-sharp / close * away)
def bag[m, n](code):  # of a word, its strongest code in the image
    let found = max[m, n](code)
    found / max(sum[word](found), 1e-12)

def some[m, n](u, at, by):  # a mean of 3 by 3 cells, at one place
    let part[i = 3, j = 3] = u[m = i : size(m) - 2 + i, n = j : size(n) - 2 + j][m -> down, n -> across]
    mean[i, j](part)[down = floor(at * size(down)), across = floor(by * size(across))]

let target = stop(bag[m, n](code)), other = stop(bag[k, l](mark))  # [item, word]
let top = f(b).top                                                 # [item, crop, dim]
let score = kappa * dot(top, unit(g(unit[width](relu(V))))), second = kappa * dot(top, unit(h(unit(relu(U)))))

let loss = (cross_entropy[word](target, score) + cross_entropy[word](other, second)) / 2  # [item, crop]

train on photos(batch = 64, epochs = 4):
    t <- mix(t, f, rising(keep, step, steps))
    near <- calm * near + (1 - calm) * mean[item, m, n](min[word](far))  # before it scales the codes
    close <- calm * close + (1 - calm) * mean[item, k, l](min[word](away))
    minimize mean[item, crop if crop < 2](loss) + mean[item, crop if crop >= 2](loss) by sgd(
        lr = cosine(rate), momentum = 0.9, decay = 5e-4
    )
    report perplexity = exp(-sum[word](mean[item](target) * log(mean[item](target) + 1e-5)))
    V <- push[word](V, some[m, n](low, at[level = 0], by[level = 0]))  # read before it is written
    U <- push[word](U, some[k, l](high, at[level = 1], by[level = 1]))

on photos(split = "test"):
    report knn = knn(f(image).top, label, k = 20)
    report linear = linear_probe(f(image).top, label)

variant vanilla:  # one level, one crop
    param crops = 2
    let loss = cross_entropy[word](other, second)
    train from this:
        minimize mean[item, crop if crop < 1](loss) by sgd(lr = cosine(rate), momentum = 0.9, decay = 5e-4)

variant hard:  # the nearest word alone, averaged over the image
    let code = onehot[word](argmin[word](far)), mark = onehot[word](argmin[word](away))
    def bag[m, n](code) = mean[m, n](code)

variant static:  # predictors that do not see their words change
    state A[word = words, width] ~ normal(0, 1), B[word = words, dim] ~ normal(0, 1)
    let score = kappa * dot(top, unit(g(unit[width](relu(A)))))
    let second = kappa * dot(top, unit(h(unit(relu(B)))))

variant as_published:  # the divergence: the cross-entropy less a constant
    def kl[word](p, logits) = sum[word]((p * log(p) if p > 0 else 0) - p * log_softmax[word](logits))
    let loss = (kl[word](target, score) + kl[word](other, second)) / 2

claim linear: vanilla < this, hard < this, static < this
