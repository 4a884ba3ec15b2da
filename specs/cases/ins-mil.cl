spec ins_mil_cases "Published cases of the instance classifier" from "../ins-mil.cl"

# Both losses on given embeddings; rows of the queue keep the scores with which they came.
variant losses "*: utils/utils_loss.py, SupConLoss*" from as_published:
    data case: q[item, dim], k[item, dim], class_logits[item, class], candidate[item, class]
    data start: queue[slot, dim], queue_score[slot, class]
    param tau = case_tau
    state Q[slot, dim] = queue, P[slot, class] = queue_score
    let score = class_logits, allowed = candidate
    on case:
        report pseudo_class[item] = own
        report queue_class[slot] = queued
        report loss_contrast = mean(guarded(alike))
        report loss_moco = mean(infonce(same))

# Prototypes and pseudo labels: what a step would write.
variant labels "*: model.py, INS.forward (prototype lines)*":
    data case: q[item, dim], class_logits[item, class], bag_positive[item] -> class, confidence[item, class]
    data start: prototype[class, dim]
    param slow = case_proto_m, first = 0
    state mu[class, dim] = prototype
    let score = class_logits, label = bag_positive, before = confidence, phi = case_confidence_m, warm = false
    on case:
        report prototype_score[item, class] = near
        report pseudo_class[item] = own
        report prototype_new[class, dim] = followed
        report confidence_new[item, class] = belief
        report loss_class = class_loss

variant bag "*: model.py, INS.bag_head*" from as_published:
    data case: feature[tile, width], weight[class, width], bias[class]
    let likely = softmax[class](dot[width](weight, feature) + bias), pooled = mean[tile](feature), label = case_label
    on case:
        report loss_bag_paper = together
        report loss_bag_published = odd

# Whole steps. Weights are learned tensors, those of the key encoder states.
variant steps "*: model.py, INS.forward;*" from as_published:
    data case: view_q[item, feat], view_k[item, feat], index[item] -> sample
    data start: candidate_all[
        sample, class
    ], bag_negative[sample], confidence_init[
        sample, class
    ], queue_init[slot, dim], queue_score_init[
        slot, class
    ], prototype_init[class, dim], enc_encoder_0_weight[width, feat], enc_encoder_0_bias[width], enc_fc_weight[
        class, width
    ], enc_fc_bias[class], enc_head_0_weight[
        hidden, width
    ], enc_head_0_bias[hidden], enc_head_2_weight[dim, hidden], enc_head_2_bias[dim]
    param tau = case_tau, slow = case_proto_m, weigh = case_contrast_weight, first = 0
    learn A[width, feat] = enc_encoder_0_weight, a[width] = enc_encoder_0_bias
    learn C[class, width] = enc_fc_weight, c[class] = enc_fc_bias
    learn H[hidden, width] = enc_head_0_weight, h[hidden] = enc_head_0_bias
    learn G[dim, hidden] = enc_head_2_weight, g[dim] = enc_head_2_bias
    state kA[width, feat] = enc_encoder_0_weight, ka[width] = enc_encoder_0_bias
    state kC[class, width] = enc_fc_weight, kc[class] = enc_fc_bias
    state kH[hidden, width] = enc_head_0_weight, kh[hidden] = enc_head_0_bias
    state kG[dim, hidden] = enc_head_2_weight, kg[dim] = enc_head_2_bias
    state Q[slot, dim] = queue_init, P[slot, class] = queue_score_init, mu[class, dim] = prototype_init
    state s[sample, class] = confidence_init, all[sample, class] = candidate_all, negative_bag[sample] = bag_negative
    def encoded(x, A, a) = tanh(dot[feat](A, x) + a)
    def headed(e, H, h, G, g) = unit(dot[hidden](G, relu(dot[width](H, e) + h)) + g)
    let inner = encoded(view_q, A, a), score = dot[width](C, inner) + c, q = headed(inner, H, h, G, g)
    let k = stop(headed(encoded(view_k, kA, ka), kH, kh, kG, kg))
    let id = index, allowed = all[sample = index], label = 1 - negative_bag[sample = index]
    let taken = true  # a case has the tiles that its loader chose
    let warm = step < case_warmup_steps, phi = case_confidence_m
    train on case:
        kA <- case_moco_m * kA + (1 - case_moco_m) * A
        ka <- case_moco_m * ka + (1 - case_moco_m) * a
        kC <- case_moco_m * kC + (1 - case_moco_m) * C
        kc <- case_moco_m * kc + (1 - case_moco_m) * c
        kH <- case_moco_m * kH + (1 - case_moco_m) * H
        kh <- case_moco_m * kh + (1 - case_moco_m) * h
        kG <- case_moco_m * kG + (1 - case_moco_m) * G
        kg <- case_moco_m * kg + (1 - case_moco_m) * g
        minimize class_loss + part * pull_loss by sgd(
            lr = case_lr, momentum = case_sgd_momentum, decay = case_weight_decay
        )
        report loss_contrast = pull_loss
        report loss_class = class_loss
        report loss = class_loss + part * pull_loss
        report prototype_score[item, class] = near
        s[sample = id] <- belief
        mu <- followed
        report prototype[class, dim] = mu
        report confidence[sample, class] = s
        Q <- push[slot](Q, k)
        P <- push[slot](P, softmax[class](score) * allowed)
        report queue[slot, dim] = Q
        report queue_score[slot, class] = P
        report enc_encoder_0_weight[width, feat] = A
        report enc_encoder_0_bias[width] = a
        report enc_fc_weight[class, width] = C
        report enc_fc_bias[class] = c
        report enc_head_0_weight[hidden, width] = H
        report enc_head_0_bias[hidden] = h
        report enc_head_2_weight[dim, hidden] = G
        report enc_head_2_bias[dim] = g
        report enc_k_encoder_0_weight[width, feat] = kA
        report enc_k_encoder_0_bias[width] = ka
        report enc_k_fc_weight[class, width] = kC
        report enc_k_fc_bias[class] = kc
        report enc_k_head_0_weight[hidden, width] = kH
        report enc_k_head_0_bias[hidden] = kh
        report enc_k_head_2_weight[dim, hidden] = kG
        report enc_k_head_2_bias[dim] = kg
