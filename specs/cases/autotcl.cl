spec autotcl_cases "Published cases of parametric augmentation" from "../autotcl.cl"

variant losses "*: models/losses.py, mmdx, infoNCE, local_infoNCE" from as_published:
    data case: z_x[item, time, dim], z_v[item, time, dim]
    param segments = case_segments
    let z = z_x, zv = z_v, offset = case_segment_start
    on case:
        report loss_mmd = mmd(max[time](z_x), max[time](z_v))
        report loss_global = mean(infonce(whole))
        report loss_local = near

# One channel or several; the times are those of each item, read in every item.
variant mask "*: AutoTCL_CoST.py, _sample_graph, get_features, regular_consistency, fit" from as_published:
    data case: weight_h[
        item, time, channel
    ], weight_s[
        item, time, channel
    ], x[
        item, time, channel
    ], uniform[item, time, channel], probe[item, time, channel], select0[item] -> time, select1[item] -> time
    param bias = case_gumbel_bias, stretch = case_gamma_zeta, kept = case_reg_threshold, hard = case_hard
    let keep = weight_h, scale = weight_s, first = select0, second = select1
    let u[round = 2] = uniform
    on case:
        report mask_soft[item, time, channel] = gate[round = 0]
        report mask[item, time, channel] = mask[round = 0]
        report x_aug[item, time, channel] = view[round = 0]
        report probe_value = sum(view[round = 0] * probe)
        report loss_sparse = sparse
        report loss_consistency = even

# The encoders are one layer, tanh(W x + b) at each time; its weights are tensors here, and so is their running mean.
variant alternating "*: AutoTCL_CoST.py, fit, get_features; models/losses.py" from as_published:
    data case: x[item, time, channel], uniform_aug[item, time, channel], uniform_enc[item, time, channel]
    data start: enc_fc_weight[dim, channel], enc_fc_bias[dim], aug_fc_weight[
        part, channel
    ], aug_fc_bias[part], h_0_weight[channel, part], h_0_bias[channel], g_0_weight[channel, part], g_0_bias[channel]
    param bias = case_gumbel_bias, stretch = case_gamma_zeta, kept = case_reg_threshold, hard = case_hard
    param segments = case_segments, local_weight = case_local_weight, sparsity = case_reg_weight
    param evenness = case_regular_weight, ratio = case_ratio_step
    learn W[dim, channel] = enc_fc_weight
    learn w[dim] = enc_fc_bias
    learn A[part, channel] = aug_fc_weight
    learn a0[part] = aug_fc_bias
    learn H[channel, part] = h_0_weight
    learn h0[channel] = h_0_bias
    learn G[channel, part] = g_0_weight
    learn g0[channel] = g_0_bias
    state mean_W[dim, channel] = enc_fc_weight
    state mean_w[dim] = enc_fc_bias
    def encode(x) = tanh(dot[channel](W, x) + w)
    let trunk_of = tanh(dot[channel](A, x) + a0)
    let keep = sigmoid(dot[part](H, trunk_of) + h0), scale = sigmoid(dot[part](G, trunk_of) + g0)
    let u = stack[round](uniform_aug, uniform_enc)
    let z = encode(x), zv = encode(view[round = 1])
    let far = mmd(max[time](z), max[time](encode(view[round = 0])))
    let loss_aug = far + sparsity * sparse + evenness * even
    let loss_enc = mean(infonce(whole)) + local_weight * near
    train on case:
        minimize loss_aug over A if turn, a0 if turn, H if turn, h0 if turn, G if turn, g0 if turn by adamw(
            lr = case_meta_lr, decay = case_adamw_weight_decay
        )
        minimize loss_enc over W, w by adamw(lr = case_lr, decay = case_adamw_weight_decay)
        mean_W <- mean_W + (W - mean_W) / (step + 2)
        mean_w <- mean_w + (w - mean_w) / (step + 2)
        report loss_aug = loss_aug
        report loss_enc = loss_enc
        report enc_fc_weight[dim, channel] = W
        report enc_fc_bias[dim] = w
        report aug_fc_weight[part, channel] = A
        report aug_fc_bias[part] = a0
        report h_0_weight[channel, part] = H
        report h_0_bias[channel] = h0
        report g_0_weight[channel, part] = G
        report g_0_bias[channel] = g0
        report averaged_fc_weight[dim, channel] = mean_W
        report averaged_fc_bias[dim] = mean_w
