spec meow_cases "Published cases of weighted negatives on heterogeneous graphs" from "../meow.cl"

use std.losses (decoupled)

# ---- the losses: projections are leaves, clusters are given

variant losses_of_one "*code_meow/module/contrast.py, InfoNce, ProtoNCE where clusterings = 1" from losses:
    data case: z_coarse[item, dim], z_fine[item, dim], cluster_0[item] -> group, prototype_0[
        group, dim
    ], density_0[group]
    contrast pull:
        negative c in fine if c.item != a.item weight c.group_of != a.group_of
    let protos = mean[item](drawn[group](coarse, proto1, heat1, group_of))
    on case:
        report weight[item, node] = group_of != group_of[item -> node]

variant losses "*code_meow/module/contrast.py, InfoNce, ProtoNCE":
    data case: z_coarse[item, dim], z_fine[item, dim], cluster_0[item] -> group, prototype_0[
        group, dim
    ], density_0[group], cluster_1[item] -> circle, prototype_1[
        circle, dim
    ], density_1[circle]
    param tau = case_tau, lam = case_lam_proto
    let coarse = z_coarse, fine = z_fine
    let group_of = cluster_0, circle_of = cluster_1
    let proto1 = prototype_0, proto2 = prototype_1
    let heat1 = density_0, heat2 = density_1
    def repelled(R) = decoupled(R)  # the released code has no guard
    on case:
        report weight[item, node] = (group_of != group_of[item -> node]) + (circle_of != circle_of[item -> node])
        report loss_info = info
        report loss_proto = protos
        report loss = info + lam * protos

# ---- clusters from given centres

variant clusters "*code_meow/module/cluster.py, run_kmeans":
    data case: x[item, dim], centroid_raw_0[group, dim], centroid_raw_1[circle, dim]
    param tau = case_tau
    on case:
        report cluster_0[item] = argmax[group](dot(x, centroid_raw_0))
        report prototype_0[group, dim] = unit(centroid_raw_0)
        report density_0[group] = heat[group](x, centroid_raw_0)
        report cluster_1[item] = argmax[circle](dot(x, centroid_raw_1))
        report prototype_1[circle, dim] = unit(centroid_raw_1)
        report density_1[circle] = heat[circle](x, centroid_raw_1)

# ---- links of a path from its counts

variant links "*code_meow/module/preprocess.py, pathsim, normalize_adj":
    data case: path_count[item, node]
    let kept_of = path_count if among[node](pathsim[item, node](path_count), case_k) else 0
    on case:
        report pathsim[item, node] = pathsim[item, node](path_count)
        report top_adj[item, node] = kept_of
        report adj_norm[item, node] = scaled[item, node](kept_of)

# ---- the network: weights are leaves

variant network:
    def d(x) = x
    def f(x) = dot[feature](x, p_fc_list_0_weight) + p_fc_list_0_bias
    def fold(x) = dot(x, stack[path](p_agg_0_weight, p_agg_1_weight))[deep -> dim]
    def w(x) = dot(x, p_Encoder_gc1_weight)[deep -> dim]
    def u(x) = dot(x, p_Encoder_gc2_weight)[deep -> dim]
    def q(x) = dot(x, p_att_fc_weight) + p_att_fc_bias
    def g(x) = (dot(x, p_project_weight) + p_project_bias)[deep -> dim]
    let slope = p_Encoder_gc1_act_weight[lone = 0], taste = p_att_att[lone = 0]
    let of_player = elu(dot[job](feat_nei_0, p_fc_list_1_weight) + p_fc_list_1_bias)
    let of_maker = elu(dot[craft](feat_nei_1, p_fc_list_2_weight) + p_fc_list_2_bias)
    let people = stack[path](context[player](incidence_0, of_player), context[maker](incidence_1, of_maker))
    let h = elu(f(stack[mask](feat_target, feat_target_masked)))
    let graphs = stack[mask](stack[path](adj_0, adj_1), stack[path](adj_masked_0, adj_masked_1))
    let coarse = unit(tanh(g(gcn(h[mask = 0], mean[path](graphs[mask = 0])))))
    let fine = unit(tanh(g(film)))
    on case:
        report z[item, dim] = film

variant forward "*code_meow/module/meow.py, MEOW; encoder.py; contrast.py" from network:
    data case: feat_target[
        item, feature
    ], feat_target_masked[
        item, feature
    ], feat_nei_0[player, job], incidence_0[
        item, player
    ], adj_0[item, node], adj_masked_0[item, node], feat_nei_1[
        maker, craft
    ], incidence_1[item, maker], adj_1[item, node], adj_masked_1[item, node], p_fc_list_0_weight[
        dim, feature
    ], p_fc_list_0_bias[dim], p_fc_list_1_weight[dim, job], p_fc_list_1_bias[dim], p_fc_list_2_weight[
        dim, craft
    ], p_fc_list_2_bias[dim], p_agg_0_weight[
        deep, dim
    ], p_agg_1_weight[
        deep, dim
    ], p_Encoder_gc1_weight[
        dim, deep
    ], p_Encoder_gc1_act_weight[lone], p_Encoder_gc2_weight[dim, deep], p_Encoder_gc2_act_weight[lone], p_att_att[
        lone, wide
    ], p_att_fc_weight[
        wide, dim
    ], p_att_fc_bias[wide], p_project_weight[deep, dim], p_project_bias[deep], cluster_0[item] -> group, prototype_0[
        group, dim
    ], density_0[group], cluster_1[item] -> circle, prototype_1[
        circle, dim
    ], density_1[circle]
    param tau = case_tau, lam = case_lam_proto
    let group_of = cluster_0, circle_of = cluster_1
    let proto1 = prototype_0, proto2 = prototype_1
    let heat1 = density_0, heat2 = density_1
    def repelled(R) = decoupled(R)
    on case:
        report z_coarse[item, dim] = coarse
        report z_fine[item, dim] = fine
        report loss = info + lam * protos

# ---- weights that are learned

variant soft "*code_adameow/module/adameow.py, weight_InfoNce" from learned:
    data case: z_fine[item, dim], z_coarse[item, dim], w1[hidden, dim], b1[hidden], w2[one, hidden], b2[one]
    param tau = case_tau
    let fine = z_fine, coarse = z_coarse
    def pair(x) = dot[hidden](tanh(dot(x, w1) + b1), w2) + b2
    on case:
        report weight[item, node] = trust
        report loss = mean(soft)

variant soft_forward "*code_adameow/module/adameow.py, AdaMEOW" from network:
    data case: feat_target[
        item, feature
    ], feat_target_masked[
        item, feature
    ], feat_nei_0[player, job], incidence_0[
        item, player
    ], adj_0[item, node], adj_masked_0[item, node], feat_nei_1[
        maker, craft
    ], incidence_1[item, maker], adj_1[item, node], adj_masked_1[item, node], p_fc_list_0_weight[
        dim, feature
    ], p_fc_list_0_bias[dim], p_fc_list_1_weight[dim, job], p_fc_list_1_bias[dim], p_fc_list_2_weight[
        dim, craft
    ], p_fc_list_2_bias[dim], p_agg_0_weight[
        deep, dim
    ], p_agg_1_weight[
        deep, dim
    ], p_Encoder_gc1_weight[
        dim, deep
    ], p_Encoder_gc1_act_weight[lone], p_Encoder_gc2_weight[dim, deep], p_Encoder_gc2_act_weight[lone], p_att_att[
        lone, wide
    ], p_att_fc_weight[
        wide, dim
    ], p_att_fc_bias[wide], p_project_weight[deep, dim], p_project_bias[deep], p_MLP_0_weight[
        hidden, dim
    ], p_MLP_0_bias[hidden], p_MLP_2_weight[one, hidden], p_MLP_2_bias[one]
    def pair(x) = dot[hidden](tanh(dot(x, p_MLP_0_weight) + p_MLP_0_bias), p_MLP_2_weight) + p_MLP_2_bias
    let trust = sigmoid(pair(fine + coarse[item -> node])[one = 0])
    let soft = logsumexp[node](dot(fine, coarse[item -> node]) / tau + log(trust)) - dot(fine, coarse) / tau
    param tau = case_tau
    on case:
        report loss = mean(soft)
