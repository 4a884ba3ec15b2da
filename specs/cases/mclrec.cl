spec mclrec_cases "Published cases of meta-optimized contrastive learning for sequences" from "../mclrec.cl"

# exact, as torch.nn.GELU; the published norm has no floor, and none is reached
def gelu(x) = x * (1 + erf(x / sqrt(2))) / 2
def augmented_by(h, A, a, B, b, C, c):
    let inner = gelu(dot[dim](A, h) + a)
    let middle = gelu(dot[first](B, inner) + b)
    unit(dot[second](C, middle) + c)

# ---- the augmenter alone: its weights are inputs

variant augmenter "*recbole/model/extractors.py, Extractor" from as_published:
    data case: h[item, dim], probe[item, dim], p_dense_1_weight[first, dim], p_dense_1_bias[first], p_dense_2_weight[
        second, first
    ], p_dense_2_bias[second], p_dense_3_weight[dim, second], p_dense_3_bias[dim]
    let z = augmented_by(
        h, p_dense_1_weight, p_dense_1_bias, p_dense_2_weight, p_dense_2_bias, p_dense_3_weight, p_dense_3_bias
    )
    on case:
        report z[item, dim] = z
        report probe_value = sum(z * probe)
        report probe = sum(z * probe)

# ---- the terms: embeddings are the leaves; the margins have the temperature of the data views

variant terms "*mclrec.py, info_nce, meta_contrast, meta_rl, meta_contrast_rl" from as_published:
    data case: h1[item, dim], h2[item, dim], z1[item, dim], z2[item, dim]
    param tau = case_tau_meta, sim: text("dot", "cos") = case_sim
    let h = stack[v](h1, h2), z = stack[v](z1, z2)
    contrast heated from pull:
        temperature case_tau
    contrast near from heated:
        similarity cos(a, c) if sim == "cos" else dot(a, c)
    let spread = mean(within(heated(crossed))) + mean(within(heated(again))) + mean(within(heated(made)))
    on case:
        report loss_data = nce(near(h[v -> side]))
        report loss_meta = augmented
        report loss_reg = case_reg_coefficient * spread
        report loss_meta_total = augmented + case_reg_coefficient * spread
        report loss_reg_paper_z1_z2 = margins(pull(made))

# ---- two batches of training: the encoder is a line through the mean of the items; the filling has no gradient where it is
# read, and is a candidate like any item

variant three_steps "*recbole/trainer/trainer.py, _train_epoch; mclrec.py, calculate_loss; extractors.py" from as_published:
    data case: s[
        item, time
    ] -> vocab, l[item], y[item] -> word, aug1[
        item, time
    ] -> vocab, aug_len1[item], aug2[item, time] -> vocab, aug_len2[item]
    data start: enc_item_embedding_weight[
        vocab, dim
    ], enc_lin_weight[out, dim], enc_lin_bias[out], aug1_dense_1_weight[
        first, dim
    ], aug1_dense_1_bias[first], aug1_dense_2_weight[
        second, first
    ], aug1_dense_2_bias[second], aug1_dense_3_weight[
        dim, second
    ], aug1_dense_3_bias[dim], aug2_dense_1_weight[first, dim], aug2_dense_1_bias[first], aug2_dense_2_weight[
        second, first
    ], aug2_dense_2_bias[second], aug2_dense_3_weight[dim, second], aug2_dense_3_bias[dim]
    param lmd = case_lmd, beta = case_beta, tau = case_tau, rate = case_lr
    learn E[vocab, dim] = enc_item_embedding_weight
    learn line[out, dim] = enc_lin_weight, line_bias[out] = enc_lin_bias
    learn A1[first, dim] = aug1_dense_1_weight, a1[first] = aug1_dense_1_bias, B1[
        second, first
    ] = aug1_dense_2_weight, b1[second] = aug1_dense_2_bias, C1[
        dim, second
    ] = aug1_dense_3_weight, c1[dim] = aug1_dense_3_bias
    learn A2[first, dim] = aug2_dense_1_weight, a2[first] = aug2_dense_1_bias, B2[
        second, first
    ] = aug2_dense_2_weight, b2[second] = aug2_dense_2_bias, C2[
        dim, second
    ] = aug2_dense_3_weight, c2[dim] = aug2_dense_3_bias
    def read(s) = E[vocab = s] if s > 0 else stop(E[vocab = 0])
    def encoded(s, l) = tanh(dot[dim](line, mean[time if time < l](read(s))) + line_bias)[out -> dim]
    let user = encoded(s, l) else 0
    let h = stack[v](encoded(aug1, aug_len1) else 0, encoded(aug2, aug_len2) else 0)
    let z = stack[v](augmented_by(h[v = 0], A1, a1, B1, b1, C1, c1), augmented_by(h[v = 1], A2, a2, B2, b2, C2, c2))
    let rank = -(mean[item](log_softmax[word](dot(user, E[vocab = 0 : case_n_items][vocab -> word]))[word = y]) else 0)
    let one = encoder, two = lmd * close + augmenters, three = encoder
    train on case:
        minimize one over E, line, line_bias by adam(lr = rate)
        minimize two over A1, a1, B1, b1, C1, c1, A2, a2, B2, b2, C2, c2 by adam(lr = rate)
        minimize three over E, line, line_bias
        report loss_step1 = one
        report loss_step2 = two
        report loss_step3 = three
        report enc_item_embedding_weight[vocab, dim] = E
        report enc_lin_weight[out, dim] = line
        report enc_lin_bias[out] = line_bias
        report aug1_dense_1_weight[first, dim] = A1
        report aug1_dense_1_bias[first] = a1
        report aug1_dense_2_weight[second, first] = B1
        report aug1_dense_2_bias[second] = b1
        report aug1_dense_3_weight[dim, second] = C1
        report aug1_dense_3_bias[dim] = c1
        report aug2_dense_1_weight[first, dim] = A2
        report aug2_dense_1_bias[first] = a2
        report aug2_dense_2_weight[second, first] = B2
        report aug2_dense_2_bias[second] = b2
        report aug2_dense_3_weight[dim, second] = C2
        report aug2_dense_3_bias[dim] = c2

variant joint "*recbole/trainer/trainer.py, _train_epoch; mclrec.py, calculate_loss; extractors.py where joint = 1" from three_steps:
    train on case from this:
        minimize one by adam(lr = rate)
        report loss_joint = one
