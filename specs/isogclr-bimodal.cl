spec isogclr_bimodal "Individual temperatures, one modality against another" "https://arxiv.org/abs/2305.11965"

use std.losses (symmetric)
use std.schedules (cosine)

param rho: real > 0 = 6           # radius of the robust expectation
param gamma: real > 0 <= 1 = 0.8  # rate of the moving average
param beta: real >= 0 <= 1 = 0.9  # rate of the smoothed slope
param eta: real >= 0 = 0.03       # step of the temperature
param tau0: real > 0 = 0.05
param low: real > 0 = 0.005
param high: real > 0 = 1
param bound: real > 0 = 5  # the slope is clipped
param tiny: real >= 0 = 1e-20

data pairs: left[
    item, channel, row, column
], right[
    item, channel, row, column
], label[item] -> class, id[item] -> sample from "digit-halves-lt", "pixparse/cc3m-wds"

view x ~ crop(left, size = (28, 14), scale = (0.5, 1))
view y ~ crop(right, size = (28, 14), scale = (0.5, 1))
model f(channel, row, column -> width) = conv([16, 32, 64])
model h(channel, row, column -> width) = conv([16, 32, 64])
model pf(width -> dim) = linear(32)
model ph(width -> dim) = linear(32)
let zi = unit(pf(f(x)))  # [item, dim]
let zt = unit(ph(h(y)))

# For each example and side: moving average s, running maximum b of the exponent (exp stays finite), slope u, temperature.
state si[sample] = 0, bi[sample] = 0, ui[sample] = 0, ti[sample] = tau0
state st[sample] = 0, bt[sample] = 0, ut[sample] = 0, tt[sample] = tau0

contrast side(here, there, tau):
    anchor      a in here
    positive    c in there if c.item == a.item
    negative    c in there if c.item != a.item  # the own pair is not in the expectation
    similarity  dot(a, c)
    temperature a.tau
let images = side(zi, zt, ti[sample = id])
let texts = side(zt, zi, tt[sample = id])

def own_pair(R)[a in R] = mean[p in a.positive](R.similarity(a, p))
def gap(R, mine, a, n) = (R.similarity(a, n) - a.mine) / R.temperature(a)
def top_pair(R, mine)[a in R] = max[n in a.negative](gap(R, mine, a, n))
def expected(R, mine, shift)[a in R] = mean[n in a.negative](exp(gap(R, mine, a, n) - a.shift))
def surrogate(R, mine, shift, now)[a in R]:              # linear in the similarities: its gradient is the method
    let own = mean[p in a.positive](R.similarity(a, p))  # its value is a.mine; the gradient passes
    mean[n in a.negative](stop(exp(gap(R, mine, a, n) - a.shift) / (a.now + tiny)) * (R.similarity(a, n) - own))
def slope(R, mine, shift, now)[a in R] = (
    log(a.now) + a.shift + rho
    - mean[n in a.negative](exp(gap(R, mine, a, n) - a.shift) / (a.now + tiny) * gap(R, mine, a, n))
)

let mi = stop(own_pair(images)), mt = stop(own_pair(texts))
let shift_i = stop(max(bi[sample = id], top_pair(images, mi)))
let shift_t = stop(max(bt[sample = id], top_pair(texts, mt)))
let fresh_i = stop(expected(images, mi, shift_i)), fresh_t = stop(expected(texts, mt, shift_t))
let now_i = (1 - gamma) * si[sample = id] * exp(bi[sample = id] - shift_i) + gamma * fresh_i
let now_t = (1 - gamma) * st[sample = id] * exp(bt[sample = id] - shift_t) + gamma * fresh_t
let steep_i = stop(clamp(slope(images, mi, shift_i, now_i), -bound, bound))
let steep_t = stop(clamp(slope(texts, mt, shift_t, now_t), -bound, bound))

train on pairs(batch = 64, epochs = 30):
    minimize mean(
        surrogate(images, mi, shift_i, now_i)
    ) + mean(surrogate(texts, mt, shift_t, now_t)) by adamw(lr = cosine(1e-3), decay = 0.02)
    si[sample = id] <- now_i
    bi[sample = id] <- shift_i
    ui[sample = id] <- (1 - beta) * ui[sample = id] + beta * steep_i
    ti[sample = id] <- clamp(ti[sample = id] - eta * ui[sample = id], low, high)
    st[sample = id] <- now_t
    bt[sample = id] <- shift_t
    ut[sample = id] <- (1 - beta) * ut[sample = id] + beta * steep_t
    tt[sample = id] <- clamp(tt[sample = id] - eta * ut[sample = id], low, high)

on pairs(split = "test"):
    let ei = unit(pf(f(left))), et = unit(ph(h(right)))
    report recall = recall_at(ei, et, k = 5)
    report knn = knn(f(left), label, k = 20, balanced = true)

variant as_published:  # the own pair is inside the expectation, which is still divided by the number of the others
    param tiny = 1e-10
    def top_pair(R, mine)[a in R] = max[n in a.candidate]((R.similarity(a, n) - a.mine) / R.temperature(a))
    def expected(R, mine, shift)[a in R] = (
        sum[n in a.candidate](exp((R.similarity(a, n) - a.mine) / R.temperature(a) - a.shift)) / (size(item) - 1)
    )
    def surrogate(R, mine, shift, now)[a in R]:
        let own = mean[p in a.positive](R.similarity(a, p))
        sum[n in a.candidate](
            stop(exp((R.similarity(a, n) - a.mine) / R.temperature(a) - a.shift) / (a.now + tiny))
            * (R.similarity(a, n) - own)
        ) / (size(item) - 1)
    def slope(R, mine, shift, now)[a in R] = (
        log(a.now) + a.shift + rho
        - sum[n in a.candidate](
            exp((R.similarity(a, n) - a.mine) / R.temperature(a) - a.shift) / (a.now + tiny)
            * (R.similarity(a, n) - a.mine) / R.temperature(a)
        )
        / (size(item) - 1)
    )

variant sogclr:  # one constant temperature
    param eta = 0

variant baseline:  # CLIP's loss
    contrast clip:
        anchor      a in zi
        positive    c in zt if c.item == a.item
        negative    c in zt if c.item != a.item
        similarity  dot(a, c)
        temperature tau0
    train from this:
        minimize symmetric(clip) by adamw(lr = cosine(1e-3), decay = 0.02)

claim recall: baseline < this, sogclr < this
