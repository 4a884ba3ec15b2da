spec macil_cases "Published cases of modality-aware contrast and self-distillation" from "../macil.cl"

# Scores, rows and the probability of a bag are inputs; what lies beyond a bag's length is never picked.
variant contrast_terms "*CMA_MIL.py, CMAL*":
    data case: bag_prob[item], audio_score[item, time], visual_score[item, time], seq_len[item], audio_rep[
        item, time, dim
    ], visual_rep[item, time, dim]
    param tau = case_tau
    let here = time < seq_len
    let k = floor(seq_len / stretch) + 1
    let p = bag_prob
    let sa = audio_score if here, sv = visual_score if here
    let ra = audio_rep if here, rv = visual_rep if here
    contrast pull(A, P, N):
        similarity dot(c / max(norm(c), 1e-12), n / max(norm(n), 1e-12))  # with the gradient that a zero row has there
    on case:
        report loss_a2v_bgd = back_v
        report loss_a2v_nor = calm_v
        report loss_v2a_bgd = back_a
        report loss_v2a_nor = calm_a
        report weighted_sum = case_lamda_a2b * (back_v + back_a) + case_lamda_a2n * (calm_v + calm_a)

variant schedules "*main.py; utils.py, cosine_scheduler*":
    data case: epoch[number]
    param cap = case_lamda_max, growth = case_lamda_cof, kept = case_m0
    on case:
        report momentum[number] = 1 - (1 - kept) * half_cosine(epoch, case_max_epoch)
        report lamda[number] = lamda
        report lr_av[number] = case_lr_av * half_cosine(epoch, case_cosine_T_max)
        report lr_v[number] = case_lr_v * half_cosine(epoch, case_cosine_T_max)

# The shared classifier on both streams; lengths are given.
variant head_alone "*avce_network.py, Att_MMIL*":
    data case: audio_out[
        item, time, dim
    ], visual_out[item, time, dim], weight[out, dim], bias[out], seq_len[item], label[item]
    let here = time < seq_len
    let k = floor(seq_len / stretch) + 1
    let logit_a = (dot(audio_out, weight) + bias)[out = 0], logit_v = (dot(visual_out, weight) + bias)[out = 0]
    let sa = logit_a if here, sv = logit_v if here
    on case:
        report audio_score[item, time] = sigmoid(logit_a)
        report visual_score[item, time] = sigmoid(logit_v)
        report av_logit[item, time] = logit_a + logit_v
        report bag_prob[item] = p
        report loss_mil = mean(bce(p, label)) else 0

# ---- the networks, with their weights as tensors: [made, dim] of a linear map

variant layers:
    let longest = size(time)
    def straight(x, w, b) = (dot(x, w) + b)[made -> dim]
    def normal(x, g, b) = (x - mean[dim](x)) / sqrt(var[dim](x) + 1e-5) * g + b
    def layer(q, other, q_w, q_b, k_w, k_b, o_w, o_b, e_w, e_b, h_w, h_b, f_w, f_b, n_w, n_b, m_w, m_b):
        let Q = straight(normal(q, n_w, n_b), q_w, q_b)[dim -> (head = case_nhead, inner)]
        let K = straight(other, k_w, k_b)[dim -> (head = case_nhead, inner)][time -> key]
        let V = straight(other, o_w, o_b)[dim -> (head = case_nhead, inner)][time -> key]
        let there = (time < longest)[time -> key]
        let share = softmax[key](dot[inner](Q, K) / sqrt(case_hid_dim / case_nhead) if there)
        let z = q + straight(sum[key](share * V)[(head, inner) -> dim], e_w, e_b)
        let deep = relu(dot(normal(z, m_w, m_b), h_w) + h_b)
        z + (dot[hidden](deep, f_w) + f_b)[made -> dim]

variant networks "*avce_network.py, AVCE_Model, Single_Model*" from layers:
    data case: visual_feat[
        item, time, feature
    ], audio_feat[
        item, time, sound
    ], seq_len[item], probe_visual[
        item, time, dim
    ], probe_audio[
        item, time, dim
    ], av_fc_v_weight[
        made, feature
    ], av_fc_v_bias[made], av_fc_a_weight[
        made, sound
    ], av_fc_a_bias[made], av_cma_layer_self_attn_linears_0_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_0_bias[made], av_cma_layer_self_attn_linears_1_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_1_bias[made], av_cma_layer_self_attn_linears_2_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_2_bias[made], av_cma_layer_self_attn_linears_3_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_3_bias[made], av_cma_layer_feed_forward_w_1_weight[
        hidden, dim
    ], av_cma_layer_feed_forward_w_1_bias[hidden], av_cma_layer_feed_forward_w_2_weight[
        made, hidden
    ], av_cma_layer_feed_forward_w_2_bias[
        made
    ], av_cma_layer_sublayer_0_norm_weight[
        dim
    ], av_cma_layer_sublayer_0_norm_bias[
        dim
    ], av_cma_layer_sublayer_1_norm_weight[dim], av_cma_layer_sublayer_1_norm_bias[dim], av_att_mmil_fc_weight[
        out, dim
    ], av_att_mmil_fc_bias[out], v_fc_v_weight[
        made, feature
    ], v_fc_v_bias[made], v_cma_layer_self_attn_linears_0_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_0_bias[made], v_cma_layer_self_attn_linears_1_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_1_bias[made], v_cma_layer_self_attn_linears_2_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_2_bias[made], v_cma_layer_self_attn_linears_3_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_3_bias[made], v_cma_layer_feed_forward_w_1_weight[
        hidden, dim
    ], v_cma_layer_feed_forward_w_1_bias[hidden], v_cma_layer_feed_forward_w_2_weight[
        made, hidden
    ], v_cma_layer_feed_forward_w_2_bias[
        made
    ], v_cma_layer_sublayer_0_norm_weight[
        dim
    ], v_cma_layer_sublayer_0_norm_bias[
        dim
    ], v_cma_layer_sublayer_1_norm_weight[dim], v_cma_layer_sublayer_1_norm_bias[dim], v_fc_weight[
        out, dim
    ], v_fc_bias[out]
    def shared(q, other) = layer(
        q, other, av_cma_layer_self_attn_linears_0_weight, av_cma_layer_self_attn_linears_0_bias,
        av_cma_layer_self_attn_linears_1_weight, av_cma_layer_self_attn_linears_1_bias,
        av_cma_layer_self_attn_linears_2_weight, av_cma_layer_self_attn_linears_2_bias,
        av_cma_layer_self_attn_linears_3_weight, av_cma_layer_self_attn_linears_3_bias,
        av_cma_layer_feed_forward_w_1_weight, av_cma_layer_feed_forward_w_1_bias, av_cma_layer_feed_forward_w_2_weight,
        av_cma_layer_feed_forward_w_2_bias, av_cma_layer_sublayer_0_norm_weight, av_cma_layer_sublayer_0_norm_bias,
        av_cma_layer_sublayer_1_norm_weight, av_cma_layer_sublayer_1_norm_bias
    )
    def apart(q) = layer(
        q, q, v_cma_layer_self_attn_linears_0_weight, v_cma_layer_self_attn_linears_0_bias,
        v_cma_layer_self_attn_linears_1_weight, v_cma_layer_self_attn_linears_1_bias,
        v_cma_layer_self_attn_linears_2_weight, v_cma_layer_self_attn_linears_2_bias,
        v_cma_layer_self_attn_linears_3_weight, v_cma_layer_self_attn_linears_3_bias,
        v_cma_layer_feed_forward_w_1_weight, v_cma_layer_feed_forward_w_1_bias, v_cma_layer_feed_forward_w_2_weight,
        v_cma_layer_feed_forward_w_2_bias, v_cma_layer_sublayer_0_norm_weight, v_cma_layer_sublayer_0_norm_bias,
        v_cma_layer_sublayer_1_norm_weight, v_cma_layer_sublayer_1_norm_bias
    )
    let here = time < seq_len
    let k = floor(seq_len / stretch) + 1
    let fv = (dot[feature](visual_feat, av_fc_v_weight) + av_fc_v_bias)[made -> dim]
    let fa = (dot[sound](audio_feat, av_fc_a_weight) + av_fc_a_bias)[made -> dim]
    let fu = (dot[feature](visual_feat, v_fc_v_weight) + v_fc_v_bias)[made -> dim]
    let seen = shared(fv, fa), heard = shared(fa, fv)
    let v = seen if here, a = heard if here
    let sv = (dot(v, av_att_mmil_fc_weight) + av_att_mmil_fc_bias)[out = 0]
    let sa = (dot(a, av_att_mmil_fc_weight) + av_att_mmil_fc_bias)[out = 0]
    let u = peak((dot(apart(fu) if here, v_fc_weight) + v_fc_bias)[out = 0])
    on case:
        report visual_out[item, time, dim] = seen
        report audio_out[item, time, dim] = heard
        report bag_prob_av[item] = p
        report bag_prob_v[item] = u
        report probe = sum(seen * probe_visual) + sum(heard * probe_audio)

# Their first weights, each a tensor that is moved.
variant weights from layers:
    data start: av_fc_v_weight[
        made, feature
    ], av_fc_v_bias[made], av_fc_a_weight[
        made, sound
    ], av_fc_a_bias[made], av_cma_layer_self_attn_linears_0_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_0_bias[made], av_cma_layer_self_attn_linears_1_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_1_bias[made], av_cma_layer_self_attn_linears_2_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_2_bias[made], av_cma_layer_self_attn_linears_3_weight[
        made, dim
    ], av_cma_layer_self_attn_linears_3_bias[made], av_cma_layer_feed_forward_w_1_weight[
        hidden, dim
    ], av_cma_layer_feed_forward_w_1_bias[hidden], av_cma_layer_feed_forward_w_2_weight[
        made, hidden
    ], av_cma_layer_feed_forward_w_2_bias[
        made
    ], av_cma_layer_sublayer_0_norm_weight[
        dim
    ], av_cma_layer_sublayer_0_norm_bias[
        dim
    ], av_cma_layer_sublayer_1_norm_weight[dim], av_cma_layer_sublayer_1_norm_bias[dim], av_att_mmil_fc_weight[
        out, dim
    ], av_att_mmil_fc_bias[out], v_fc_v_weight[
        made, feature
    ], v_fc_v_bias[made], v_cma_layer_self_attn_linears_0_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_0_bias[made], v_cma_layer_self_attn_linears_1_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_1_bias[made], v_cma_layer_self_attn_linears_2_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_2_bias[made], v_cma_layer_self_attn_linears_3_weight[
        made, dim
    ], v_cma_layer_self_attn_linears_3_bias[made], v_cma_layer_feed_forward_w_1_weight[
        hidden, dim
    ], v_cma_layer_feed_forward_w_1_bias[hidden], v_cma_layer_feed_forward_w_2_weight[
        made, hidden
    ], v_cma_layer_feed_forward_w_2_bias[
        made
    ], v_cma_layer_sublayer_0_norm_weight[
        dim
    ], v_cma_layer_sublayer_0_norm_bias[
        dim
    ], v_cma_layer_sublayer_1_norm_weight[dim], v_cma_layer_sublayer_1_norm_bias[dim], v_fc_weight[
        out, dim
    ], v_fc_bias[out]
    learn a_w_w[made, feature] = av_fc_v_weight
    learn a_w_b[made] = av_fc_v_bias
    learn a_s_w[made, sound] = av_fc_a_weight
    learn a_s_b[made] = av_fc_a_bias
    learn a_q_w[made, dim] = av_cma_layer_self_attn_linears_0_weight
    learn a_q_b[made] = av_cma_layer_self_attn_linears_0_bias
    learn a_k_w[made, dim] = av_cma_layer_self_attn_linears_1_weight
    learn a_k_b[made] = av_cma_layer_self_attn_linears_1_bias
    learn a_o_w[made, dim] = av_cma_layer_self_attn_linears_2_weight
    learn a_o_b[made] = av_cma_layer_self_attn_linears_2_bias
    learn a_e_w[made, dim] = av_cma_layer_self_attn_linears_3_weight
    learn a_e_b[made] = av_cma_layer_self_attn_linears_3_bias
    learn a_h_w[hidden, dim] = av_cma_layer_feed_forward_w_1_weight
    learn a_h_b[hidden] = av_cma_layer_feed_forward_w_1_bias
    learn a_f_w[made, hidden] = av_cma_layer_feed_forward_w_2_weight
    learn a_f_b[made] = av_cma_layer_feed_forward_w_2_bias
    learn a_n_w[dim] = av_cma_layer_sublayer_0_norm_weight
    learn a_n_b[dim] = av_cma_layer_sublayer_0_norm_bias
    learn a_m_w[dim] = av_cma_layer_sublayer_1_norm_weight
    learn a_m_b[dim] = av_cma_layer_sublayer_1_norm_bias
    learn a_c_w[out, dim] = av_att_mmil_fc_weight
    learn a_c_b[out] = av_att_mmil_fc_bias
    learn u_w_w[made, feature] = v_fc_v_weight
    learn u_w_b[made] = v_fc_v_bias
    learn u_q_w[made, dim] = v_cma_layer_self_attn_linears_0_weight
    learn u_q_b[made] = v_cma_layer_self_attn_linears_0_bias
    learn u_k_w[made, dim] = v_cma_layer_self_attn_linears_1_weight
    learn u_k_b[made] = v_cma_layer_self_attn_linears_1_bias
    learn u_o_w[made, dim] = v_cma_layer_self_attn_linears_2_weight
    learn u_o_b[made] = v_cma_layer_self_attn_linears_2_bias
    learn u_e_w[made, dim] = v_cma_layer_self_attn_linears_3_weight
    learn u_e_b[made] = v_cma_layer_self_attn_linears_3_bias
    learn u_h_w[hidden, dim] = v_cma_layer_feed_forward_w_1_weight
    learn u_h_b[hidden] = v_cma_layer_feed_forward_w_1_bias
    learn u_f_w[made, hidden] = v_cma_layer_feed_forward_w_2_weight
    learn u_f_b[made] = v_cma_layer_feed_forward_w_2_bias
    learn u_n_w[dim] = v_cma_layer_sublayer_0_norm_weight
    learn u_n_b[dim] = v_cma_layer_sublayer_0_norm_bias
    learn u_m_w[dim] = v_cma_layer_sublayer_1_norm_weight
    learn u_m_b[dim] = v_cma_layer_sublayer_1_norm_bias
    learn u_c_w[out, dim] = v_fc_weight
    learn u_c_b[out] = v_fc_bias

# The end of an epoch: weights by name, but for those of the first layer of sounds.
variant distillation "*main.py, block after scheduler steps*" from weights:
    data case: epochs
    let keep = 1 - (1 - case_m0) * half_cosine(epochs, case_max_epoch)
    train on case:
        a_w_w <- keep * a_w_w + (1 - keep) * u_w_w
        a_w_b <- keep * a_w_b + (1 - keep) * u_w_b
        a_q_w <- keep * a_q_w + (1 - keep) * u_q_w
        a_q_b <- keep * a_q_b + (1 - keep) * u_q_b
        a_k_w <- keep * a_k_w + (1 - keep) * u_k_w
        a_k_b <- keep * a_k_b + (1 - keep) * u_k_b
        a_o_w <- keep * a_o_w + (1 - keep) * u_o_w
        a_o_b <- keep * a_o_b + (1 - keep) * u_o_b
        a_e_w <- keep * a_e_w + (1 - keep) * u_e_w
        a_e_b <- keep * a_e_b + (1 - keep) * u_e_b
        a_h_w <- keep * a_h_w + (1 - keep) * u_h_w
        a_h_b <- keep * a_h_b + (1 - keep) * u_h_b
        a_f_w <- keep * a_f_w + (1 - keep) * u_f_w
        a_f_b <- keep * a_f_b + (1 - keep) * u_f_b
        a_n_w <- keep * a_n_w + (1 - keep) * u_n_w
        a_n_b <- keep * a_n_b + (1 - keep) * u_n_b
        a_m_w <- keep * a_m_w + (1 - keep) * u_m_w
        a_m_b <- keep * a_m_b + (1 - keep) * u_m_b
        a_c_w <- keep * a_c_w + (1 - keep) * u_c_w
        a_c_b <- keep * a_c_b + (1 - keep) * u_c_b
        report av_fc_v_weight[made, feature] = a_w_w
        report av_fc_v_bias[made] = a_w_b
        report av_fc_a_weight[made, sound] = a_s_w
        report av_fc_a_bias[made] = a_s_b
        report av_cma_layer_self_attn_linears_0_weight[made, dim] = a_q_w
        report av_cma_layer_self_attn_linears_0_bias[made] = a_q_b
        report av_cma_layer_self_attn_linears_1_weight[made, dim] = a_k_w
        report av_cma_layer_self_attn_linears_1_bias[made] = a_k_b
        report av_cma_layer_self_attn_linears_2_weight[made, dim] = a_o_w
        report av_cma_layer_self_attn_linears_2_bias[made] = a_o_b
        report av_cma_layer_self_attn_linears_3_weight[made, dim] = a_e_w
        report av_cma_layer_self_attn_linears_3_bias[made] = a_e_b
        report av_cma_layer_feed_forward_w_1_weight[hidden, dim] = a_h_w
        report av_cma_layer_feed_forward_w_1_bias[hidden] = a_h_b
        report av_cma_layer_feed_forward_w_2_weight[made, hidden] = a_f_w
        report av_cma_layer_feed_forward_w_2_bias[made] = a_f_b
        report av_cma_layer_sublayer_0_norm_weight[dim] = a_n_w
        report av_cma_layer_sublayer_0_norm_bias[dim] = a_n_b
        report av_cma_layer_sublayer_1_norm_weight[dim] = a_m_w
        report av_cma_layer_sublayer_1_norm_bias[dim] = a_m_b
        report av_att_mmil_fc_weight[out, dim] = a_c_w
        report av_att_mmil_fc_bias[out] = a_c_b

# Two epochs: both networks, both optimisers, the schedules (rates from their start) and the ends of epochs. A batch is
# cut to its longest clip, which attention sees.
variant trained "*train.py, avce_train*" from weights:
    data case: visual_feat[item, time, feature], audio_feat[item, time, sound], label[item]
    def shared(q, other) = layer(
        q, other, a_q_w, a_q_b, a_k_w, a_k_b, a_o_w, a_o_b, a_e_w, a_e_b, a_h_w, a_h_b, a_f_w, a_f_b, a_n_w, a_n_b,
        a_m_w, a_m_b
    )
    def apart(q) = layer(
        q, q, u_q_w, u_q_b, u_k_w, u_k_b, u_o_w, u_o_b, u_e_w, u_e_b, u_h_w, u_h_b, u_f_w, u_f_b, u_n_w, u_n_b, u_m_w,
        u_m_b
    )
    let seq_len = sum[time](max[feature](abs(visual_feat)) > 0)
    let here = time < seq_len, longest = max[item](seq_len)
    let k = floor(seq_len / stretch) + 1
    let fv = (dot[feature](visual_feat, a_w_w) + a_w_b)[made -> dim]
    let fa = (dot[sound](audio_feat, a_s_w) + a_s_b)[made -> dim]
    let fu = (dot[feature](visual_feat, u_w_w) + u_w_b)[made -> dim]
    let v = shared(fv, fa) if here, a = shared(fa, fv) if here
    let sv = (dot(v, a_c_w) + a_c_b)[out = 0], sa = (dot(a, a_c_w) + a_c_b)[out = 0]
    let u = peak((dot(apart(fu) if here, u_c_w) + u_c_b)[out = 0])
    let rv = a if case_swap_representations else v, ra = v if case_swap_representations else a
    let lamda = min(cap, growth * (epoch + case_start_epoch))
    let keep = 1 - (1 - kept) * half_cosine(epoch + case_start_epoch, 50)
    train on case:
        minimize total over a_w_w, a_w_b, a_s_w, a_s_b, a_q_w, a_q_b, a_k_w, a_k_b, a_o_w, a_o_b, a_e_w, a_e_b, a_h_w, a_h_b, a_f_w, a_f_b, a_n_w, a_n_b, a_m_w, a_m_b, a_c_w, a_c_b by adam(
            lr = case_lr_av * half_cosine(epoch, 60)
        )
        minimize alone over u_w_w, u_w_b, u_q_w, u_q_b, u_k_w, u_k_b, u_o_w, u_o_b, u_e_w, u_e_b, u_h_w, u_h_b, u_f_w, u_f_b, u_n_w, u_n_b, u_m_w, u_m_b, u_c_w, u_c_b by adam(
            lr = case_lr_v * half_cosine(epoch, 60)
        )
        every 1 epochs:
            a_w_w <- keep * a_w_w + (1 - keep) * u_w_w
            a_w_b <- keep * a_w_b + (1 - keep) * u_w_b
            a_q_w <- keep * a_q_w + (1 - keep) * u_q_w
            a_q_b <- keep * a_q_b + (1 - keep) * u_q_b
            a_k_w <- keep * a_k_w + (1 - keep) * u_k_w
            a_k_b <- keep * a_k_b + (1 - keep) * u_k_b
            a_o_w <- keep * a_o_w + (1 - keep) * u_o_w
            a_o_b <- keep * a_o_b + (1 - keep) * u_o_b
            a_e_w <- keep * a_e_w + (1 - keep) * u_e_w
            a_e_b <- keep * a_e_b + (1 - keep) * u_e_b
            a_h_w <- keep * a_h_w + (1 - keep) * u_h_w
            a_h_b <- keep * a_h_b + (1 - keep) * u_h_b
            a_f_w <- keep * a_f_w + (1 - keep) * u_f_w
            a_f_b <- keep * a_f_b + (1 - keep) * u_f_b
            a_n_w <- keep * a_n_w + (1 - keep) * u_n_w
            a_n_b <- keep * a_n_b + (1 - keep) * u_n_b
            a_m_w <- keep * a_m_w + (1 - keep) * u_m_w
            a_m_b <- keep * a_m_b + (1 - keep) * u_m_b
            a_c_w <- keep * a_c_w + (1 - keep) * u_c_w
            a_c_b <- keep * a_c_b + (1 - keep) * u_c_b
        report last_total_loss = total
        report last_v_loss = alone
        report av_fc_v_weight[made, feature] = a_w_w
        report av_fc_v_bias[made] = a_w_b
        report av_fc_a_weight[made, sound] = a_s_w
        report av_fc_a_bias[made] = a_s_b
        report av_cma_layer_self_attn_linears_0_weight[made, dim] = a_q_w
        report av_cma_layer_self_attn_linears_0_bias[made] = a_q_b
        report av_cma_layer_self_attn_linears_1_weight[made, dim] = a_k_w
        report av_cma_layer_self_attn_linears_1_bias[made] = a_k_b
        report av_cma_layer_self_attn_linears_2_weight[made, dim] = a_o_w
        report av_cma_layer_self_attn_linears_2_bias[made] = a_o_b
        report av_cma_layer_self_attn_linears_3_weight[made, dim] = a_e_w
        report av_cma_layer_self_attn_linears_3_bias[made] = a_e_b
        report av_cma_layer_feed_forward_w_1_weight[hidden, dim] = a_h_w
        report av_cma_layer_feed_forward_w_1_bias[hidden] = a_h_b
        report av_cma_layer_feed_forward_w_2_weight[made, hidden] = a_f_w
        report av_cma_layer_feed_forward_w_2_bias[made] = a_f_b
        report av_cma_layer_sublayer_0_norm_weight[dim] = a_n_w
        report av_cma_layer_sublayer_0_norm_bias[dim] = a_n_b
        report av_cma_layer_sublayer_1_norm_weight[dim] = a_m_w
        report av_cma_layer_sublayer_1_norm_bias[dim] = a_m_b
        report av_att_mmil_fc_weight[out, dim] = a_c_w
        report av_att_mmil_fc_bias[out] = a_c_b
        report v_fc_v_weight[made, feature] = u_w_w
        report v_fc_v_bias[made] = u_w_b
        report v_cma_layer_self_attn_linears_0_weight[made, dim] = u_q_w
        report v_cma_layer_self_attn_linears_0_bias[made] = u_q_b
        report v_cma_layer_self_attn_linears_1_weight[made, dim] = u_k_w
        report v_cma_layer_self_attn_linears_1_bias[made] = u_k_b
        report v_cma_layer_self_attn_linears_2_weight[made, dim] = u_o_w
        report v_cma_layer_self_attn_linears_2_bias[made] = u_o_b
        report v_cma_layer_self_attn_linears_3_weight[made, dim] = u_e_w
        report v_cma_layer_self_attn_linears_3_bias[made] = u_e_b
        report v_cma_layer_feed_forward_w_1_weight[hidden, dim] = u_h_w
        report v_cma_layer_feed_forward_w_1_bias[hidden] = u_h_b
        report v_cma_layer_feed_forward_w_2_weight[made, hidden] = u_f_w
        report v_cma_layer_feed_forward_w_2_bias[made] = u_f_b
        report v_cma_layer_sublayer_0_norm_weight[dim] = u_n_w
        report v_cma_layer_sublayer_0_norm_bias[dim] = u_n_b
        report v_cma_layer_sublayer_1_norm_weight[dim] = u_m_w
        report v_cma_layer_sublayer_1_norm_bias[dim] = u_m_b
        report v_fc_weight[out, dim] = u_c_w
        report v_fc_bias[out] = u_c_b
