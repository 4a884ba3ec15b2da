# Which function of which source each variant is: its text is a pattern of a case's `source`.
# Embeddings are the projector's outputs; loss_12 has its anchors in view 0, loss_21 in view 1.
spec dcl_cases "Published cases of decoupled contrastive learning" from "../dcl.cl"

variant third_party "*: loss/dcl.py, DCL" from as_published:
    data case: embedding_1[item, dim], embedding_2[item, dim]
    param tau = case_tau
    let z = unit(stack[v](embedding_1, embedding_2))
    let each = mean[item](leaky(pull)), exact = mean[item](decoupled(pull))  # [v]
    on case:
        report loss_12 = each[v = 0]
        report loss_21 = each[v = 1]
        report loss = mean(each)
        report loss_exact_exclusion = mean(exact)

variant third_party_weighted "*: loss/dcl.py, DCLW" from third_party:
    param sigma = case_sigma
    let s = dot(z[v = 0], z[v = 1]) / sigma
    let w = 2 - size(item) * softmax[item](stop(s) if case_weight_detached else s)
    let each = mean[item](leaky(pull, w)), exact = mean[item](decoupled(pull, w))
    on case:
        report weight_12[item] = w

variant equation "paper Eq. 6 where sigma = none" from third_party:
    let each = mean[item](decoupled(pull))

variant equation_weighted "paper Eq. 6" from third_party_weighted:
    let each = mean[item](decoupled(pull, w))

# A library that has two logarithms of sums, one for each view, instead of one of both: not the equation.
variant library "*lightly/loss/dcl_loss.py, DCLLoss" from third_party:
    def apart(R, w = 1)[a in R] = (
        logsumexp[n in a.negative if n.v == a.v](R(a, n)) + logsumexp[n in a.negative if n.v != a.v](R(a, n))
        - a.w * mean[p in a.positive](R(a, p))
    )
    let each = mean[item](apart(pull))

variant library_weighted "*lightly/loss/dcl_loss.py, DCLWLoss" from library:
    param sigma = case_sigma
    let w = stop(2 - size(item) * softmax[item](dot(z[v = 0], z[v = 1]) / sigma))
    let each = mean[item](apart(pull, w)), exact = mean[item](decoupled(pull, w))
    on case:
        report weight_12[item] = w
