spec susana "SuSana Distancia: two distance losses for few-shot learning" "https://arxiv.org/abs/2305.09062"

param ways: int > 1 = 10  # classes of an episode; 20 in the paper
param shots: int > 0 = 5  # support rows of each
param asks: int > 0 = 10  # queries of each; 15 in the paper
param neighbours: int > 0 = 4
param margin: real >= 0 = 0.5
param rate: real > 0 = 2e-3
param rounds: int > 0 = 150  # episodes; 20_000 in the paper

data photos: image[item, channel, row, column], label[item] -> class from "glyphs-28", "timm/mini-imagenet"

model f(channel, row, column -> dim) = conv([16, 32, 64])
let e = f(image)          # raw: neither normalised nor scaled
let S = e if support      # the episode's support rows
let Q = e if not support  # its queries
let proto[way, dim] = mean[item if local == way](S)
let logit = -dist2(Q, proto)  # [item, way]
let cross = logsumexp[way](logit) - logit[way = local]

def far(a, b) = sqrt(dist2(a, b) + 1e-6)

contrast triplet:  # one triplet for each query: its own prototype and the nearest other one
    anchor   a in Q
    positive c in proto if c.way == a.local
    negative c in proto if c.way != a.local
    logit    -far(a, c)
def hinge(R)[a in R] = max(0, max[n in a.negative](R(a, n)) - mean[p in a.positive](R(a, p)) + margin)

contrast near(O, X, k, wide):  # each point and its nearest ones, of which `wide` look for a rival and `k` are weighed
    anchor o in O
    let list = {x in X top wide + 1 by -far(o, x)}
    let others = list[rank = 1 : wide + 1]  # the first is the point itself
    let rival = min[x in others if x.local != o.local](far(o, x))
    let steepest = max(1, max[x in others if x.rank < k](far(o, x) / (rival + 1e-7)))
    let same = count[x in others if x.rank < k and x.local == o.local](x)
    let other = count[x in others if x.rank < k and x.local != o.local](x)
    let ratio = sum[x in others if x.rank < k and x.local == o.local](far(o, x) / (rival + 1e-7)) / steepest
    let reach = sum[x in others if x.rank < k and x.local != o.local](far(o, x))
    let farthest = max[x in others if x.rank < k and x.local != o.local](far(o, x))

def alike(R) = 1 - sum[o in R](R.ratio(o) / (R.same(o) + 1e-7) else 0) / (sum[o in R](R.same(o) > 0) + 1e-7)
def apart(R):
    let met = any[o in R](R.other(o) > 0)
    let scale = max[o in R](R.farthest(o)) else 1
    let spread = sum[o in R](R.reach(o) / (scale + 1e-7) / (R.other(o) + 1e-7))
    abs(spread / (sum[o in R](R.other(o) > 0) + 1e-7) - (0 if met else 1))
def share(R, k, whole) = mean[o in R](R.same(o)) / k if whole else 1
def score(R, k, whole) = ((alike(R) + apart(R)) / 2 + share(R, k, whole)) / 2

def icnn(O, X, n, wide = 0):  # X has n points; of few of them fewer neighbours are weighed, and the share counts as 1
    let k = n - 2 if neighbours + 2 >= n else neighbours
    -log(score(near(O, X, k, wide if wide > 0 else k + 1), k, k + 2 < n))
let full = icnn(e, e, ways * (shots + asks), shots + asks)

train on photos(sampler = episodes(label, way = ways, shot = shots, ask = asks), steps = rounds):
    minimize (mean(cross) + mean(hinge(triplet)) + full) / 3 by adam(lr = rate)

on photos(split = "test"):
    report one = few_shot(f(image), label, shot = 1, measure = "accuracy")
    report five = few_shot(f(image), label, shot = 5, measure = "accuracy")

variant cross_only "Prototypical network":
    train from this:
        minimize mean(cross) by adam(lr = rate)

variant triplet_only:
    train from this:
        minimize mean(hinge(triplet)) by adam(lr = rate)

variant within_and_across:  # the score of the support rows alone, and of the queries among them; there too the nearest is dropped
    train from this:
        minimize (mean(cross) + icnn(S, S, ways * shots) + icnn(Q, S, ways * shots)) / 3 by adam(lr = rate)

claim five: cross_only < this
claim one: cross_only < this
