spec macil "Modality-aware contrastive instance learning with self-distillation" "https://arxiv.org/abs/2207.05500"

use std.losses (infonce)

param stretch: int > 0 = 16  # steps of a clip for each of its event steps, beside the first
param tau: real > 0 = 0.1
param cap: real >= 0 = 1.5         # of the contrastive weight
param growth: real >= 0 = 0.1      # of that weight with each epoch, from 0
param kept: real >= 0 <= 1 = 0.91  # of its own weights by the first distillation; all by the last epoch
param rate: real > 0 = 4e-3        # of the optimiser, before its schedule
param slower: real > 0 = 5         # the visual network's rate is so many times smaller
param wide: int > 0 = 32
param dropout: real >= 0 <= 1 = 0.1

data clips: visual[
    item, time*, feature
], audio[
    item, time*, sound
], label[item] -> class, truth[item, time*] -> mark from "digit-clips", "bags:xd-violence.csv"

model wv(feature -> dim), wa(sound -> dim) = linear(wide)
model block(time, dim | time, dim -> time, dim) = attention(heads = 4, hidden = wide, dropout = dropout, start = "tied")
model head(dim -> out) = linear(1)
model alone_w(feature -> dim) = linear(wide)  # the visual network, from which the other one learns
model alone_block(time, dim -> time, dim) = attention(heads = 4, hidden = wide, dropout = dropout, start = "tied")
model alone_head(dim -> out) = linear(1)

let here = present(visual[feature = 0])
let k = floor(count[time](visual[feature = 0]) / stretch) + 1  # [item]
let fv = wv(visual else 0), fa = wa(audio else 0)              # what pads a clip is attended to
let v = block(fv, fa) if here, a = block(fa, fv) if here       # each asks the other: [item, time, dim]
let sv = head(v)[out = 0], sa = head(a)[out = 0]               # [item, time]
def peak(s) = sigmoid(mean[t in s[time] top k by t](t))
let p = peak(sv + sa)  # of the clip: [item]
let violent = p > 0.5  # what is predicted, not the label
let fu = alone_w(visual else 0)
let u = peak(alone_head(alone_block(fu) if here)[out = 0])

def event(x, s) = mean[c in rows(x, s = s)[time] top k by c.s](c) if violent  # the semi-bag of a clip is one row
def calm(x, s) = {c in rows(x, s = s)[time] top k by c.s} if not violent      # rows of clips without an event
def back(x, s) = {c in rows(x, s = s)[time] top k by -c.s}                    # background of any clip, the own one too
contrast pull(A, P, N):
    anchor      c in A
    positive    n in P if n.item == c.item
    negative    n in N[item, rank]
    similarity  cos(c, n)
    temperature tau
let both_kinds = any(violent) and any(not violent)
def nce(x, y, others) = weighed(infonce(pull(x, y, others))) if both_kinds else 0
def weighed(e) = sum(k * e) / sum(k if present(e))  # a clip counts as often as it has event steps

let rv = v, ra = a  # the rows that the scores pick
let back_v = nce(event(ra, sa), event(rv, sv), back(rv, sv)), back_a = nce(event(rv, sv), event(ra, sa), back(ra, sa))
let calm_v = nce(event(ra, sa), event(rv, sv), calm(rv, sv)), calm_a = nce(event(rv, sv), event(ra, sa), calm(ra, sa))
let lamda = min(cap, growth * epoch)
let contrast_loss = lamda * (back_v + back_a + calm_v + calm_a)
let total = (mean(bce(p, label)) else 0) + contrast_loss, alone = mean(bce(u, label)) else 0
let keep = 1 - (1 - kept) * half_cosine(epoch, epochs)
def half_cosine(e, n) = (1 + cos_angle(3.141592653589793 * e / n)) / 2

train on clips(batch = 40, epochs = 20):
    minimize total over wv, wa, block, head by adam(lr = rate * half_cosine(epoch, 1.2 * epochs))
    minimize alone over alone_w, alone_block, alone_head by adam(lr = rate / slower * half_cosine(epoch, 1.2 * epochs))
    every 1 epochs:  # by name; the optimiser's moments stay, and the visual network is never moved by it
        wv <- mix(wv, alone_w, keep)
        block <- mix(block, alone_block, keep)
        head <- mix(head, alone_head, keep)

on clips(split = "test"):
    report ap = average_precision(sv + sa, truth)
    report bag_auc = auc(p, label)

variant contrast:  # without distillation
    param kept = 1

variant bce from contrast:  # multiple-instance learning alone
    param cap = 0

variant background_only:
    let contrast_loss = lamda * (back_v + back_a)

variant normal_only:
    let contrast_loss = lamda * (calm_v + calm_a)

variant as_published:  # the scores of one modality pick rows of the other one
    let rv = a, ra = v

claim ap: bce < contrast, contrast < this
