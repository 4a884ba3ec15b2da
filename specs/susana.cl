spec susana "SuSana Distancia: two distance losses for few-shot learning" "https://arxiv.org/abs/2305.09062"

param ways: int > 1 = 20   # classes of an episode
param shots: int > 0 = 5   # support rows of each
param asks: int > 0 = 15   # queries of each
param neighbours: int > 0 = 4
param margin: real >= 0 = 0.5
param rate: real > 0 = 2e-3
param rounds: int > 0 = 300

data photos: image[item, channel, row, column], label[item] -> class from "glyphs-28", "timm/mini-imagenet"

model f(channel, row, column -> dim) = conv([32, 32, 64])
let e = f(image)              # raw: neither normalised nor scaled
let S = e if support          # the episode's support rows
let Q = e if not support      # its queries
let proto[way, dim] = mean[item if local == way](S)
let logit = -dist2(Q, proto)  # [item, way]
let cross = logsumexp[way](logit) - logit[way = local]

def far(a, b) = sqrt(dist2(a, b) + 1e-6)

contrast triplet:             # one triplet for each query: its own prototype and the nearest other one
    anchor   a in Q
    positive c in proto if c.way == a.local
    negative c in proto if c.way != a.local
    logit    -far(a, c)
def hinge(R)[a in R] = max(0, max[n in a.negative](R(a, n)) - mean[p in a.positive](R(a, p)) + margin)

contrast near(O, X, k, wide):
    anchor o in O
    let list = {x in X top wide + 1 by -far(o, x)}
    let window = list[rank = 1 : wide + 1]       # the first is the row itself
    let rival = min[x in window if x.local != o.local](far(o, x))
    let steepest = max(1, max[x in window if x.rank < k](far(o, x) / (rival + 1e-7)))
    let same = count[x in window if x.rank < k and x.local == o.local](x)
    let other = count[x in window if x.rank < k and x.local != o.local](x)
    let close = sum[x in window if x.rank < k and x.local == o.local](far(o, x) / (rival + 1e-7) / steepest) / (same + 1e-7)
    let apart = sum[x in window if x.rank < k and x.local != o.local](far(o, x)) / (other + 1e-7)
    let farthest = max[x in window if x.rank < k and x.local != o.local](far(o, x))

def score(R, k, whole):
    let same = 1 - sum[o in R](R.close(o)) / (sum[o in R](R.same(o) > 0) + 1e-7)
    let scale = max[o in R](R.farthest(o)) else 1
    let spread = sum[o in R](R.apart(o) / (scale + 1e-7)) / (sum[o in R](R.other(o) > 0) + 1e-7)
    let different = abs(spread - (0 if any[o in R](R.other(o) > 0) else 1))
    let share = mean[o in R](R.same(o)) / k if whole else 1
    ((same + different) / 2 + share) / 2

let full = -log(score(near(e, e, neighbours, shots + asks), neighbours, true))

train on photos(sampler = episodes(label, way = ways, shot = shots, ask = asks), steps = rounds):
    minimize (mean(cross) + mean(hinge(triplet)) + full) / 3 by adam(lr = rate)

on photos(split = "test"):
    report one = few_shot(f(image), label, shot = 1, measure = "accuracy")
    report five = few_shot(f(image), label, shot = 5, measure = "accuracy")

variant cross_only "Prototypical network":
    train from this:
        minimize mean(cross) by adam(lr = rate)

claim five: cross_only < this
claim one: cross_only < this
