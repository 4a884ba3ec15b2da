# Losses over a relation R: one value per anchor. The spec writes the outer reduction, mean(infonce(R)).
# In a def, `a.w` reads a parameter w at the anchor.

# Each positive against itself and the negatives (InfoNCE, NT-Xent, N-pairs): arXiv:1807.03748.
def infonce(R)[a in R] = (
    mean[p in a.positive](logaddexp(R(a, p), logsumexp[n in a.negative weight R.weight(a, n)](R(a, n))) - R(a, p))
)

# One denominator of all candidates, positives averaged outside the log (SupCon "out"): arXiv:2004.11362.
def supcon(R)[a in R] = logsumexp[c in a.candidate weight R.weight(a, c)](R(a, c)) - mean[p in a.positive](R(a, p))

# The positive outside the denominator; w weighs the positive term.
def decoupled(R, w = 1)[a in R] = (
    logsumexp[n in a.negative weight R.weight(a, n)](R(a, n)) - a.w * mean[p in a.positive](R(a, p))
)

# No softmax: positives pulled, negatives pushed, each with its similarity.
def simple_loss(R, weight = 1)[a in R] = (
    a.weight * sum[n in a.negative](R.similarity(a, n)) - sum[p in a.positive](R.similarity(a, p))
)

# Both directions of one relation.
def symmetric(R) = (mean(infonce(R)) + mean(infonce(flip(R)))) / 2

# Cross-entropy of a target distribution against logits along an axis.
def cross_entropy[k](target, logits) = -sum[k](target * log_softmax[k](logits))

# How the gradient is shared among the negatives, as an entropy: low at small temperatures.
def hardness_entropy(R)[a in R] = logsumexp[n in a.negative](R(a, n)) - softmean[n in a.negative](R(a, n), R(a, n))

# The share of anchors whose best candidate is a positive.
def proxy_accuracy(R)[a in R] = max[p in a.positive](R(a, p)) > max[n in a.negative](R(a, n))
