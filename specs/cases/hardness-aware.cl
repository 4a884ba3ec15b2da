spec hardness_aware_cases "Published cases of the hardness-aware loss" from "../hardness-aware.cl"

use std.losses (hardness_entropy)

# ---- the equations: the candidates stand for the bank and have gradients; the positive of anchor i is candidate i

variant equation_hard "paper equations (hard contrastive loss*":
    data case: z[item, dim], candidate[sample, dim]
    param tau = case_temperature
    let id = item
    let bank = candidate
    contrast pull:
        let kept = case_kept_negatives
    contrast every from pull:  # all negatives, close or not
        negative c in bank if c.sample != a.id
    def cuts(R)[a in R] = R.cut(a)
    let cut = cuts(pull)  # [item]
    on case:
        report threshold[item] = cut
        report hard_mask[item, sample] = dot(z, bank) >= cut and sample != id
        report hard_contrastive = mean(infonce(pull))
        report simple = mean(simple_loss(every, case_simple_lambda))
        report hard_simple = mean(simple_loss(pull, case_simple_lambda))

variant equation "paper equations (contrastive loss, P_ij*":
    data case: z[item, dim], candidate[sample, dim], positive_index[item] -> sample
    param tau = case_temperature
    let id = positive_index
    let bank = candidate
    let similarity[item, sample] = dot(z, bank)  # gradients are asked for it too
    contrast pull:
        negative   c in bank if c.sample != a.id
        similarity similarity[item = a.item, sample = c.sample]
    let other = similarity if sample != id  # the positive's entry is absent
    on case:
        report loss = mean(infonce(pull))
        report probability[item, sample] = softmax[sample](similarity / tau)
        report relative_penalty[item, sample] = softmax[sample](other / tau) else 0
        report penalty_entropy[item] = hardness_entropy(pull)
        report small_tau_limit = mean[item](max(max[sample](other) - similarity[sample = id], 0) / tau)

variant metrics "paper equations (uniformity*":
    data case: z[item, dim], label[item] -> class
    let like = dot(z, z[item -> other])  # [item, other], each pair once below
    let same = label == label[item -> other]
    on case:
        report uniformity_log = log(mean[item, other if item < other](exp(-case_t * dist2(z, z[item -> other]))))
        report tolerance_same_class_mean = mean[item, other if item < other and same](like) else 0
        report tolerance_indicator_mean = mean[item, other if item < other](like if same else 0)
        report same_class_pairs = count[item, other if item < other and same](like)

# ---- the author's code: a linear encoder, its weight moved by plain SGD

variant bank "*: objective.py, HardNegativePointLoss*" from as_published:
    data case: index[item] -> sample, x[item, feature]
    data start: bank_init[sample, dim], weight_init[dim, feature]
    param tau = case_temperature, nearest = case_kept, keep = case_bank_momentum
    learn weight[dim, feature] = weight_init
    state bank[sample, dim] = bank_init
    let id = index
    let z = unit(dot[feature](weight, x))
    train on case from this:
        minimize mean(capped(pull)) else 0 by sgd(lr = case_sgd_lr)
        report weight_after[dim, feature] = weight
        report bank_after[sample, dim] = bank

variant bank_simple "*: objective.py, FlatLoss*" from as_published_simple:
    data case: index[item] -> sample, x[item, feature]
    data start: bank_init[sample, dim], weight_init[dim, feature]
    param keep = case_bank_momentum
    learn weight[dim, feature] = weight_init
    state bank[sample, dim] = bank_init
    let id = index
    let z = unit(dot[feature](weight, x))
    train on case from this:
        minimize mean(flat(pull)) by sgd(lr = case_sgd_lr)
        report weight_after[dim, feature] = weight
        report bank_after[sample, dim] = bank
