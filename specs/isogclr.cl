spec isogclr "Robust global contrastive loss with individual temperatures" "https://arxiv.org/abs/2305.11965"

use std.losses (infonce)
use std.views (crop_turn)
use std.schedules (cosine)

param rho: real > 0 = 0.4         # radius of the robust expectation
param gamma: real > 0 <= 1 = 0.8  # rate of the moving average s
param beta: real >= 0 <= 1 = 0.5  # rate of the smoothed slope u
param eta: real >= 0 = 0.03       # step of the temperature
param tau0: real > 0 = 0.1
param low: real > 0 = 0.05
param high: real > 0 = 1
param bound: real > 0 = 3   # the slope is clipped
param rate: real > 0 = 1.5  # of the optimiser, before its schedule
param pixels: int > 0 = 28

data photos: image[
    item, channel, row, column
], label[item] -> class, id[item] -> sample from "mnist-5k-lt", "uoft-cs/cifar100"

view x[v = 2] ~ crop_turn(image, pixels)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = mlp([64, 32], norm = "batch")
let z = unit(g(f(x)))  # [item, v, dim]

state s[sample] = 0, u[sample] = 0, tau[sample] = tau0  # three numbers for each example, shared by its views
let own_tau = tau[sample = id]                          # [item]

contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item  # the positive is not in the expectation
    similarity  dot(a, c)
    temperature a.own_tau

def expected(R)[a in R] = mean[n in a.negative](exp(R(a, n)))
def surrogate(R, now)[a in R] = (  # linear in the similarities: its gradient is the method, its value is not the objective
    mean[n in a.negative](stop(exp(R(a, n)) / a.now) * R.similarity(a, n)) - mean[p in a.positive](R.similarity(a, p))
)
def slope(R, now)[a in R] = log(a.now) + rho - mean[n in a.negative](exp(R(a, n)) / a.now * R(a, n))  # d loss / d tau

let batch = stop(expected(pull))  # [item, v]
let now = batch if epoch == 0 else (1 - gamma) * s[sample = id] + gamma * batch
let steep = stop(clamp(mean[v](slope(pull, now)), -bound, bound))

train on photos(batch = 64, epochs = 30):
    minimize mean[item](sum[v](surrogate(pull, now))) by lars(
        lr = cosine(rate, warm_epochs = 2), momentum = 0.9, decay = 1e-4
    )
    report objective = mean(own_tau * (log(mean[v](now)) + rho))
    s[sample = id] <- mean[v](now)
    u[sample = id] <- (1 - beta) * u[sample = id] + beta * steep
    tau[sample = id] <- clamp(tau[sample = id] - eta * u[sample = id], low, high)  # u as just written

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20, balanced = true)
    report linear = linear_probe(f(image), label, balanced = true)

variant sogclr:  # one constant temperature
    param eta = 0

variant baseline:  # SimCLR
    contrast plain from pull:
        temperature tau0
    train from this:
        minimize mean(infonce(plain)) by lars(lr = cosine(rate, warm_epochs = 2), momentum = 0.9, decay = 1e-4)

variant derived:  # the expectation of exp((similarity - own) / tau), as derived
    def own_pair(R)[a in R] = mean[p in a.positive](R(a, p))
    let mine = stop(own_pair(pull))
    def expected(R)[a in R] = mean[n in a.negative](exp(R(a, n) - a.mine))
    def surrogate(R, now)[a in R] = (
        mean[n in a.negative](
            stop(exp(R(a, n) - a.mine) / a.now) * (R.similarity(a, n) - mean[p in a.positive](R.similarity(a, p)))
        )
    )
    def slope(R, now)[a in R] = (
        log(a.now) + rho - mean[n in a.negative](exp(R(a, n) - a.mine) / a.now * (R(a, n) - a.mine))
    )

claim knn: baseline < this, sogclr < this
