spec pixpro "Propagate yourself: pixel-level consistency" "https://arxiv.org/abs/2011.10043"

use std.views (crop_jitter)
use std.schedules (cosine, rising)

param reach: real > 0 = 0.7        # in bins: pixels no further apart than so show one place
param gamma: real > 0 = 2          # sharpness of the propagation
param floor: real = 0              # smaller similarities propagate like this one
param keep: real >= 0 <= 1 = 0.99  # of the teacher, rising to 1
param rate: real > 0 = 2e-3        # of the optimiser, before its schedule
param pixels: int > 0 = 48

data scenes: image[item, channel, row, column], cell[item, y, x] -> class from "digit-scenes", "cityscapes.npz"

view a[v = 2], box[v] ~ crop_jitter(image, pixels, scale = (0.3, 1), flip_p = 0)
model f(channel, row, column -> width, y, x) = conv([8, 32, 64, 64], pool = "avg", out = "map")
model g(width -> dim) = mlp([128, 32], norm = "batch")  # convolutions of one pixel
model h(dim -> dim) = linear(32)
model t = copy(f, g)
let p = each[v](g(f(a)))  # [item, v, y, x, dim]
let k = unit(stop(each[v](t.g(t.f(a)))))

let like = max(cos(p, p[y -> q, x -> r]), floor)^gamma  # of a pixel to all of its view, itself too
let value = h(p)
let spread = sum[q, r](like * value[y -> q, x -> r])
let z = unit(spread)  # [item, v, y, x, dim]

# where the centre of a pixel lies in the image; a mirrored view runs from right to left
let first = box[side = 1], last = first + box[side = 3], turned = box[side = 4] > 0.5
let x0 = last if turned else first, x1 = first if turned else last, y0 = box[side = 0], y1 = y0 + box[side = 2]
let wide = (x1 - x0) / size(x), tall = (y1 - y0) / size(y), bin = sqrt(wide^2 + tall^2)
let across = x0 + (x + 0.5) * wide, down = y0 + (y + 0.5) * tall
def apart(i, j) = sqrt((i.across - j.across)^2 + (i.down - j.down)^2) / max(bin, j.bin)

let other = rows(k[v = 1 - v], across = across[v = 1 - v], down = down[v = 1 - v], bin = bin[v = 1 - v])

contrast same:  # one relation for each item and view
    anchor     i in z[y, x]
    positive   j in other[y, x] if apart(i, j) <= reach
    similarity dot(i, j)

def total(R)[i in R] = sum[j in i.positive](R(i, j))
def pairs(R)[i in R] = count[j in i.positive](j)
let found = sum[y, x](pairs(same))  # [item, v]
let agree = sum[y, x](total(same)) / found if found > 0

train on scenes(batch = 32, epochs = 6):
    t <- mix(t, (f, g), rising(keep, step, steps))
    minimize -sum[v](mean[item](agree) else 0) by adam(lr = cosine(rate))

on scenes(split = "test"):
    report miou = linear_probe(
        f(image)[(item, y, x) -> place], cell[(item, y, x) -> place], iterations = 50, measure = "mean_iou"
    )

variant unpropagated:  # consistency alone
    let z = unit(p)

variant pixcontrast:  # the paper's own first step: all other pixels of the other view are negatives
    param tau: real > 0 = 0.3
    let z = unit(p)
    contrast same:
        negative    j in other[y, x] if apart(i, j) > reach
        temperature tau
    def loss(R)[i in R] = (
        logsumexp[j in i.candidate](R(i, j)) - logsumexp[j in i.positive](R(i, j)) if any[j in i.positive](true)
    )
    let dense = mean[y, x](loss(same)) else 0  # [item, v]: of the pixels in the overlap
    train from this:
        minimize mean(dense) by adam(lr = cosine(rate))

variant instance:  # whole views instead of pixels: what pixels give
    model w(dim -> dim) = mlp([64, 32], norm = "batch")
    let whole = unit(mean[y, x](each[v](w(p))))
    let mate = unit(mean[y, x](each[v](t.g(t.f(a)))))[v = 1 - v]
    train from this:
        minimize -sum[v](mean[item](dot(whole, stop(mate)))) by adam(lr = cosine(rate))

variant both from instance:
    train from this:
        minimize -sum[v]((mean[item](agree) else 0) + mean[item](dot(whole, stop(mate)))) by adam(lr = cosine(rate))

variant as_published:  # strict distance, twice the loss, guards, unit values, corners at the centres of pixels
    let rows_of = size(row), columns = size(column)
    let first = box[side = 1] * columns / (columns - 1)
    let last = first + (box[side = 3] * columns - 1) / (columns - 1)
    let y0 = box[side = 0] * rows_of / (rows_of - 1), y1 = y0 + (box[side = 2] * rows_of - 1) / (rows_of - 1)
    let like = (max(cos(p, p[y -> q, x -> r]), floor) + (1e-6 if gamma < 1 else 0))^gamma
    let spread = sum[q, r](like * unit(value)[y -> q, x -> r])
    contrast same:
        positive j in other[y, x] if apart(i, j) < reach
    let agree = sum[y, x](total(same)) / (found + 1e-6)
    train from this:
        minimize -2 * sum[v](mean[item](agree)) by adam(lr = cosine(rate))

claim miou: instance < this, pixcontrast < this, unpropagated < this
