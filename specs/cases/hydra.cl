spec hydra_cases "Published cases of positive pairs in subspaces" from "../hydra.cl"

# Queries and keys are given; the layers of the gate are written out, with the batch's own statistics.
variant layers:
    param tau = case_temperature
    let eps = 1e-5
    def standard(x) = (x - mean[item](x)) / sqrt(var[item](x) + eps)
    def filter(e):
        let low = standard(relu(e)) * bn1_weight + bn1_bias
        let high = standard(relu(dot[feature](lin1_weight, low) + lin1_bias)) * bn2_weight + bn2_bias
        sigmoid(dot[hidden](lin2_weight, high) + lin2_bias)
    let E = label_embedding
    let pair = pair_label

variant loss "*: moco/builder.py, MoCo.disparate_loss*" from layers:
    data case: q[item, dim], k[key_item, dim], label[item] -> class, pair_label[item] -> class, label_embedding[
        class, feature
    ], bn1_weight[feature], bn1_bias[feature], lin1_weight[
        hidden, feature
    ], lin1_bias[hidden], bn2_weight[hidden], bn2_bias[hidden], lin2_weight[dim, hidden], lin2_bias[dim]
    let eps = case_bn_eps
    let query = q, key = stop(k[key_item -> item])
    contrast disparate:
        anchor   a in query
        positive c in key if c.label == a.pair
        negative c in key if c.label != a.pair and c.label != a.label
    let other = label[item -> key_item]
    on case:
        report gate[item, dim] = gate
        report logits[item, key_item] = cos(gate * q, gate * k) / tau
        report positive_mask[item, key_item] = other == pair
        report negative_mask[item, key_item] = other != pair and other != label
        report loss = each_pair(disparate)

# The later form: gates are given, keys have gradients.
variant later "*: model/simlap.py, SimLAP.disparate_loss*" from simlap:
    data case: q[item, dim], k[key_item, dim], gate[item, dim], label[item] -> class, pair_label[item] -> class
    param tau = 1 / case_scale
    let pair = pair_label
    let query = unit(q), key = unit(k[key_item -> item])
    contrast disparate:
        anchor   a in query
        positive c in key if c.label == a.pair
        negative c in key if c.label != a.pair and c.label != a.label
    def each_anchor(R)[a in R] = (
        sum[p in a.positive](logaddexp(R(a, p), logsumexp[n in a.negative](R(a, n))) - R(a, p))
        / (count[p in a.positive](p) + case_count_eps)
    )
    on case:
        report logits[item, key_item] = dot(gate * query, gate * unit(k)) / tau
        report loss = mean(each_anchor(disparate))

# A whole step: one linear map is the encoder, another the predictor.
variant step "*: moco/builder.py, MoCo.forward" from layers:
    data case: x1[item, place], x2[item, place], label[item] -> class, pair_label[item] -> class
    data start: encoder_init[dim, place], predictor_init[dim, inner], label_embedding_init[
        class, feature
    ], bn1_weight_init[feature], bn1_bias_init[feature], lin1_weight_init[
        hidden, feature
    ], lin1_bias_init[hidden], bn2_weight_init[hidden], bn2_bias_init[hidden], lin2_weight_init[
        dim, hidden
    ], lin2_bias_init[dim]
    param beta = case_beta
    learn encoder[dim, place] = encoder_init
    learn predictor[dim, inner] = predictor_init
    learn label_embedding[class, feature] = label_embedding_init
    learn bn1_weight[feature] = bn1_weight_init, bn1_bias[feature] = bn1_bias_init
    learn lin1_weight[hidden, feature] = lin1_weight_init, lin1_bias[hidden] = lin1_bias_init
    learn bn2_weight[hidden] = bn2_weight_init, bn2_bias[hidden] = bn2_bias_init
    learn lin2_weight[dim, hidden] = lin2_weight_init, lin2_bias[dim] = lin2_bias_init
    state slow[dim, place] = encoder_init
    let x = stack[v](x1, x2)
    let q = dot[inner](predictor, dot[place](encoder, x)[dim -> inner])
    let k = stop(dot[place](slow, x))
    let views = mean(infonce(instance)), classes = each_pair(disparate)
    train on case:
        slow <- case_ema_momentum * slow + (1 - case_ema_momentum) * encoder
        minimize (views + beta * classes) / (1 + beta) by sgd(lr = case_sgd_lr)
        report instance_loss = views
        report disparate_loss = classes
        report key_encoder[dim, place] = slow
        report encoder_final[dim, place] = encoder
        report predictor_final[dim, inner] = predictor
