spec meow "Meta-path contexts and weighted negatives on heterogeneous graphs" "https://arxiv.org/abs/2212.13847"

use std.graphs (elu, among, pathsim, scaled, context, standard)
use std.losses (infonce)

param tau: real > 0 = 0.4
param lam: real >= 0 = 1  # weight of the prototypes' term
param near: int > 0 = 20  # neighbours kept on each path, the film itself among them
param few: int > 1 = 10   # clusters of two clusterings
param many: int > 1 = 30
param starts: int > 0 = 5          # restarts, of which the tightest is taken
param drop: real >= 0 < 1 = 0.2    # dropout
param unseen: real >= 0 < 1 = 0.3  # share of its traits that a masked film lacks
param cut: real >= 0 < 1 = 0.3     # share of its links that a masked graph lacks
param rate: real > 0 = 2e-3

data films: trait[
    item, feature
], actor[
    item, player
], director[item, maker], writer[
    item, author
], label[item] -> class, shown[item] -> mark, id[item] -> node from "film-graph", "graph:films"

model d(dim -> dim) = dropout(drop)
model f(feature -> dim) = linear(32)
model fold[path = 3](dim -> dim) = linear(32, bias = false)
model w(dim -> dim) = linear(32, bias = false)
model u(dim -> dim) = linear(32, bias = false)
model q(dim -> wide) = linear(32)
model g(dim -> dim) = linear(32)
learn player_of[player, dim] ~ normal(0, 0.1)
learn maker_of[maker, dim] ~ normal(0, 0.1)
learn author_of[author, dim] ~ normal(0, 0.1)
learn slope = 0.25, taste[wide = 32] ~ normal(0, 0.1)
state kept[path = 3, row = size(node), node] ~ bernoulli(1 - cut)  # masks are drawn once
state seen[row = size(node), feature] ~ bernoulli(1 - unseen)
state first[again = starts, group = few] -> node ~ integer(0, size(node) - 1)  # films where clusters begin, the same ones at every step
state second[again = starts, circle = many] -> node ~ integer(0, size(node) - 1)

# graphs: the nearest by PathSim on each path, with their counts; masked ones have fewer links, without counts
let counts = stack[path](
    dot[player](actor, actor[item -> node]), dot[maker](director, director[item -> node]),
    dot[author](writer, writer[item -> node])
)
let own = max(counts, 1 * (item == node))
let links = own if among[node](pathsim[item, node](own), near) else 0
let thin = 1 * (item == node or (links > 0 and kept[row -> item] == 1))
let graphs = stack[mask](scaled[item, node](links), scaled[item, node](thin))  # [mask, path, item, node]

# contexts: the mean over the people that link a film on a path
let people = stack[path](
    context[player](actor, elu(player_of)), context[maker](director, elu(maker_of)),
    context[author](writer, elu(author_of))
)
let h = elu(d(f(stack[mask](trait, trait * seen[row -> item]))))
def gcn(x, A):
    let y = dot[node](A, d(w(x))[item -> node])
    standard[item, dim](dot[node](A, u(max(y, 0) + slope * min(y, 0))[item -> node]))
let views = unit(gcn(elu(h + d(fold(people))), graphs))  # [mask, path, item, dim]
let share = softmax[path, mask](dot[wide](taste, mean[item](tanh(q(views)))))
let film = sum[path, mask](share * views)  # what is kept of a film
let fine = unit(tanh(g(film)))
let coarse = unit(tanh(g(gcn(h[mask = 0], mean[path](graphs[mask = 0])))))

# clusters of the fine view, their temperatures, and who is apart
def tightest[k](x, starts):
    let tries = kmeans[item -> k](x, start = starts, rounds = 20, by = "dot")
    tries[again = argmax[again](sum[item](max[k](dot(x, tries))))]
def heat[k](x, C):
    let s = dot(x, C)
    let mine = onehot[k](argmax[k](s))
    let n = sum[item](mine)
    let d = sum[item](mine * sqrt(max(s, 0))) / (n * log(n + 5)) if n > 1  # a similarity, as released: tight is warm
    let level = d else max[k](d) else 1
    let held = clamp(level, quantile[k](level, 0.1), quantile[k](level, 0.9))
    tau * held / mean[k](held)
def drawn[k](x, C, heat, mine):
    let s = dot(x, C) / heat
    logsumexp[k](s) - s[k = mine] + log(size(item) / size(k))
let centre1 = tightest[group](stop(fine), stop(fine)[item -> node][node = first])
let centre2 = tightest[circle](stop(fine), stop(fine)[item -> node][node = second])
let group_of = argmax[group](dot(stop(fine), centre1)), circle_of = argmax[circle](dot(stop(fine), centre2))
let heat1 = heat[group](stop(fine), centre1), heat2 = heat[circle](stop(fine), centre2)
let proto1 = unit(centre1), proto2 = unit(centre2)

contrast pull:
    anchor      a in coarse
    positive    c in fine if c.item == a.item
    negative    c in fine if c.item != a.item weight (c.group_of != a.group_of) + (c.circle_of != a.circle_of)
    similarity  dot(a, c)
    temperature tau
# the positive stands outside the denominator; a film of which none is apart is only pulled
def repelled(R)[a in R]:
    let apart = any[n in a.negative](R.weight(a, n) > 0)
    (logsumexp[n in a.negative weight R.weight(a, n)](R(a, n)) if apart else 0) - mean[p in a.positive](R(a, p))
let info = mean(repelled(pull))
let protos = mean[item](
    drawn[group](coarse, proto1, heat1, group_of) + drawn[circle](coarse, proto2, heat2, circle_of)
) / 2

train on films(batch = all, epochs = 60):
    minimize info + lam * protos by adam(lr = rate)

on films(split = "train"):
    report micro = linear_probe(film, label, fit = shown == 1)
    report macro = linear_probe(film, label, fit = shown == 1, measure = "macro_f1")
    report nmi = clusters(film, label, measure = "nmi")

variant plain:  # all other films alike, the positive among them, no prototypes
    param lam = 0
    contrast pull:
        negative c in fine if c.item != a.item
    let info = mean(infonce(pull))

variant hard:  # weights from clusters, no prototypes
    param lam = 0

variant bare:  # no contexts: a path is its links alone
    let views = unit(gcn(elu(h + 0 * fold(people)), graphs))

variant learned "AdaMEOW":  # a network says how far a pair counts; it sees the sum of both
    model pair(dim -> one) = mlp([16, 1], activation = "tanh")
    let trust = sigmoid(pair(fine + coarse[item -> node])[one = 0])  # [item, node]
    let soft = logsumexp[node](dot(fine, coarse[item -> node]) / tau + log(trust)) - dot(fine, coarse) / tau
    train from this:
        minimize mean(soft) by adam(lr = rate, decay = 1e-5)

claim micro: plain < hard, hard < this, bare < this, this ~ learned
