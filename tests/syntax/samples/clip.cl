spec clip_rocket "Improved baselines for vision-language pre-training" "arXiv:2305.08675"

use std.losses (symmetric)
use std.views (weak_crop, strong_crop, drop_stopwords, one_edit)
use std.assign (sinkhorn)

param A: int >= 0 = 2         # strong views per side; 0 is plain CLIP
param eps: real >= 0 = 0.1    # label smoothing, strong pairs only
param total: real > 0 = 2     # the "sum" recipe (CC12M, YFCC, 29M); 1 on CC3M
param drop: real >= 0 = 0.05  # text dropout, strong views only

data pairs: image[item, y, x, channel], caption[item, text*, token*] from "emoji-captions", "pixparse/cc12m-wds"
data zero: image[item, y, x, channel], label[item] -> class, prompt[
    class, template, token*
] from "emoji-groups", "imagenet-templates"

draw x0 ~ weak_crop(image, 224, scale = (0.5, 1))  # NEW: draw. A view is a draw from a distribution of images
draw x1[u = A] ~ strong_crop(image, 224, scale = (0.08, 1), jitter = 0.8, gray = 0.2, blur = 0.5, flip = 0.5)
draw t0 ~ drop_stopwords(choice[text](caption), p = 0.8)
draw t1[w = A] ~ one_edit(drop_stopwords(choice[text](caption), p = 0.8), synonym = 0.4, swap = 0.4, delete = 0.2)

# CLUMSY: `model f = resnet(...)` leaves the axis `dim` of `z[v, item, dim]` without an origin.  NEW: signature, axes consumed -> axes produced
model V(y, x, channel -> width) = resnet(50)
model T(token -> words) = transformer(512, heads = 8, layers = 12, causal = true, read = "end")
model Zi(width -> dim), Zt(words -> dim) = linear(256, bias = false)  # two models of one kind
model Hi(width -> dim), Ht(words -> dim) = mlp([4096, 4096, 256], norm = "batch")
learn s = log(1 / 0.07), sh = log(1 / 0.1)  # NEW: learn. A trained tensor

let fi0 = V(x0), ft0 = T(t0)
let fi1 = V(x1), ft1 = T(t1, dropout = drop)  # one application is one set of dropout masks: all heads read the same features
let zi = unit(Zi(fi0)), zt = unit(Zt(ft0))    # [item, dim]
let hi = unit(Hi(fi1)), ht = unit(Ht(ft1))    # [item, u, dim], [item, w, dim]

contrast weak:
    anchor   a in zi
    positive c in zt if c.item == a.item  # CLUMSY: one `candidate` line and two predicates cannot give two roles two sources
    negative c in zt if c.item != a.item  # NEW: comprehension lines
    logit    exp(s) * dot(a, c)

contrast strong:                                # CLUMSY: a row as "all axes but the feature axis" puts both text views in one softmax
    anchor   a in hi[item]                      # NEW: row axes. The bracket names the axes a row ranges over
    positive c in ht[item] if c.item == a.item  # u and w stay outside: one softmax for each (u, w)
    negative c in ht[item] if c.item != a.item
    logit    exp(sh) * dot(a, c)

# CLUMSY: `loss infonce` inside the contrast hides the outer mean, and bars the second direction and a second loss.  NEW: flip (in `symmetric`)
let clip = (symmetric(weak) + A * (symmetric(strong, smooth = eps) else 0)) / (1 + A)  # NEW: else (A = 0: a mean over nothing)
let extra = 0

train on pairs(batch = 4096, epochs = 32):
    minimize total * clip + extra by adamw(
        lr = cosine(3e-3, low = 1e-5, warm_epochs = 1), betas = (0.9, 0.98), decay = 0.1
    )
    s <- clamp(s, 0, log(100))  # NEW: order is the clock. Below the step, so after the step
    sh <- clamp(sh, 0, log(100))

on zero:  # NEW: on. The whole set at once, no gradient, evaluation mode
    let wz = unit(mean[template](unit(Zt(T(prompt))))), wh = unit(mean[template](unit(Ht(T(prompt)))))
    let by_z = dot(unit(Zi(V(image))), wz), by_h = dot(unit(Hi(V(image))), wh)
    report top1 = mean[item](argmax[class](by_z) == label)
    report fused[k = 9] = mean[item](argmax[class]((k + 1) / 10 * by_z + (9 - k) / 10 * by_h) == label)

variant plain:
    param A = 0, total = 1

variant barlip:
    model Bi(width -> v), Bt(words -> v) = mlp([3000, 3000, 8192], norm = "batch", last = "batch")
    def cross(x, y):
        let C = mean[item](x * y[v -> e])  # [v, e] for every pair of views
        sum(0.025 * sum[v, e]((C - 1)^2 if v == e else 5e-3 * C^2))
    let extra = (cross(Bi(fi0), Bt(ft0)) + cross(Bi(fi1), Bt(ft1))) / (1 + A^2)

variant siamlip:
    model Pi(width -> v), Pt(words -> v) = mlp([2048, 128], bias = false, norm = "batch", last = "batch, not affine")
    model it(v -> v), ti(v -> v) = mlp([2048, 128], hidden_bias = false, norm = "batch")  # predictors cross the modalities
    let yi0 = Pi(fi0), yt0 = Pt(ft0), yi1 = Pi(fi1), yt1 = Pt(ft1)
    let pi0 = it(Pi(fi0)), pt0 = ti(Pt(ft0)), pi1 = it(Pi(fi1)), pt1 = ti(Pt(ft1))
    def D(p, target) = sum(2 - 2 * mean[item](cos[v](p, stop(target))))  # summed over the view pairs
    let extra = (D(pi0, yt0) + D(pt0, yi0) + D(pi1, yt1) + D(pt1, yi1)) / (2 + 2 * A^2)

variant byolip from siamlip:
    model ema = copy(V, T, Pi, Pt)  # changed by `<-` alone; runs in train mode
    let yi0 = ema.Pi(ema.V(x0)), yt0 = ema.Pt(ema.T(t0)), yi1 = ema.Pi(ema.V(x1)), yt1 = ema.Pt(
        ema.T(t1, dropout = drop)
    )
    train from this:  # NEW: from: same targets are replaced in place, new statements are appended
        ema <- mix(ema, (V, T, Pi, Pt), keep = 0.99)

variant swalip:
    param eps = 0
    let S = dot(hi, ht[item -> j])  # [item, u, j, w]
    let Qi = stop(sinkhorn[item, j](S / 0.05, rounds = 3)), Qt = stop(sinkhorn[j, item](S / 0.05, rounds = 3))
    let Li = mean[item](-sum[j](Qi[u = 1 - u, w = 1 - w] * log_softmax[j](exp(sh) * S)))  # the plan of the swapped view pair
    let Lt = mean[j](-sum[item](Qt[u = 1 - u, w = 1 - w] * log_softmax[item](exp(sh) * S)))
    let extra = 0.2 * mean[u, w](Li + Lt) / 2

variant swalip_prototypes:
    model Ei(width -> e), Et(words -> e) = mlp([2048, 128], norm = "batch")
    learn C[proto = 3000, e] ~ normal(0, 1)
    let K = unit[e](C if step >= 100 else stop(C))  # no gradient for 100 steps
    let Pi = dot[e](unit[e](Ei(fi0)), K), Pt = dot[e](unit[e](Et(ft0)), K)
    def xent(q, l) = mean[item](
        -sum[proto](stop(sinkhorn[item, proto](q / 0.05, rounds = 3)) * log_softmax[proto](10 * l))
    )
    let extra = 0.2 * (xent(Pt, Pi) + xent(Pi, Pt)) / 2  # swapped across modalities

claim top1: plain < swalip_prototypes, plain < this, this ~ siamlip, this ~ barlip
