spec obow_cases "Published cases of online bags of visual words" from "../obow.cl"

# A step's weights are the rows of its stream.
variant teacher "*OBoW._update_teacher/_get_momentum_alpha":
    data case: student_at_step[item]
    data start: teacher_init[weight]
    param keep = case_alpha_base
    state teacher[weight] = teacher_init
    let alpha = rising(keep, step + case_first_iteration, case_num_iterations)
    train on case:
        teacher <- alpha * teacher + (1 - alpha) * student_at_step[item -> weight]
        report alpha = alpha
        report teacher_after[weight] = teacher

# Hard codes.
variant nearest "*BoWExtractor.forward/_update_dictionary* where update_type = local_average and inv_delta = absent" from vocabulary:
    param sharp = 1
    let mark = onehot[word](argmin[word](away))

# One level. The ring starts at slot 0: words are turned by the case's pointer, and turned back where they are reported.
variant vocabulary "*BoWExtractor.forward/_update_dictionary* where update_type = local_average":
    data case: feature_map[item, dim, q, r], sampled_location[item]
    data start: dictionary_init[word, dim]
    param sharp = case_inv_delta, calm = case_ema_decay
    learn nothing = 0
    state U[word, dim] = dictionary_init[word = (word + case_pointer_init) % size(word)]
    state close = case_min_distance_mean_init, pointer = case_pointer_init
    let high = stop(feature_map[q = 1 : size(q) - 1, r = 1 : size(r) - 1][q -> k, r -> l])
    let away = dist2(high, U)  # the words of a case are at least 0
    let down = floor(sampled_location / (size(l) - 2)), across = sampled_location % (size(l) - 2)
    def bag[m, n](code):
        let found = max[m, n](code) if case_bow_pool == "max" else mean[m, n](code)
        found / max(sum[word](found), 1e-12)
    let rows = some[k, l](high, (down + 0.5) / (size(k) - 2), (across + 0.5) / (size(l) - 2))
    train on case:
        close <- calm * close + (1 - calm) * mean[item, k, l](min[word](away))
        minimize nothing + sum(other) by sgd(lr = 0)
        report bow[item, word] = other[word = (word - case_pointer_init) % size(word)]
        report codes[item, word, k, l] = mark[word = (word - case_pointer_init) % size(word)]
        report min_distance_mean = close
        U <- push[word](U, rows)
        pointer <- (pointer + size(item)) % size(word)
        report dictionary_after[word, dim] = U[word = (word - case_pointer_init) % size(word)]
        report pointer_after = pointer

variant cells "*BoWExtractor.forward/_update_dictionary* where update_type = no_averaging" from vocabulary:
    let rows = high[k = floor(sampled_location / size(l)), l = sampled_location % size(l)]

variant images "*BoWExtractor.forward/_update_dictionary* where update_type = global_average" from vocabulary:
    let rows = mean[k, l](high)

variant head "*BoWPredictor.forward, OBoW._bow_loss, expand_target where n_levels = 1" from as_published:
    data case: dictionary_0[word, wide], target_0[item, word], fc_weight_0[
        hidden, wide
    ], bn_weight_0[hidden], bn_bias_0[hidden], last_weight_0[dim, hidden], last_bias_0[dim], student_feature_0[
        item, crop, dim
    ]
    param kappa = case_kappa
    def generated[word, wide, hidden](words, first, gain, shift, last, bias):
        let h = dot[wide](unit[wide](stop(words)), first)
        let even = (h - mean[word](h)) / sqrt(var[word](h) + case_bn_eps)
        unit(dot[hidden](relu(even * gain + shift), last) + bias)
    let score = kappa * dot(
        student_feature_0,
        generated[word, wide, hidden](dictionary_0, fc_weight_0, bn_weight_0, bn_bias_0, last_weight_0, last_bias_0)
    )
    let loss = mean(kl[word](target_0, score))
    on case:
        report loss = loss
        report loss_per_crop_type[crop_type] = stack[crop_type](loss)
        report logits_0_level0[item, crop, word] = score

# Two levels, two kinds of crops.
variant heads "*BoWPredictor.forward, OBoW._bow_loss, expand_target where n_levels = 2" from head:
    data case: dictionary_0[word, wide], target_0[item, word], fc_weight_0[
        hidden, wide
    ], bn_weight_0[hidden], bn_bias_0[hidden], last_weight_0[dim, hidden], last_bias_0[dim], student_feature_0[
        item, crop, dim
    ], dictionary_1[term, broad], target_1[item, term], fc_weight_1[
        inside, broad
    ], bn_weight_1[inside], bn_bias_1[inside], last_weight_1[dim, inside], last_bias_1[dim], student_feature_1[
        item, patch, dim
    ]
    let first = generated[word, wide, hidden](
        dictionary_0, fc_weight_0, bn_weight_0, bn_bias_0, last_weight_0, last_bias_0
    )
    let last = generated[term, broad, inside](
        dictionary_1, fc_weight_1, bn_weight_1, bn_bias_1, last_weight_1, last_bias_1
    )
    let score = case_kappa * dot(student_feature_0, first), second = case_kappa * dot(student_feature_0, last)
    let fine = case_kappa * dot(student_feature_1, first), finer = case_kappa * dot(student_feature_1, last)
    let large = (mean(kl[word](target_0, score)) + mean(kl[term](target_1, second))) / 2
    let small = (mean(kl[word](target_0, fine)) + mean(kl[term](target_1, finer))) / 2
    let loss = large + small
    on case:
        report loss_per_crop_type[crop_type] = stack[crop_type](large, small)
        report logits_0_level1[item, crop, term] = second
        report logits_1_level0[item, patch, word] = fine
        report logits_1_level1[item, patch, term] = finer
