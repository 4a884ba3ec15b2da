spec cacr_cases "Published cases of contrastive attraction and repulsion" from "../cacr.cl"

# ---- the small-scale losses: unit vectors are the leaves; the uniform ablations are weights at t = 0

variant full "*small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2 where choice = full and with_debiased = false":
    data case: z[v, item, dim]
    param attract = case_tau_pos, repel = case_tau_neg, alpha = case_alpha, beta = case_beta, views = size(v)
    let closeness = softmax[positive_view](attract * dist2(z[v = views - 1], z[v = 0 : views - 1][v -> positive_view]))
    let nearness = -repel * dist2(z[v = views - 2], z[v = views - 1][item -> other])  # [item, other]
    let reach = softmax[other if other != item](nearness)
    let reaches[other_item = size(item) - 1] = reach[other = other_item + (1 if other_item >= item else 0)]
    on case:
        report attraction = close
        report repulsion = apart
        report loss = close + apart
        report attraction_weights_last_query_view[item, positive_view] = closeness
        report repulsion_weights_last_view_pair[item, other_item] = reaches

# The weights are those the code returns beside the loss; the ablations do not use them.
variant none "*small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2 where choice = none" from full:
    let close = mean(pulled(attraction, 0))
    let apart = mean[item, v, w if v < w](pushed(repulsion, 0))

variant without_attraction_weights "*small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2 where choice = without_w1 and with_debiased = false" from full:
    let close = mean(pulled(attraction, 0))

variant without_repulsion_weights "*small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2 where choice = without_w2" from full:
    let apart = mean[item, v, w if v < w](pushed(repulsion, 0))

# Debiased: the sign of the positive's share is the code's; beta does not act on it.
variant debiased "*small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2 where choice = full" from full:
    let own = dist2(z, z[v -> w])  # [item, v, w]
    let apart = mean[item, v, w if v < w]((pushed(repulsion, repel) - case_tau_plus * own) / (1 - case_tau_plus))

variant debiased_alone "*small_scale_experiments/losses/__init__.py, our_loss1 + our_loss2 where choice = without_w1" from debiased:
    let close = mean(pulled(attraction, 0))

# ---- the momentum frame: a linear encoder, moved by plain SGD; its copy is a state

variant queue "*webvision/ours/builder.py, MoCo.forward where intra_batch_negatives = true" from as_published:
    data case: x[v, item, feature]
    data start: encoder_weight_init[dim, feature], queue_init[slot, dim]
    param attract = case_tau_pos, repel = case_tau_neg, alpha = case_alpha, beta = case_beta
    param views = case_views, keep = case_ema_momentum
    learn encoder_weight[dim, feature] = encoder_weight_init
    state key_weight[dim, feature] = encoder_weight_init
    state Q[slot, dim] = queue_init
    state pointer = 0
    let z = unit(dot[feature](encoder_weight, x))
    let k = stop(unit(dot[feature](key_weight, x)))
    let apart = mean(pushed(repulsion, repel))
    state literal = 0
    train on case:
        key_weight <- keep * key_weight + (1 - keep) * encoder_weight
        literal <- mean(cached(repulsion, repel))
        minimize close + apart by sgd(lr = case_sgd_lr)
        report attraction = close
        report repulsion = apart
        report repulsion_literal_code = literal
        Q <- push[slot](Q, k[v = views - 1])
        pointer <- (pointer + size(item)) % size(slot)
        report queue_after[slot, dim] = Q
        report queue_ptr_after = pointer
        report key_encoder_weight_after[dim, feature] = key_weight
        report encoder_weight_after[dim, feature] = encoder_weight

variant queue_alone "*webvision/ours/builder.py, MoCo.forward" from queue:
    contrast repulsion:
        negative c in Q

# ---- the large-scale forms: one momentum key for each item, raw vectors

variant key_rbf "*imagenet_pretraining/moco/builder.py, MoCo.cacr_rbfloss" from rbf:
    data case: q[v, item, dim], k[item, dim]
    param heat = case_temperature
    let z = unit(q), key = unit(k)
    contrast queries:
        anchor   a in key
        positive c in z if c.item == a.item
    def ranked(R)[a in R] = (
        softmean[q in a.positive](stop(dist2(a, q) / heat), 2 * heat * (logsumexp[m in key](R(m, q)) - R(a, q)))
    )
    on case:
        report loss = mean(ranked(queries))
        report query_weights[v, item] = softmax[v](dist2(z, key) / heat)

# Summed over the items, and with the cosine as the cost.
variant key_euclidean "*imagenet_pretraining/moco/builder.py, MoCo.cacr_euclideanloss":
    data case: q[v, item, dim], k[item, dim]
    let z = unit(q), key = unit(k)
    let weights = stop(softmax[v](dist2(z, key) / case_temperature))  # [v, item]
    let cost = 1 - dot(z, key[item -> other])                         # [v, item, other]
    let shares = stop(softmax[other if other != item](-cost / case_temperature))
    let parts = -sum[other if other != item](shares * cost)
    on case:
        report loss = sum[v, item](weights * (1 - dot(z, key) + parts))
        report query_weights[v, item] = weights
