spec autotcl "Parametric augmentation for time series contrastive learning" "https://arxiv.org/abs/2402.10434"

use std.losses (infonce)

param segments: int >= 4 = 16
param local_weight: real >= 0 = 0.3
param sparsity: real >= 0 = 0.003  # weight of what is kept beyond the share `kept`
param kept: real >= 0 <= 1 = 0.4
param bias: real > 0 < 0.5 = 0.05  # the noise of the gate stays so far from 0 and 1
param stretch: real >= 0 = 0.05    # of the gate, so that it can close
param hard: bool = true            # forward the gate is open or closed
param ratio: int > 0 = 1           # encoder steps for each step of the augmenter

data hours: x[item, time, channel], future[item, ahead, channel] from "sea-temperature", "windows:ETTh1.csv?channel=OT"

# The view is learned: h cuts the informative part out, g scales it.
model trunk(time, channel -> time, part) = dilated_conv(16, hidden = 16, depth = 1)
model h(part -> channel) = linear(size(channel))
model g(part -> channel) = linear(size(channel))
draw u[round = 2, item, time, channel] ~ uniform(0, 1)  # the augmenter's step and the encoder's have noise of their own
let keep = sigmoid(h(trunk(x))), scale = sigmoid(g(trunk(x)))
let noise = (2 * bias - 1) * u + 1 - bias
let gate = clamp(sigmoid(log(noise) - log(1 - noise) + keep) * (1 + stretch) - stretch, 0, 1)  # `keep` is a logit now
let mask = gate + stop((sign(gate - 0.5) + 1) / 2 - gate) if hard else gate
let view[round, item, time, channel] = scale * mask * x

model enter(channel -> width) = linear(32)
model f(time, width -> time, dim) = dilated_conv(32, hidden = 32, depth = 4, spans = 4)
model steady = copy(enter, f)                       # the mean of all weights so far, for evaluation
draw shown[round = 2, item, time] ~ bernoulli(0.5)  # the times that the encoder sees when it learns
let z = f(enter(x) * shown[round = 0]), zv = f(enter(view[round = 1]) * shown[round = 1])

# The augmenter keeps little, and stays near the series as the encoder sees both.
def kernel(a, c, width) = sum[s in 0 .. 5](exp(-dist2(a, c) / (width * 2^s)))
def mmd(P, Q):
    let n = count[c in P | Q](c)
    let width = stop(sum[a in P | Q, c in P | Q](dist2(a, c)) / (n^2 - n) / 4)
    let within = mean[a in P, c in P](kernel(a, c, width)) + mean[a in Q, c in Q](kernel(a, c, width))
    within - 2 * mean[a in P, c in Q](kernel(a, c, width))
let far = mmd(max[time](f(enter(x))), max[time](f(enter(view[round = 0]))))  # all times shown
let sparse = relu(mean[item, time](sum[channel](keep)) - kept)

contrast whole:
    anchor     a in unit(max[time](z))
    positive   c in unit(max[time](zv)) if c.item == a.item
    negative   c in unit(max[time](zv)) if c.item != a.item
    similarity dot(a, c)

# Within a series: the next segment (before the last one the previous) against those that do not touch it.
draw offset ~ integer(0, size(time) % segments)
let place = time[time = 0 : size(time) - size(time) % segments][time -> (segment = segments, t)]
let part_of = max[t](unit(z)[time = offset + place])  # [item, segment, dim]
contrast local:
    anchor     a in part_of[segment]
    let next = a.segment + 1 if a.segment + 1 < segments else a.segment - 1
    let spare = 2 if a.segment == 0 else segments - 3 if a.segment == segments - 1 else -1  # all have as many negatives
    positive   c in part_of[segment] if c.segment == next
    negative   c in part_of[segment] if abs(c.segment - a.segment) > 1 and c.segment != spare
    similarity dot(a, c)

let near = mean(infonce(local)) else 0  # windows shorter than `segments` have none
let turn = step % ratio == 0
train on hours(batch = 32, epochs = 1):
    minimize far + sparsity * sparse over trunk if turn, h if turn, g if turn by adamw(lr = 1e-2)
    minimize mean(infonce(whole)) + local_weight * near over enter, f by adamw(lr = 1e-3)
    steady <- mix(steady, (enter, f), keep = 1 - 1 / (step + 2))

on hours(split = "test"):
    let last = steady.f(steady.enter(x))[time = size(time) - 1]
    report mse_24 = forecast(last, future[ahead = 0 : 24], measure = "mse")
    report mse_48 = forecast(last, future, measure = "mse")
    report mae_48 = forecast(last, future, measure = "mae")

variant as_published:  # of a batch the local term sees the first series only; a weight of evenness, mostly 0
    param evenness: real >= 0 = 0.1
    draw first[item] ~ integer(1, size(time) - 3)
    draw second[item] ~ integer(1, size(time) - 3)
    let one = first[item -> other], two = second[item -> other]  # of each item, but read in every item
    def gap(at) = abs(keep[time = one] - keep[time = at])
    let even = (mean(gap(two) if two - one > 1 else 1 - gap(two)) + mean(gap(one - 1)) + mean(gap(one + 1))) else 0
    let near = mean(infonce(local)[item = 0]) else 0
    train from this:
        minimize far + sparsity * sparse + evenness * even over trunk if turn, h if turn, g if turn by adamw(lr = 1e-2)
        minimize mean(infonce(whole)) + local_weight * near over enter, f by adamw(lr = 1e-3)

variant soft:  # the gate is not rounded
    param hard = false

variant jitter:  # a fixed view in place of the learned one: noise and a random cut
    draw white[round = 2, item, time, channel] ~ normal(0, 0.1)
    draw open[round = 2, item, time, channel] ~ bernoulli(0.7)
    let view[round, item, time, channel] = (x + white) * open
    train from this:
        minimize mean(infonce(whole)) + local_weight * near over enter, f by adamw(lr = 1e-3)

variant adversarial:  # the augmenter makes the contrast harder instead
    let against = 0 - mean(infonce(whole))
    train from this:
        minimize against over trunk if turn, h if turn, g if turn by adamw(lr = 1e-2)
        minimize mean(infonce(whole)) + local_weight * near over enter, f by adamw(lr = 1e-3)

variant no_mask:
    let view[round = 2] = scale * x

variant no_scale:
    let view[round, item, time, channel] = mask * x
    train from this:
        minimize far + sparsity * sparse over trunk if turn, h if turn by adamw(lr = 1e-2)
        minimize mean(infonce(whole)) + local_weight * near over enter, f by adamw(lr = 1e-3)

variant idle:  # an augmenter that never learns
    train from this:
        minimize mean(infonce(whole)) + local_weight * near over enter, f by adamw(lr = 1e-3)

claim mse_48: this < jitter, this < adversarial, this < no_mask, this < no_scale, this < idle
